// Einsum. The equation is parsed once. Two operands of real numbers are multiplied as
// matrices where their letters allow it. Otherwise a run iterates over the output's
// elements, and for each over the summed letters, with one offset per input.
#include <inttypes.h>
#include <string.h>

#include "op/dense/einsum_product.h"
#include "op/elementwise/binary_walk.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/op_work.h"
#include "op/reduce/reduce_walk.h"
#include "op/shape/strided_copy.h"

/// A letter stands for a dimension; digits stand for those of an ellipsis, the last one
/// first.
enum {
  kMaxOperands = 16,
  kMaxLetters = 24,
  kMaxTerm = OLSTM_MAX_RANK,
  kEllipsis = '.',
  kFirstOfEllipsis = 1,
  // Units of work of one operand of one product.
  kUnitsPerOperand = 24
};

typedef struct einsum_op {
  olstm__op_base base;
  const char* equation;
} einsum_op;

/// A term of the equation: the letter of each dimension, the ellipsis written out.
typedef struct term {
  int32_t rank;
  char letters[kMaxTerm];
} term;

/// The letters of the equation: those of the output first, then those that are summed.
typedef struct plan {
  size_t operand_count;
  int32_t output_rank, letter_count;
  char letters[kMaxLetters];
  int64_t dims[kMaxLetters];
  int64_t strides[kMaxOperands][kMaxLetters];
} plan;

typedef struct einsum_handle {
  olstm__op_handle head;
  plan plan;
  olstm_dtype dtype;
  int64_t output_count, sum_count;
  /// One operand of which nothing is summed: its elements in another order.
  bool is_copy;
  olstm__strided_copy copy;
  /// One operand, some of whose dimensions are summed, the others in their order.
  bool is_sum;
  olstm__reduce_walk sums;
  /// Two operands, of which nothing is summed, with letters in the output's order.
  bool is_walk;
  olstm__binary_walk walk;
  bool is_product;
  olstm__einsum_product product;
} einsum_handle;

static olstm_status parse(void* instance, olstm_error* error) {
  einsum_op* op = instance;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(op->base.node, "equation", NULL, &op->equation, error));
  if (op->equation) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute 'equation' is missing");
}

// ---------------------------------------------------------------- equation

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Reads the term at *text, up to a comma, an arrow or the end; `ellipsis_rank`
/// dimensions stand for "...". False when it is none.
static bool read_term(const char** text, int32_t ellipsis_rank, term* out) {
  *out = (term){.rank = 0};
  for (; **text && **text != ',' && **text != '-'; (*text)++) {
    if (**text == ' ') continue;
    if (strncmp(*text, "...", 3) == 0) {
      for (int32_t i = ellipsis_rank; i > 0; i--) {
        if (out->rank == kMaxTerm) return false;
        out->letters[out->rank++] = (char)(kFirstOfEllipsis + i - 1);
      }
      *text += 2;
      continue;
    }
    if (!is_letter(**text) || out->rank == kMaxTerm) return false;
    out->letters[out->rank++] = **text;
  }
  return true;
}

/// How many dimensions an operand's ellipsis stands for; -1 when it has too few.
static int32_t ellipsis_rank_of(const char* text, int32_t rank) {
  bool has_ellipsis = false;
  for (; *text && *text != ',' && *text != '-'; text++) {
    if (is_letter(*text)) rank--;
    has_ellipsis = has_ellipsis || *text == kEllipsis;
  }
  return rank < 0 || (rank > 0 && !has_ellipsis) ? -1 : rank;
}

static int32_t find_letter(const plan* p, char letter) {
  for (int32_t i = 0; i < p->letter_count; i++) {
    if (p->letters[i] == letter) return i;
  }
  return -1;
}

static bool add_letter(plan* p, char letter) {
  if (find_letter(p, letter) >= 0) return true;
  if (p->letter_count == kMaxLetters) return false;
  p->letters[p->letter_count] = letter;
  p->dims[p->letter_count++] = 1;
  return true;
}

