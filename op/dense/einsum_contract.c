#include "op/dense/einsum_contract.h"

#include "op/op_work.h"

/// Places of operands and results: inputs of the node count from 0.
enum { kOutput = -1, kBuffer0 = -2, kBuffer1 = -3, kBuffer2 = -4 };

/// An operand of the equation, or what became of some.
typedef struct operand {
  int32_t place;
  /// A bit for each of its letters, those of size 1 as well.
  uint32_t letters;
  int64_t strides[OLSTM__EINSUM_MAX_LETTERS];
} operand;

typedef struct contraction {
  const olstm__einsum_equation* equation;
  olstm_dtype dtype;
  olstm__einsum_contraction* made;
  operand operands[OLSTM__EINSUM_MAX_OPERANDS];
  int32_t operand_count;
  /// Elements of the largest result in each buffer, and the largest workspace of a step.
  size_t buffer_counts[3];
  size_t step_bytes;
} contraction;

/// Whether the output or an operand other than `a` and `b` has the letter.
static bool is_needed(const contraction* c, int32_t letter, int32_t a, int32_t b) {
  bool needed = letter < c->equation->output_rank;
  for (int32_t o = 0; o < c->operand_count; o++) {
    needed = needed || (o != a && o != b && c->operands[o].strides[letter] != 0);
  }
  return needed;
}

/// Adds a letter, once, to those of a step.
static void add_letter(const contraction* c, int32_t letter, const operand* const* sides,
                       olstm__einsum_letters* letters, int32_t* indices) {
  for (int32_t i = 0; i < letters->count; i++) {
    if (indices[i] == letter) return;
  }
  indices[letters->count] = letter;
  letters->dims[letters->count] = c->equation->dims[letter];
  for (int32_t s = 0; s < letters->operand_count; s++) {
    letters->strides[s][letters->count] = sides[s]->strides[letter];
  }
  letters->count++;
}

/// The operand's letters from the outermost dimension to the innermost.
static int32_t sort_letters(const contraction* c, const operand* x, int32_t* sorted) {
  int32_t count = 0;
  for (int32_t i = 0; i < c->equation->letter_count; i++) {
    if (x->strides[i] == 0) continue;
    int32_t at = count++;
    for (; at > 0 && x->strides[sorted[at - 1]] < x->strides[i]; at--) {
      sorted[at] = sorted[at - 1];
    }
    sorted[at] = i;
  }
  return count;
}

/// Adds a step for letters whose output comes first. Its result has no letter but the
/// first ones of `indices`.
static bool add_step(contraction* c, const olstm__einsum_letters* letters,
                     const int32_t* indices, const operand* const* sides, int32_t target,
                     operand* out_result) {
  olstm__einsum_contraction* made = c->made;
  olstm__einsum_step* step = &made->steps[made->step_count];
  double products = 1;
  for (int32_t i = 0; i < letters->count; i++) products *= (double)letters->dims[i];
  if (products > made->most_products) made->most_products = products;
  if (products >= 0x1p60) return false;
  olstm__einsum_step_init(step, c->dtype, letters);
  for (int32_t s = 0; s < letters->operand_count; s++) step->sources[s] = sides[s]->place;
  step->target = target;
  made->step_count++;
  made->work = olstm__op_work_sum(made->work, olstm__einsum_step_work(step));
  if (step->workspace_bytes > c->step_bytes) c->step_bytes = step->workspace_bytes;
  if (target != kOutput) {
    size_t* count = &c->buffer_counts[kBuffer0 - target];
    if ((size_t)step->output_count > *count) *count = (size_t)step->output_count;
  }
  int64_t stride = 1;
  *out_result = (operand){.place = target, .letters = out_result->letters};
  for (int32_t i = letters->output_count - 1; i >= 0; i--) {
    out_result->strides[indices[i]] = letters->dims[i] == 1 ? 0 : stride;
    stride *= letters->dims[i];
  }
  return true;
}

/// Sums the letters that operand `at` alone has, and that the output does not have.
static bool sum_own(contraction* c, int32_t at, int32_t target) {
  operand* x = &c->operands[at];
  const operand own = *x;
  const operand* const sides[] = {&own};
  olstm__einsum_letters letters = {.operand_count = 1};
  int32_t sorted[OLSTM__EINSUM_MAX_LETTERS], indices[OLSTM__EINSUM_MAX_LETTERS];
  const int32_t count = sort_letters(c, x, sorted);
  for (int32_t keeps = 1; keeps >= 0; keeps--) {
    for (int32_t i = 0; i < count; i++) {
      if (is_needed(c, sorted[i], at, at) == (keeps == 1)) {
        add_letter(c, sorted[i], sides, &letters, indices);
      }
    }
    if (keeps) letters.output_count = letters.count;
  }
  return letters.output_count == count ||
         add_step(c, &letters, indices, sides, target, x);
}

/// The letters of the output, in its order, those of the operands of the last step.
static void add_output(const contraction* c, const operand* const* sides,
                       olstm__einsum_letters* letters, int32_t* indices) {
  for (int32_t i = 0; i < c->equation->output_rank; i++) {
    add_letter(c, i, sides, letters, indices);
  }
}

