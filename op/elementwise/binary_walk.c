// Operands whose dtype is the compute type's C type are passed to the kernel directly;
// others are converted block by block.
#include "op/elementwise/binary_walk.h"

#include <stdatomic.h>
#include <string.h>

#include "op/elementwise/element_groups.h"
#include "op/pieces.h"

/// What a run costs, beside elements of OLSTM__PIECE_ELEMENTS.
enum { kElementsPerRun = 160 };

/// The longest run that is joined with others.
enum { kShortRun = 64 };

/// One operand of one run: where it is read, and what converts it.
typedef struct operand {
  const char* data;
  int64_t step;
  size_t element_bytes;
  olstm_dtype dtype;
  bool native;
  /// The block has its only value.
  bool is_settled;
  olstm__compute_block block;
  char slack[OLSTM__REPEAT_SLACK];
} operand;

void olstm__binary_walk_init(olstm__binary_walk* walk, olstm__binary_code code,
                             olstm__compute_type compute_type, const olstm_tensor_desc* a,
                             const olstm_tensor_desc* b, const olstm_tensor_desc* y) {
  const olstm_tensor_desc* const inputs[] = {a, b};
  olstm__broadcast_init(&walk->plan, y, inputs, 2);
  walk->kernel = olstm__binary_kernel_find(code, compute_type);
  walk->compute_type = compute_type;
  walk->a_dtype = a->dtype;
  walk->b_dtype = b->dtype;
  walk->y_dtype = y->dtype;
  walk->gives_bool = olstm__binary_gives_bool(code);
  if (a->dtype == b->dtype) {
    const olstm__binary_kernel kernel = olstm__binary_kernel_of_bytes(code, a->dtype);
    walk->takes_bytes = kernel != NULL;
    if (kernel) walk->kernel = kernel;
  }
  walk->is_power = code == OLSTM__BINARY_POW;
}

static void init_operand(operand* self, const olstm__binary_walk* walk, int32_t index,
                         olstm_dtype dtype) {
  self->is_settled = false;
  self->step = olstm__broadcast_step(&walk->plan, index);
  self->dtype = dtype;
  self->element_bytes = olstm_dtype_size(dtype);
  self->native =
      walk->takes_bytes || olstm__compute_type_is_native(walk->compute_type, dtype);
}

/// One number for all of the only run is converted once.
static void settle(operand* self, const olstm__binary_walk* walk, const void* data) {
  if (self->native || self->step || walk->plan.run_count != 1) return;
  olstm__compute_load(walk->compute_type, self->dtype, 1, data, &self->block);
  self->is_settled = true;
}

/// Elements begin..begin+count of a run, as the kernel wants them.
static const void* load_operand(operand* self, olstm__compute_type compute_type,
                                int64_t begin, int64_t count) {
  const char* from = self->data + (size_t)(begin * self->step) * self->element_bytes;
  if (self->is_settled) return &self->block;
  if (self->native) return from;
  olstm__compute_load(compute_type, self->dtype, self->step ? count : 1, from,
                      &self->block);
  return &self->block;
}

static bool run_blocks(const olstm__binary_walk* walk, int64_t length, operand* a,
                       operand* b, char* y) {
  const size_t y_bytes = olstm_dtype_size(walk->y_dtype);
  const bool y_native = walk->gives_bool || walk->takes_bytes ||
                        olstm__compute_type_is_native(walk->compute_type, walk->y_dtype);
  bool divided = true;
  olstm__compute_block result;
  for (int64_t begin = 0; begin < length; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(length - begin);
    const void* a_values = load_operand(a, walk->compute_type, begin, count);
    const void* b_values = load_operand(b, walk->compute_type, begin, count);
    char* to = y + (size_t)begin * y_bytes;
    divided &= walk->kernel(count, a_values, a->step, b_values, b->step,
                            y_native ? (void*)to : &result);
    if (!y_native)
      olstm__compute_store(walk->compute_type, walk->y_dtype, count, &result, to);
  }
  return divided;
}

/// One run of a walk, of which pieces are done at a time.
typedef struct walk_run {
  const olstm__binary_walk* walk;
  const void* a;
  const void* b;
  char* y;
  atomic_bool has_zero;
} walk_run;

/// Whether an operand's elements lie as the output's do.
static bool lies_as_output(const olstm__broadcast* plan, int32_t index) {
  int64_t stride = 1;
  for (int32_t d = plan->rank - 1; d >= 0; d--) {
    if (plan->strides[index][d] != stride) return false;
    stride *= plan->dims[d];
  }
  return true;
}

/// Brings an operand of a short run, from its element `offset` on, to element `begin` of
/// its block, as the kernel wants it.
static void lay_run(operand* self, olstm__compute_type compute_type, int64_t offset,
                    int64_t begin, int64_t length) {
  const char* from = self->data + (size_t)offset * self->element_bytes;
  const size_t bytes =
      self->native ? self->element_bytes : olstm__compute_type_size(compute_type);
  char* to = (char*)&self->block + (size_t)begin * bytes;
  if (!self->native) {
    olstm__compute_load(compute_type, self->dtype, self->step ? length : 1, from, to);
    from = to;
  } else if (self->step) {
    memcpy(to, from, (size_t)length * bytes);
  }
  if (!self->step) olstm__repeat_element(bytes, from, length, to);
}