/// The output of an equation without an arrow: the ellipsis, then the letters that occur
/// once, in alphabetical order.
static void make_output(const term* terms, size_t count, int32_t ellipsis_rank,
                        term* out) {
  *out = (term){.rank = 0};
  for (int32_t i = ellipsis_rank; i > 0; i--) {
    out->letters[out->rank++] = (char)(kFirstOfEllipsis + i - 1);
  }
  for (int letter = 'A'; letter <= 'z'; letter++) {
    int32_t uses = 0;
    for (size_t o = 0; o < count; o++) {
      for (int32_t d = 0; d < terms[o].rank; d++) uses += terms[o].letters[d] == letter;
    }
    if (uses == 1 && is_letter((char)letter) && out->rank < kMaxTerm) {
      out->letters[out->rank++] = (char)letter;
    }
  }
}

static olstm_status fail_equation(const einsum_op* op, olstm_error* error) {
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "equation '%s' does not fit %zu inputs", op->equation,
                        op->base.node->input_count);
}

/// The terms of the operands and of the output.
static olstm_status read_equation(const einsum_op* op, const olstm_tensor* const* inputs,
                                  size_t count, term* terms, term* out_output,
                                  olstm_error* error) {
  int32_t ellipsis_rank = 0;
  const char* text = op->equation;
  for (size_t o = 0; o < count; o++) {
    const int32_t rank = ellipsis_rank_of(text, inputs[o]->desc.rank);
    if (rank < 0) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, which does not fit equation '%s'",
                            op->base.node->input_names[o],
                            olstm_shape_text(&inputs[o]->desc).text, op->equation);
    }
    if (rank > ellipsis_rank) ellipsis_rank = rank;
    if (!read_term(&text, rank, &terms[o])) return fail_equation(op, error);
    if (*text == ',') text++;
  }
  if (*text == '\0') {
    make_output(terms, count, ellipsis_rank, out_output);
    return OLSTM_STATUS_OK;
  }
  if (text[0] != '-' || text[1] != '>') return fail_equation(op, error);
  text += 2;
  return read_term(&text, ellipsis_rank, out_output) && *text == '\0'
             ? OLSTM_STATUS_OK
             : fail_equation(op, error);
}

/// Adds an operand's strides to those of its letters: a letter that it has twice is its
/// diagonal, and a dimension of 1 is broadcast.
static olstm_status add_operand(const einsum_op* op, const olstm_tensor_desc* desc,
                                const term* t, size_t operand, plan* p,
                                olstm_error* error) {
  int64_t stride = 1;
  for (int32_t d = t->rank - 1; d >= 0; d--) {
    const int32_t letter = find_letter(p, t->letters[d]);
    if (p->dims[letter] == 1) p->dims[letter] = desc->dims[d];
    if (desc->dims[d] != 1 && desc->dims[d] != p->dims[letter]) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, expected %" PRId64
                            " at dimension %d of equation '%s'",
                            op->base.node->input_names[operand],
                            olstm_shape_text(desc).text, p->dims[letter], (int)d,
                            op->equation);
    }
    if (desc->dims[d] != 1) p->strides[operand][letter] += stride;
    stride *= desc->dims[d];
  }
  return OLSTM_STATUS_OK;
}

static olstm_status make_plan(const einsum_op* op, const olstm_tensor* const* inputs,
                              size_t count, plan* p, olstm_error* error) {
  term terms[kMaxOperands], output = {.rank = 0};
  *p = (plan){.operand_count = count};
  OLSTM_RETURN_IF_ERROR(read_equation(op, inputs, count, terms, &output, error));
  for (int32_t d = 0; d < output.rank; d++) {
    if (find_letter(p, output.letters[d]) >= 0) return fail_equation(op, error);
    if (!add_letter(p, output.letters[d])) return fail_equation(op, error);
  }
  p->output_rank = output.rank;
  int32_t used = 0;
  for (size_t o = 0; o < count; o++) {
    for (int32_t d = 0; d < terms[o].rank; d++) {
      if (!add_letter(p, terms[o].letters[d])) return fail_equation(op, error);
    }
  }
  for (size_t o = 0; o < count; o++) {
    OLSTM_RETURN_IF_ERROR(add_operand(op, &inputs[o]->desc, &terms[o], o, p, error));
  }
  // What the output has, some operand must have.
  for (int32_t i = 0; i < output.rank; i++) {
    for (size_t o = 0; o < count; o++) {
      if (memchr(terms[o].letters, output.letters[i], (size_t)terms[o].rank)) {
        used++;
        break;
      }
    }
  }
  return used == output.rank ? OLSTM_STATUS_OK : fail_equation(op, error);
}