/// Multiplies operands 0 and `at`; the result takes the place of operand 0.
static bool multiply(contraction* c, int32_t at) {
  const bool is_last = c->operand_count == 2;
  const operand a = c->operands[0], b = c->operands[at];
  const operand* const sides[] = {&a, &b};
  olstm__einsum_letters letters = {.operand_count = 2};
  int32_t sorted[2][OLSTM__EINSUM_MAX_LETTERS], indices[OLSTM__EINSUM_MAX_LETTERS];
  const int32_t counts[] = {sort_letters(c, &a, sorted[0]),
                            sort_letters(c, &b, sorted[1])};
  if (is_last) add_output(c, sides, &letters, indices);
  // As products give them: what both have, the first one's, the second one's; and in one
  // walk the letters of the larger operand.
  bool sums = false;
  for (int32_t i = 0; i < counts[0]; i++) sums |= !is_needed(c, sorted[0][i], 0, at);
  for (int32_t turn = 0; turn < 3 && !is_last; turn++) {
    const int32_t s = sums ? turn == 2 : (turn > 0) != (counts[1] > counts[0]);
    for (int32_t i = 0; i < counts[s]; i++) {
      const int32_t letter = sorted[s][i];
      if (!is_needed(c, letter, 0, at) || (sums && turn == 0 && b.strides[letter] == 0)) {
        continue;
      }
      add_letter(c, letter, sides, &letters, indices);
    }
  }
  letters.output_count = letters.count;
  // In the equation's order, whatever the layout.
  for (int32_t i = 0; i < c->equation->letter_count; i++) {
    if (a.strides[i] != 0) add_letter(c, i, sides, &letters, indices);
  }
  const int32_t target = is_last ? kOutput : a.place == kBuffer0 ? kBuffer1 : kBuffer0;
  c->operand_count--;
  for (int32_t o = at; o < c->operand_count; o++) c->operands[o] = c->operands[o + 1];
  uint32_t kept = ((uint32_t)1 << c->equation->output_rank) - 1;
  for (int32_t o = 1; o < c->operand_count; o++) kept |= c->operands[o].letters;
  c->operands[0].letters = (a.letters | b.letters) & kept;
  return add_step(c, &letters, indices, sides, target, &c->operands[0]);
}

/// The first operand that has letters in common with operand 0, or the next one.
static int32_t find_partner(const contraction* c) {
  for (int32_t o = 1; o < c->operand_count; o++) {
    if (c->operands[0].letters & c->operands[o].letters) return o;
  }
  return 1;
}

static bool make_steps(contraction* c) {
  const olstm__einsum_equation* e = c->equation;
  if (c->operand_count == 1) {
    const operand* const sides[] = {&c->operands[0]};
    olstm__einsum_letters letters = {.operand_count = 1};
    int32_t indices[OLSTM__EINSUM_MAX_LETTERS];
    operand result;
    add_output(c, sides, &letters, indices);
    letters.output_count = letters.count;
    for (int32_t i = 0; i < e->letter_count; i++) {
      add_letter(c, i, sides, &letters, indices);
    }
    return add_step(c, &letters, indices, sides, kOutput, &result);
  }
  if (!sum_own(c, 0, kBuffer0)) return false;
  while (c->operand_count > 1) {
    const int32_t at = find_partner(c);
    if (!sum_own(c, at, kBuffer2) || !multiply(c, at)) return false;
  }
  return true;
}

bool olstm__einsum_contract(olstm__einsum_contraction* self, olstm_dtype dtype,
                            const olstm__einsum_equation* equation) {
  contraction c = {.equation = equation,
                   .dtype = dtype,
                   .made = self,
                   .operand_count = equation->operand_count};
  *self = (olstm__einsum_contraction){.steps = self->steps};
  for (int32_t o = 0; o < c.operand_count; o++) {
    c.operands[o].place = o;
    c.operands[o].letters = equation->has[o];
    for (int32_t i = 0; i < equation->letter_count; i++) {
      c.operands[o].strides[i] = equation->strides[o][i];
    }
  }
  if (!make_steps(&c)) return false;
  for (int32_t b = 0; b < 3; b++) {
    if (!olstm__op_add_part(&self->workspace_bytes, c.buffer_counts[b],
                            olstm_dtype_size(dtype), &self->buffers[b])) {
      return false;
    }
  }
  return olstm__op_add_part(&self->workspace_bytes, c.step_bytes, 1, &self->step_offset);
}

void olstm__einsum_contraction_run(const olstm__einsum_contraction* self,
                                   const olstm_run_args* args) {
  char* workspace = args->workspace;
  char* const buffers[] = {args->outputs[0], workspace + self->buffers[0],
                           workspace + self->buffers[1], workspace + self->buffers[2]};
  for (int32_t s = 0; s < self->step_count; s++) {
    const olstm__einsum_step* step = &self->steps[s];
    const void* operands[2] = {NULL, NULL};
    for (int32_t o = 0; o < step->letters.operand_count; o++) {
      const int32_t place = step->sources[o];
      operands[o] = place >= 0 ? args->inputs[place] : buffers[kOutput - place];
    }
    olstm__einsum_step_run(step, args->parallel, operands[0], operands[1],
                           buffers[kOutput - step->target],
                           workspace + self->step_offset);
  }
}
