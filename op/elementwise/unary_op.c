// The operators with one operand that keep its shape: a row each.
#include "op/elementwise/unary_op.h"

#include <string.h>

#include "op/elementwise/element_groups.h"
#include "op/op_family.h"
#include "op/op_support.h"
#include "op/op_work.h"
#include "op/pieces.h"

typedef struct unary_schema {
  olstm__op_schema schema;
  olstm__function_parameters parameters;
} unary_schema;

typedef struct unary_op {
  olstm__op_base base;
  olstm__unary_code code;
  olstm__unary_parameters parameters;
} unary_op;

typedef struct unary_handle {
  olstm__op_handle head;
  olstm__unary_kernel kernel;
  olstm__compute_type compute_type;
  olstm_dtype x_dtype;
  olstm_dtype y_dtype;
  int64_t count;
  /// For pieces.
  int64_t item_elements;
  /// Whether the kernel takes elements as they are stored.
  bool is_direct;
  /// Instead of the kernel, or OLSTM__UNARY_LOOP_COUNT.
  olstm__unary_loop loop;
} unary_handle;

static olstm_status parse_floats(void* instance, olstm_error* error) {
  unary_op* self = instance;
  const unary_schema* schema = self->base.self->variant;
  const olstm__function_parameters* from = &schema->parameters;
  const olstm_node* node = self->base.node;
  self->code = (olstm__unary_code)schema->schema.code;
  if (from->alpha_name) {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, from->alpha_name, from->alpha,
                                               &self->parameters.alpha, error));
  }
  if (from->beta_name) {
    OLSTM_RETURN_IF_ERROR(olstm_node_get_float(node, from->beta_name, from->beta,
                                               &self->parameters.beta, error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status parse_is_inf(void* instance, olstm_error* error) {
  unary_op* self = instance;
  int64_t negative = 1;
  int64_t positive = 1;
  self->code = OLSTM__UNARY_IS_INF;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "detect_negative", 1, &negative, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "detect_positive", 1, &positive, error));
  self->parameters.alpha = negative != 0;
  self->parameters.beta = positive != 0;
  return OLSTM_STATUS_OK;
}

static olstm_status parse_gelu(void* instance, olstm_error* error) {
  unary_op* self = instance;
  const char* approximate = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(self->base.node, "approximate", "none", &approximate, error));
  if (strcmp(approximate, "none") == 0) {
    self->code = OLSTM__UNARY_GELU;
  } else if (strcmp(approximate, "tanh") == 0) {
    self->code = OLSTM__UNARY_GELU_TANH;
  } else {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute approximate is '%s', expected none or tanh",
                          approximate);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status unary_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const unary_op* self = instance;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&self->base, args, 0, self->base.self->dtypes, error));
  out_outputs[0] = args->inputs[0]->desc;
  if (olstm__unary_gives_bool(self->code)) out_outputs[0].dtype = OLSTM_DTYPE_BOOL;
  return OLSTM_STATUS_OK;
}

static olstm_status unary_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const unary_op* self = instance;
  const olstm_tensor_desc* x = &args->inputs[0]->desc;
  unary_handle* handle = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  handle->compute_type = olstm__compute_type_of(x->dtype);
  handle->kernel = olstm__unary_kernel_find(self->code, handle->compute_type);
  if (!handle->kernel) {
    // Floats and integers for which the operator has no loop of their own.
    handle->compute_type = OLSTM__COMPUTE_F64;
    handle->kernel = olstm__unary_kernel_find(self->code, handle->compute_type);
  }
  handle->x_dtype = x->dtype;
  handle->y_dtype = args->outputs[0].dtype;
  handle->is_direct = olstm__compute_type_is_native(handle->compute_type, x->dtype);
  handle->loop = olstm__unary_loop_of(self->code, &self->parameters, x->dtype);
  handle->count = olstm_tensor_desc_count(x);
  out_prepared->work = olstm__op_element_work(self->base.self->op_type, args, 0, 0);
  handle->item_elements =
      olstm__piece_elements(out_prepared->work, olstm__piece_groups(handle->count));
  out_prepared->handle = handle;
  out_prepared->inplace_inputs = olstm_tensor_desc_equal(x, &args->outputs[0]) ? 1u : 0u;
  return OLSTM_STATUS_OK;
}

/// One run, of which pieces are done at a time.
typedef struct unary_pass {
  const unary_op* self;
  const unary_handle* handle;
  const char* x;
  char* y;
} unary_pass;