/// A letter of size 0 makes the product 0, even where the others would overflow.
static int64_t count_over(const plan* p, int32_t first, int32_t last) {
  int64_t count = 1;
  for (int32_t i = first; i < last; i++) {
    if (p->dims[i] == 0) return 0;
  }
  for (int32_t i = first; i < last; i++) count *= p->dims[i];
  return count;
}

/// A few small inputs can require an unbounded number of products.
static olstm_status check_products(const einsum_op* op, const plan* p,
                                   olstm_error* error) {
  double products = 1;
  for (int32_t i = 0; i < p->letter_count; i++) products *= (double)p->dims[i];
  if (products < 0x1p60) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                        "equation '%s' takes %.3g products with these shapes, which are "
                        "too many",
                        op->equation, products);
}

// ---------------------------------------------------------------- infer and prepare

static olstm_status einsum_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const einsum_op* op = instance;
  plan p;
  for (size_t i = 0; i < args->input_count; i++) {
    OLSTM_RETURN_IF_ERROR(
        olstm__op_check_dtype(&op->base, args, i, op->base.self->dtypes, error));
    OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&op->base, args, i, 0, error));
  }
  OLSTM_RETURN_IF_ERROR(make_plan(op, args->inputs, args->input_count, &p, error));
  out_outputs[0] =
      (olstm_tensor_desc){.dtype = args->inputs[0]->desc.dtype, .rank = p.output_rank};
  for (int32_t d = 0; d < p.output_rank; d++) out_outputs[0].dims[d] = p.dims[d];
  return olstm__op_check_output(&op->base, &out_outputs[0], error);
}

static void plan_product(einsum_handle* handle) {
  const plan* p = &handle->plan;
  const olstm__einsum_letters letters = {
      p->output_rank, p->letter_count, p->dims, {p->strides[0], p->strides[1]}};
  const bool is_real =
      handle->dtype == OLSTM_DTYPE_FLOAT || handle->dtype == OLSTM_DTYPE_DOUBLE;
  handle->is_product =
      is_real && p->operand_count == 2 && handle->output_count > 0 &&
      handle->sum_count > 0 &&
      olstm__einsum_product_init(&handle->product, handle->dtype, &letters);
}

static void plan_walk(einsum_handle* handle) {
  const plan* p = &handle->plan;
  olstm_tensor_desc descs[3];
  bool fits = p->operand_count == 2 && handle->output_count > 0 &&
              p->letter_count == p->output_rank;
  for (size_t o = 0; o < 3 && fits; o++) {
    olstm_tensor_desc* desc = &descs[o];
    int64_t stride = 1;
    *desc = (olstm_tensor_desc){.dtype = handle->dtype, .rank = p->output_rank};
    for (int32_t d = p->output_rank - 1; d >= 0 && fits; d--) {
      const bool has = o == 2 || p->strides[o][d] != 0;
      desc->dims[d] = has ? p->dims[d] : 1;
      fits = o == 2 || !has || p->strides[o][d] == stride;
      stride *= desc->dims[d];
    }
  }
  handle->is_walk = fits;
  if (!fits) return;
  olstm__binary_walk_init(&handle->walk, OLSTM__BINARY_MUL,
                          olstm__compute_type_of(handle->dtype), &descs[0], &descs[1],
                          &descs[2]);
}

