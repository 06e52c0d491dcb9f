// Einsum: reads the equation, and fits it to the operands' shapes. einsum_contract makes
// steps of it.
#include <inttypes.h>
#include <string.h>

#include "op/dense/einsum_contract.h"
#include "op/op_family.h"
#include "op/op_support.h"

/// A letter stands for a dimension; digits stand for those of an ellipsis, the last one
/// first.
enum { kMaxTerm = OLSTM_MAX_RANK, kEllipsis = '.', kFirstOfEllipsis = 1 };

typedef struct einsum_op {
  olstm__op_base base;
  const char* equation;
} einsum_op;

/// A term of the equation: the letter of each dimension, the ellipsis written out.
typedef struct term {
  int32_t rank;
  char letters[kMaxTerm];
} term;

typedef olstm__einsum_equation plan;

typedef struct einsum_handle {
  olstm__op_handle head;
  /// Bytes of an output that is 0: a letter has size 0. There are no steps then.
  size_t zero_bytes;
  olstm__einsum_contraction contraction;
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
  if (p->letter_count == OLSTM__EINSUM_MAX_LETTERS) return false;
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
  term terms[OLSTM__EINSUM_MAX_OPERANDS], output = {.rank = 0};
  *p = (plan){.operand_count = (int32_t)count};
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
      p->has[o] |= (uint32_t)1 << find_letter(p, terms[o].letters[d]);
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

/// A few small inputs can require an unbounded number of products.
static olstm_status fail_contraction(const einsum_op* op, const einsum_handle* handle,
                                     olstm_error* error) {
  const double products = handle->contraction.most_products;
  if (products < 0x1p60) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_OUT_OF_MEMORY,
                          "the workspace does not fit");
  }
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_LIMIT_EXCEEDED,
                        "equation '%s' takes %.3g products with these shapes, which are "
                        "too many",
                        op->equation, products);
}

static olstm_status einsum_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const einsum_op* op = instance;
  const olstm_tensor_desc* y = &args->outputs[0];
  plan p;
  einsum_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(make_plan(op, args->inputs, args->input_count, &p, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_create_handle(
      &op->base,
      sizeof(einsum_handle) +
          olstm__einsum_most_steps(args->input_count) * sizeof(olstm__einsum_step),
      (void**)&handle, error));
  handle->contraction.steps = (olstm__einsum_step*)(handle + 1);
  bool is_zero = false;
  for (int32_t i = 0; i < p.letter_count; i++) is_zero = is_zero || p.dims[i] == 0;
  if (is_zero) {
    handle->zero_bytes = (size_t)olstm_tensor_desc_count(y) * olstm_dtype_size(y->dtype);
    out_prepared->work = handle->zero_bytes;
  } else if (!olstm__einsum_contract(&handle->contraction, y->dtype, &p)) {
    const olstm_status status = fail_contraction(op, handle, error);
    olstm__op_release_handle(instance, handle);
    return status;
  } else {
    out_prepared->work = handle->contraction.work;
    out_prepared->workspace_bytes = handle->contraction.workspace_bytes;
  }
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

static olstm_status einsum_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const einsum_handle* prepared = handle;
  (void)instance;
  (void)error;
  if (prepared->zero_bytes > 0) memset(args->outputs[0], 0, prepared->zero_bytes);
  olstm__einsum_contraction_run(&prepared->contraction, args);
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"equation", NULL};

static const olstm__op_schema kSchema = {.arity = {1, OLSTM__EINSUM_MAX_OPERANDS, 1},
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