static void run_groups(void* argument, int64_t first, int64_t last) {
  const unary_pass* run = argument;
  const unary_handle* handle = run->handle;
  const int64_t piece_begin = olstm__piece_group_begin(first, handle->count);
  const int64_t piece_end = olstm__piece_group_begin(last, handle->count);
  const olstm__unary_parameters* parameters = &run->self->parameters;
  const size_t x_bytes = olstm_dtype_size(handle->x_dtype);
  const size_t y_bytes = olstm_dtype_size(handle->y_dtype);
  const bool gives_bool = olstm__unary_gives_bool(run->self->code);
  const char* x = run->x + (size_t)piece_begin * x_bytes;
  char* y = run->y + (size_t)piece_begin * y_bytes;
  olstm__compute_block block;
  if (handle->loop != OLSTM__UNARY_LOOP_COUNT) {
    olstm__unary_groups_run(handle->loop, piece_end - piece_begin, x, y);
    return;
  }
  if (handle->is_direct) {
    handle->kernel(parameters, piece_end - piece_begin, x, y);
    return;
  }
  for (int64_t begin = piece_begin; begin < piece_end; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t count = olstm__compute_block_size(piece_end - begin);
    char* to = run->y + (size_t)begin * y_bytes;
    olstm__compute_load(handle->compute_type, handle->x_dtype, count,
                        run->x + (size_t)begin * x_bytes, &block);
    handle->kernel(parameters, count, &block, gives_bool ? (void*)to : &block);
    if (!gives_bool) {
      olstm__compute_store(handle->compute_type, handle->y_dtype, count, &block, to);
    }
  }
}

static olstm_status unary_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const unary_handle* prepared = handle;
  unary_pass run = {instance, prepared, args->inputs[0], args->outputs[0]};
  (void)error;
  olstm__pieces_run(args->parallel, olstm__piece_groups(prepared->count),
                    prepared->item_elements, run_groups, &run);
  return OLSTM_STATUS_OK;
}

static const char* const kIsInf[] = {"detect_negative", "detect_positive", NULL};
static const char* const kApproximate[] = {"approximate", NULL};

#define HEAD(names, parser, what) \
  .schema = OLSTM__OP_SCHEMA(1, 1, 1, names, unary_op, parser, what)
#define SCHEMA(name, what) \
  static const unary_schema k##name = {HEAD(NULL, parse_floats, OLSTM__UNARY_##what)}
#define FORM_1(name, what, first, value)                       \
  static const char* const k##name##Names[] = {first, NULL};   \
  static const unary_schema k##name = {                        \
      HEAD(k##name##Names, parse_floats, OLSTM__UNARY_##what), \
      .parameters = {first, value, NULL, 0.0F}}
#define FORM_2(name, what, first, value, second, other)              \
  static const char* const k##name##Names[] = {first, second, NULL}; \
  static const unary_schema k##name = {                              \
      HEAD(k##name##Names, parse_floats, OLSTM__UNARY_##what),       \
      .parameters = {first, value, second, other}}

SCHEMA(Neg, NEG);
SCHEMA(Abs, ABS);
SCHEMA(Sign, SIGN);
SCHEMA(Relu, RELU);
SCHEMA(BitwiseNot, BIT_NOT);
SCHEMA(Exp, EXP);
SCHEMA(Log, LOG);
SCHEMA(Sqrt, SQRT);
SCHEMA(Reciprocal, RECIPROCAL);
SCHEMA(Floor, FLOOR);
SCHEMA(Ceil, CEIL);
SCHEMA(Round, ROUND);
SCHEMA(Erf, ERF);
SCHEMA(Sin, SIN);
SCHEMA(Cos, COS);
SCHEMA(Tan, TAN);
SCHEMA(Asin, ASIN);
SCHEMA(Acos, ACOS);
SCHEMA(Atan, ATAN);
SCHEMA(Sinh, SINH);
SCHEMA(Cosh, COSH);
SCHEMA(Tanh, TANH);
SCHEMA(Asinh, ASINH);
SCHEMA(Acosh, ACOSH);
SCHEMA(Atanh, ATANH);
SCHEMA(Sigmoid, SIGMOID);
SCHEMA(HardSwish, HARD_SWISH);
SCHEMA(Mish, MISH);
SCHEMA(Softplus, SOFTPLUS);
SCHEMA(Softsign, SOFTSIGN);
SCHEMA(IsNaN, IS_NAN);
SCHEMA(Not, NOT);
FORM_1(LeakyRelu, LEAKY_RELU, "alpha", 0.01f);
FORM_1(Elu, ELU, "alpha", 1.0f);
FORM_1(Celu, CELU, "alpha", 1.0f);
FORM_1(ThresholdedRelu, THRESHOLDED_RELU, "alpha", 1.0f);
FORM_1(Swish, SWISH, "alpha", 1.0f);
FORM_2(HardSigmoid, HARD_SIGMOID, "alpha", 0.2f, "beta", 0.5f);
FORM_2(Selu, SELU, "alpha", 1.67326319217681884765625f, "gamma",
       1.05070102214813232421875f);