static void plan_copy(einsum_handle* handle) {
  const plan* p = &handle->plan;
  olstm__strided_view source = {.offset = 0}, target;
  handle->is_copy =
      p->operand_count == 1 && handle->output_count > 0 && handle->sum_count == 1;
  if (!handle->is_copy) return;
  for (int32_t d = 0; d < p->output_rank; d++) source.strides[d] = p->strides[0][d];
  olstm__strided_view_init_dense(&target, p->output_rank, p->dims);
  olstm__strided_copy_init(&handle->copy, olstm_dtype_size(handle->dtype), p->output_rank,
                           p->dims, &source, &target);
}

static void plan_sum(einsum_handle* handle, const olstm_tensor_desc* x) {
  const plan* p = &handle->plan;
  int64_t stride = olstm_tensor_desc_count(x);
  int32_t kept = 0;
  uint32_t axes = 0;
  bool fits = p->operand_count == 1 && p->letter_count == x->rank &&
              p->output_rank < p->letter_count && handle->output_count > 0;
  for (int32_t d = 0; d < x->rank && fits; d++) {
    // By their strides. Dimensions of 1, which have none, make no difference.
    while (kept < p->output_rank && p->dims[kept] == 1) kept++;
    if (x->dims[d] == 1) continue;
    stride /= x->dims[d];
    const bool is_kept = kept < p->output_rank && p->strides[0][kept] == stride;
    kept += is_kept;
    axes |= is_kept ? 0 : 1u << d;
  }
  while (kept < p->output_rank && p->dims[kept] == 1) kept++;
  handle->is_sum = fits && kept == p->output_rank;
  if (handle->is_sum) olstm__reduce_walk_init(&handle->sums, OLSTM__REDUCE_SUM, x, axes);
}

static olstm_status einsum_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const einsum_op* op = instance;
  einsum_handle made = {.dtype = args->inputs[0]->desc.dtype};
  plan* p = &made.plan;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(make_plan(op, args->inputs, args->input_count, p, error));
  OLSTM_RETURN_IF_ERROR(check_products(op, p, error));
  made.output_count = count_over(p, 0, p->output_rank);
  // Without an output, letters that are summed were not counted against the limit.
  if (made.output_count > 0) {
    made.sum_count = count_over(p, p->output_rank, p->letter_count);
  }
  plan_walk(&made);
  if (!made.is_walk) plan_product(&made);
  plan_copy(&made);
  plan_sum(&made, &args->inputs[0]->desc);
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(einsum_handle), &memory, error));
  einsum_handle* handle = memory;
  made.head = handle->head;
  *handle = made;
  out_prepared->handle = handle;
  if (made.is_product) out_prepared->workspace_bytes = made.product.workspace_bytes;
  if (made.is_sum) {
    out_prepared->workspace_bytes = olstm__reduce_walk_workspace(&made.sums);
  }
  if (made.is_product) {
    // Operands and result may be copied.
    out_prepared->work = olstm__op_work_sum(
        olstm__product_units(&made.product.product, made.product.batch_count, true),
        olstm__op_element_work("", args, 0, 0));
  } else if (made.is_sum) {
    enum { kUnitsPerSummand = 4 };
    out_prepared->work = olstm__op_work_sum(
        olstm__op_work(made.output_count, made.sum_count, kUnitsPerSummand, 1),
        olstm__op_element_work("", args, 0, 0));
  } else if (made.is_walk) {
    out_prepared->work =
        olstm__op_element_work("Mul", args, made.walk.plan.run_count, kUnitsPerOperand);
  } else if (made.is_copy) {
    out_prepared->work = olstm__op_work_sum(olstm__strided_copy_work(&made.copy),
                                            olstm__op_element_work("", args, 0, 0));
  } else {
    const int64_t operands = (int64_t)p->operand_count + 1;
    out_prepared->work =
        olstm__op_work(made.output_count, made.sum_count, kUnitsPerOperand, operands);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- run

/// Advances the letters first..last-1 like an odometer, and the offsets with them.
static void step_letters(const plan* p, int32_t first, int32_t last, int64_t* index,
                         int64_t* offsets) {
  for (int32_t i = last - 1; i >= first; i--) {
    const bool carries = ++index[i] == p->dims[i];
    const int64_t steps = carries ? 1 - p->dims[i] : 1;
    for (size_t o = 0; o < p->operand_count; o++) {
      offsets[o] += steps * p->strides[o][i];
    }
    if (!carries) return;
    index[i] = 0;
  }
}

#define EINSUM(type, name)                                                     \
  static void einsum_##name(const einsum_handle* h, const void* const* inputs, \
                            void* output) {                                    \
    const plan* p = &h->plan;                                                  \
    int64_t index[kMaxLetters] = {0}, offsets[kMaxOperands] = {0};             \
    type* y = output;                                                          \
    for (int64_t n = 0; n < h->output_count; n++) {                            \
      type sum = 0;                                                            \
      for (int64_t k = 0; k < h->sum_count; k++) {                             \
        type product = ((const type*)inputs[0])[offsets[0]];                   \
        for (size_t o = 1; o < p->operand_count; o++) {                        \
          product = (type)(product * ((const type*)inputs[o])[offsets[o]]);    \
        }                                                                      \
        sum = (type)(sum + product);                                           \
        step_letters(p, p->output_rank, p->letter_count, index, offsets);      \
      }                                                                        \
      y[n] = sum;                                                              \
      step_letters(p, 0, p->output_rank, index, offsets);                      \
    }                                                                          \
  }