/// Where runs are short, the kernel takes several at a time: operands that are broadcast
/// are brought into the output's order before.
static bool run_short(const walk_run* run, olstm__broadcast_cursor* cursor,
                      operand* operands[2]) {
  const olstm__binary_walk* walk = run->walk;
  const size_t y_bytes = olstm_dtype_size(walk->y_dtype);
  const bool y_native = walk->gives_bool || walk->takes_bytes ||
                        olstm__compute_type_is_native(walk->compute_type, walk->y_dtype);
  const bool whole[] = {lies_as_output(&walk->plan, 0), lies_as_output(&walk->plan, 1)};
  bool divided = true;
  olstm__compute_block result;
  while (cursor->length > 0) {
    const int64_t output = cursor->output;
    const void* values[2];
    int64_t count = 0;
    do {
      for (int i = 0; i < 2; i++) {
        if (whole[i]) continue;
        lay_run(operands[i], walk->compute_type, cursor->offsets[i], count,
                cursor->length);
      }
      count += cursor->length;
      olstm__broadcast_next(&walk->plan, cursor);
    } while (cursor->length > 0 && count + cursor->length <= OLSTM__COMPUTE_BLOCK);
    for (int i = 0; i < 2; i++) {
      values[i] = &operands[i]->block;
      if (!whole[i]) continue;
      if (operands[i]->native) {
        values[i] = operands[i]->data + (size_t)output * operands[i]->element_bytes;
      } else {
        lay_run(operands[i], walk->compute_type, output, 0, count);
      }
    }
    char* to = run->y + (size_t)output * y_bytes;
    divided &=
        walk->kernel(count, values[0], 1, values[1], 1, y_native ? (void*)to : &result);
    if (!y_native) {
      olstm__compute_store(walk->compute_type, walk->y_dtype, count, &result, to);
    }
  }
  return divided;
}

static bool run_long(const walk_run* run, olstm__broadcast_cursor* cursor,
                     operand* operands[2]) {
  const olstm__binary_walk* walk = run->walk;
  const size_t y_bytes = olstm_dtype_size(walk->y_dtype);
  operand* a = operands[0];
  operand* b = operands[1];
  settle(a, walk, a->data);
  settle(b, walk, b->data);
  const bool direct = (a->native || a->is_settled) && (b->native || b->is_settled) &&
                      (walk->gives_bool || walk->takes_bytes ||
                       olstm__compute_type_is_native(walk->compute_type, walk->y_dtype));
  bool divided = true;
  for (; cursor->length > 0; olstm__broadcast_next(&walk->plan, cursor)) {
    char* to = run->y + (size_t)cursor->output * y_bytes;
    a->data = (const char*)run->a + (size_t)cursor->offsets[0] * a->element_bytes;
    b->data = (const char*)run->b + (size_t)cursor->offsets[1] * b->element_bytes;
    if (direct) {
      divided &= walk->kernel(
          cursor->length, a->is_settled ? &a->block : (const void*)a->data, a->step,
          b->is_settled ? &b->block : (const void*)b->data, b->step, to);
    } else {
      divided &= run_blocks(walk, cursor->length, a, b, to);
    }
  }
  return divided;
}

static void run_items(void* argument, int64_t begin, int64_t end) {
  walk_run* run = argument;
  const olstm__binary_walk* walk = run->walk;
  olstm__broadcast_cursor cursor;
  operand a, b;
  operand* operands[] = {&a, &b};
  init_operand(&a, walk, 0, walk->a_dtype);
  init_operand(&b, walk, 1, walk->b_dtype);
  a.data = run->a;
  b.data = run->b;
  olstm__broadcast_seek(&walk->plan, begin, end, &cursor);
  // Powers are computed in another way where all have one exponent.
  const bool joins_runs =
      walk->plan.run_length <= kShortRun && walk->plan.run_count > 1 && !walk->is_power;
  const bool divided =
      joins_runs ? run_short(run, &cursor, operands) : run_long(run, &cursor, operands);
  if (!divided) atomic_store_explicit(&run->has_zero, true, memory_order_relaxed);
}

bool olstm__binary_walk_run(const olstm__binary_walk* walk,
                            const olstm_parallel* parallel, const void* a, const void* b,
                            void* y) {
  walk_run run = {.walk = walk, .a = a, .b = b, .y = y};
  atomic_init(&run.has_zero, false);
  const int64_t of_sum = kElementsPerRun + walk->plan.run_length / walk->plan.run_items;
  olstm__pieces_run(parallel, walk->plan.item_count,
                    walk->item_elements > 0 ? walk->item_elements : of_sum, run_items,
                    &run);
  return !atomic_load_explicit(&run.has_zero, memory_order_relaxed);
}