FORM_2(SeluBefore6, SELU, "alpha", 1.6732f, "gamma", 1.0507f);
FORM_2(Shrink, SHRINK, "lambd", 0.5f, "bias", 0.0f);
static const unary_schema kIsInfSchema = {
    HEAD(kIsInf, parse_is_inf, OLSTM__UNARY_IS_INF)};
static const unary_schema kGelu = {HEAD(kApproximate, parse_gelu, OLSTM__UNARY_GELU)};

static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(unary);

#define ROW(type, first, last, dtypes, schema) \
  OLSTM__OP_ROW(type, first, last, dtypes, kCallbacks, schema)
#define ROW_REAL(type, first) ROW(#type, first, 0, OLSTM__DTYPES_REAL, k##type)

static const olstm__op_row kTable[] = {
    ROW("Neg", 1, 0, OLSTM__DTYPES_REAL | OLSTM__DTYPES_SIGNED_INT, kNeg),
    ROW("Abs", 1, 0, OLSTM__DTYPES_NUMERIC, kAbs),
    ROW("Sign", 9, 0, OLSTM__DTYPES_NUMERIC, kSign),
    ROW("Relu", 1, 0, OLSTM__DTYPES_REAL | OLSTM__DTYPES_SIGNED_INT, kRelu),
    ROW("BitwiseNot", 18, 0, OLSTM__DTYPES_INT, kBitwiseNot),
    ROW("Not", 1, 0, OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL), kNot),
    ROW("Erf", 9, 0, OLSTM__DTYPES_NUMERIC, kErf),
    ROW("Shrink", 9, 0, OLSTM__DTYPES_NUMERIC, kShrink),
    ROW("Selu", 1, 5, OLSTM__DTYPES_REAL, kSeluBefore6),
    ROW("Selu", 6, 0, OLSTM__DTYPES_REAL, kSelu),
    ROW("IsInf", 10, 0, OLSTM__DTYPES_REAL, kIsInfSchema),
    ROW_REAL(Exp, 1),
    ROW_REAL(Log, 1),
    ROW_REAL(Sqrt, 1),
    ROW_REAL(Reciprocal, 1),
    ROW_REAL(Floor, 1),
    ROW_REAL(Ceil, 1),
    ROW_REAL(Round, 11),
    ROW_REAL(Sin, 7),
    ROW_REAL(Cos, 7),
    ROW_REAL(Tan, 7),
    ROW_REAL(Asin, 7),
    ROW_REAL(Acos, 7),
    ROW_REAL(Atan, 7),
    ROW_REAL(Sinh, 9),
    ROW_REAL(Cosh, 9),
    ROW_REAL(Tanh, 1),
    ROW_REAL(Asinh, 9),
    ROW_REAL(Acosh, 9),
    ROW_REAL(Atanh, 9),
    ROW_REAL(IsNaN, 9),
    ROW_REAL(LeakyRelu, 1),
    ROW_REAL(Elu, 1),
    ROW_REAL(Celu, 12),
    ROW_REAL(Gelu, 20),
    ROW_REAL(Sigmoid, 1),
    ROW_REAL(HardSigmoid, 1),
    ROW_REAL(HardSwish, 14),
    ROW_REAL(Mish, 18),
    ROW_REAL(Swish, 24),
    ROW_REAL(Softplus, 1),
    ROW_REAL(Softsign, 1),
    ROW_REAL(ThresholdedRelu, 10),
};

bool olstm__unary_function_find(const char* op_type,
                                olstm__unary_function* out_function) {
  for (size_t i = 0; i < sizeof kTable / sizeof kTable[0]; i++) {
    const unary_schema* schema = kTable[i].variant;
    const olstm__unary_code code = (olstm__unary_code)schema->schema.code;
    if (kTable[i].last_opset != 0 || strcmp(kTable[i].op_type, op_type) != 0) {
      continue;
    }
    *out_function = (olstm__unary_function){code, schema->parameters};
    return schema->schema.parse == parse_floats && !olstm__unary_gives_bool(code) &&
           (kTable[i].dtypes & OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT)) != 0;
  }
  return false;
}

const olstm__op_family olstm__unary_family = {OLSTM__ROWS(kTable),
                                              .traits = OLSTM__TRAIT_KEEPS_SHAPE};