EINSUM(float, f32)
EINSUM(double, f64)
EINSUM(uint32_t, u32)
EINSUM(uint64_t, u64)

/// Products, which a sum of them begins by adding to 0: there is no -0.
static void run_walk(const einsum_handle* handle, const olstm_run_args* args) {
  const olstm__compute_type type = olstm__compute_type_of(handle->dtype);
  const double zero = 0;
  (void)olstm__binary_walk_run(&handle->walk, args->inputs[0], args->inputs[1],
                               args->outputs[0]);
  if (handle->dtype != OLSTM_DTYPE_FLOAT && handle->dtype != OLSTM_DTYPE_DOUBLE) return;
  (void)olstm__binary_kernel_find(OLSTM__BINARY_ADD, type)(
      handle->output_count, args->outputs[0], 1, &zero, 0, args->outputs[0]);
}

static olstm_status einsum_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const einsum_handle* prepared = handle;
  (void)instance;
  (void)error;
  if (prepared->is_walk) {
    run_walk(prepared, args);
    return OLSTM_STATUS_OK;
  }
  if (prepared->is_product) {
    olstm__einsum_product_run(&prepared->product, args);
    return OLSTM_STATUS_OK;
  }
  if (prepared->is_sum) {
    olstm__reduce_walk_run(&prepared->sums, args->parallel, args->inputs[0],
                           args->outputs[0], args->workspace);
    return OLSTM_STATUS_OK;
  }
  if (prepared->is_copy) {
    olstm__strided_copy_run(&prepared->copy, args->inputs[0], args->outputs[0]);
    return OLSTM_STATUS_OK;
  }
  switch (prepared->dtype) {
    case OLSTM_DTYPE_FLOAT:
      einsum_f32(prepared, args->inputs, args->outputs[0]);
      break;
    case OLSTM_DTYPE_DOUBLE:
      einsum_f64(prepared, args->inputs, args->outputs[0]);
      break;
    // Signed integers wrap: computed as unsigned.
    case OLSTM_DTYPE_INT32:
    case OLSTM_DTYPE_UINT32:
      einsum_u32(prepared, args->inputs, args->outputs[0]);
      break;
    default:
      einsum_u64(prepared, args->inputs, args->outputs[0]);
      break;
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"equation", NULL};

static const olstm__op_schema kSchema = {.arity = {1, kMaxOperands, 1},
                                         .attributes = kAttributes,
                                         .instance_bytes = sizeof(einsum_op),
                                         .parse = parse};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(einsum);

static const olstm__op_row kTable[] = {OLSTM__OP_ROW(
    "Einsum", 12, 0,
    OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_DOUBLE) |
        OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64) |
        OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT64),
    kCallbacks, kSchema)};

const olstm__op_family olstm__einsum_family = {OLSTM__ROWS(kTable),
                                               .traits = OLSTM__TRAIT_ROWS_EINSUM};
