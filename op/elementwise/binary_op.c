// The operators with two operands: a row each, with the same callbacks. Before opset 7,
// broadcasting was an attribute, and the second operand could be aligned at an axis.
#include <string.h>

#include "op/elementwise/binary_walk.h"
#include "op/op_family.h"
#include "op/pieces.h"
#include "op/shape/convert.h"

typedef struct binary_op {
  olstm__op_base base;
  olstm__binary_code code;
  /// The dimension of the first operand that the second one's first dimension is aligned
  /// with; before opset 7.
  bool has_axis;
  int64_t axis;
} binary_op;

typedef struct binary_handle {
  olstm__op_handle head;
  olstm__binary_walk walk;
} binary_handle;

static int32_t form_code(const binary_op* self) {
  return ((const olstm__op_schema*)self->base.self->variant)->code;
}

static olstm_status parse_plain(void* instance, olstm_error* error) {
  binary_op* self = instance;
  (void)error;
  self->code = (olstm__binary_code)form_code(self);
  return OLSTM_STATUS_OK;
}

static olstm_status parse_before_7(void* instance, olstm_error* error) {
  binary_op* self = instance;
  int64_t broadcast = 0;
  OLSTM_RETURN_IF_ERROR(parse_plain(instance, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "broadcast", 0, &broadcast, error));
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(self->base.node, "axis", 0, &self->axis, error));
  self->has_axis =
      broadcast != 0 && olstm_node_find_attribute(self->base.node, "axis") != NULL;
  return OLSTM_STATUS_OK;
}

/// One slope a channel, which is dimension 1; or one for all.
static olstm_status parse_prelu_before_7(void* instance, olstm_error* error) {
  binary_op* self = instance;
  self->has_axis = true;
  self->axis = 1;
  return parse_plain(instance, error);
}

static olstm_status parse_mod(void* instance, olstm_error* error) {
  binary_op* self = instance;
  int64_t fmod = 0;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(self->base.node, "fmod", 0, &fmod, error));
  self->code = fmod ? OLSTM__BINARY_FMOD : OLSTM__BINARY_MOD;
  return OLSTM_STATUS_OK;
}

static olstm_status parse_bit_shift(void* instance, olstm_error* error) {
  binary_op* self = instance;
  const char* direction = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_string(self->base.node, "direction", "", &direction, error));
  if (strcmp(direction, "LEFT") == 0) {
    self->code = OLSTM__BINARY_SHIFT_LEFT;
  } else if (strcmp(direction, "RIGHT") == 0) {
    self->code = OLSTM__BINARY_SHIFT_RIGHT;
  } else {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute direction is '%s', expected LEFT or RIGHT",
                          direction);
  }
  return OLSTM_STATUS_OK;
}

/// The second operand's shape for broadcasting: with trailing dimensions of 1 where it is
/// aligned at an axis.
static olstm_status align_second(const binary_op* self, const olstm_tensor_desc* a,
                                 const olstm_tensor_desc* b, olstm_tensor_desc* out_b,
                                 olstm_error* error) {
  int32_t axis = 0;
  *out_b = *b;
  if (!self->has_axis || b->rank == 0 || olstm_tensor_desc_count(b) == 1) {
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&self->base, "attribute axis",
                                                 self->axis, a->rank, &axis, error));
  if (axis + b->rank > a->rank) {
    return olstm__op_fail(
        &self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "input '%s' has shape %s, which from axis %d on is more than %s",
        self->base.node->input_names[1], olstm_shape_text(b).text, (int)axis,
        olstm_shape_text(a).text);
  }
  out_b->rank = a->rank - axis;
  for (int32_t d = b->rank; d < out_b->rank; d++) out_b->dims[d] = 1;
  return OLSTM_STATUS_OK;
}

static olstm_status check_dtypes(const binary_op* self, const olstm_infer_args* args,
                                 olstm_error* error) {
  const olstm__op_base* base = &self->base;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  if (self->code == OLSTM__BINARY_POW) {
    return olstm__op_check_dtype(base, args, 1, OLSTM__DTYPES_NUMERIC, error);
  }
  if (self->code == OLSTM__BINARY_MOD &&
      (OLSTM__DTYPES_REAL & OLSTM_DTYPE_BIT(args->inputs[0]->desc.dtype))) {
    return olstm__op_fail(base, error, OLSTM_STATUS_DTYPE_MISMATCH,
                          "input '%s' has dtype %s, which needs fmod=1",
                          base->node->input_names[0],
                          olstm_dtype_name(args->inputs[0]->desc.dtype));
  }
  return olstm__op_check_same_dtype(base, args, 1, 0, error);
}

static olstm_status binary_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const binary_op* self = instance;
  OLSTM_RETURN_IF_ERROR(check_dtypes(self, args, error));
  const olstm_tensor* a = args->inputs[0];
  olstm_tensor b = *args->inputs[1];
  OLSTM_RETURN_IF_ERROR(
      align_second(self, &a->desc, &args->inputs[1]->desc, &b.desc, error));
  const olstm_tensor* const inputs[] = {a, &b};
  const olstm_infer_args aligned = {.struct_size = sizeof aligned,
                                    .input_count = 2,
                                    .inputs = inputs,
                                    .output_count = args->output_count};
  olstm_tensor_desc* y = &out_outputs[0];
  y->dtype = olstm__binary_gives_bool(self->code) ? OLSTM_DTYPE_BOOL : a->desc.dtype;
  if (self->code == OLSTM__BINARY_PRELU && !olstm__broadcast_fits(&b.desc, &a->desc)) {
    return olstm__op_fail(&self->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, which does not broadcast to %s",
                          self->base.node->input_names[1],
                          olstm_shape_text(&args->inputs[1]->desc).text,
                          olstm_shape_text(&a->desc).text);
  }
  return olstm__broadcast_infer(&self->base, &aligned, 0, 2, y, error);
}

/// Only Pow has operands of two dtypes: a compute type that holds both is used.
static olstm__compute_type choose_compute_type(olstm_dtype a, olstm_dtype b) {
  const olstm__compute_type first = olstm__compute_type_of(a);
  const olstm__compute_type second = olstm__compute_type_of(b);
  const uint64_t both = OLSTM_DTYPE_BIT(a) | OLSTM_DTYPE_BIT(b);
  if (first == second) return first;
  if (both & OLSTM__DTYPES_REAL) return OLSTM__COMPUTE_F64;
  return first == OLSTM__COMPUTE_U64 ? OLSTM__COMPUTE_U64 : OLSTM__COMPUTE_I64;
}

/// Whether it is a square or cube, which products make.
static bool is_small_power(const binary_op* self, const olstm_tensor* exponent) {
  double value = 0;
  if (self->code != OLSTM__BINARY_POW || !exponent->data ||
      olstm_tensor_desc_count(&exponent->desc) != 1) {
    return false;
  }
  olstm__convert(exponent->desc.dtype, OLSTM_DTYPE_DOUBLE, exponent->data, &value, 1);
  return value == 2 || value == 3;
}

static olstm_status binary_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const binary_op* self = instance;
  binary_handle* handle = NULL;
  const olstm_tensor_desc* a = &args->inputs[0]->desc;
  const olstm_tensor_desc* y = &args->outputs[0];
  olstm_tensor_desc b;
  OLSTM_RETURN_IF_ERROR(align_second(self, a, &args->inputs[1]->desc, &b, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&self->base, sizeof *handle, (void**)&handle, error));
  olstm__binary_walk_init(&handle->walk, self->code,
                          choose_compute_type(a->dtype, b.dtype), a, &b, y);
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(
      is_small_power(self, args->inputs[1]) ? "Mul" : self->base.self->op_type, args,
      handle->walk.plan.run_count, olstm__op_run_units(args));
  handle->walk.item_elements =
      olstm__piece_elements(out_prepared->work, handle->walk.plan.item_count);
  out_prepared->inplace_inputs = (olstm_tensor_desc_equal(a, y) ? 1u : 0u) |
                                 (olstm_tensor_desc_equal(&b, y) ? 2u : 0u);
  return OLSTM_STATUS_OK;
}

static olstm_status binary_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const binary_op* self = instance;
  const binary_handle* prepared = handle;
  if (olstm__binary_walk_run(&prepared->walk, args->parallel, args->inputs[0],
                             args->inputs[1], args->outputs[0])) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(&self->base, error, OLSTM_STATUS_INVALID_VALUE,
                        "input '%s' has a 0, which integers cannot be divided by",
                        self->base.node->input_names[1]);
}

static const char* const kBefore7[] = {"axis", "broadcast", NULL};
static const char* const kMod[] = {"fmod", NULL};
static const char* const kBitShift[] = {"direction", NULL};

#define SCHEMA(name, names, parser, what) \
  static const olstm__op_schema name =    \
      OLSTM__OP_SCHEMA(2, 2, 1, names, binary_op, parser, what)
#define SCHEMA_PAIR(name, what)             \
  SCHEMA(k##name, NULL, parse_plain, what); \
  SCHEMA(k##name##Before7, kBefore7, parse_before_7, what)

SCHEMA_PAIR(Add, OLSTM__BINARY_ADD);
SCHEMA_PAIR(Sub, OLSTM__BINARY_SUB);
SCHEMA_PAIR(Mul, OLSTM__BINARY_MUL);
SCHEMA_PAIR(Div, OLSTM__BINARY_DIV);
SCHEMA_PAIR(Pow, OLSTM__BINARY_POW);
SCHEMA_PAIR(Equal, OLSTM__BINARY_EQUAL);
SCHEMA_PAIR(Greater, OLSTM__BINARY_GREATER);
SCHEMA_PAIR(Less, OLSTM__BINARY_LESS);
SCHEMA_PAIR(And, OLSTM__BINARY_AND);
SCHEMA_PAIR(Or, OLSTM__BINARY_OR);
SCHEMA_PAIR(Xor, OLSTM__BINARY_XOR);
SCHEMA(kGreaterOrEqual, NULL, parse_plain, OLSTM__BINARY_GREATER_OR_EQUAL);
SCHEMA(kLessOrEqual, NULL, parse_plain, OLSTM__BINARY_LESS_OR_EQUAL);
SCHEMA(kBitwiseAnd, NULL, parse_plain, OLSTM__BINARY_BIT_AND);
SCHEMA(kBitwiseOr, NULL, parse_plain, OLSTM__BINARY_BIT_OR);
SCHEMA(kBitwiseXor, NULL, parse_plain, OLSTM__BINARY_BIT_XOR);
SCHEMA(kPRelu, NULL, parse_plain, OLSTM__BINARY_PRELU);
SCHEMA(kPReluBefore7, NULL, parse_prelu_before_7, OLSTM__BINARY_PRELU);
SCHEMA(kModulo, kMod, parse_mod, OLSTM__BINARY_MOD);
SCHEMA(kShift, kBitShift, parse_bit_shift, OLSTM__BINARY_SHIFT_LEFT);

#define DTYPES_BOOL OLSTM_DTYPE_BIT(OLSTM_DTYPE_BOOL)
#define ROW(type, first, last, dtypes, schema) \
  OLSTM__OP_ROW(type, first, last, dtypes, kCallbacks, schema)
static const olstm__op_callbacks kCallbacks = OLSTM__OP_CALLBACKS(binary);

#define ROWS(type, dtypes) \
  ROW(#type, 1, 6, dtypes, k##type##Before7), ROW(#type, 7, 0, dtypes, k##type)

static const olstm__op_row kTable[] = {
    ROWS(Add, OLSTM__DTYPES_NUMERIC),
    ROWS(Sub, OLSTM__DTYPES_NUMERIC),
    ROWS(Mul, OLSTM__DTYPES_NUMERIC),
    ROWS(Div, OLSTM__DTYPES_NUMERIC),
    ROWS(Pow, OLSTM__DTYPES_NUMERIC),
    ROWS(Equal, OLSTM__DTYPES_ALL),
    ROWS(Greater, OLSTM__DTYPES_NUMERIC),
    ROWS(Less, OLSTM__DTYPES_NUMERIC),
    ROWS(And, DTYPES_BOOL),
    ROWS(Or, DTYPES_BOOL),
    ROWS(Xor, DTYPES_BOOL),
    ROW("GreaterOrEqual", 12, 0, OLSTM__DTYPES_NUMERIC, kGreaterOrEqual),
    ROW("LessOrEqual", 12, 0, OLSTM__DTYPES_NUMERIC, kLessOrEqual),
    ROW("BitwiseAnd", 18, 0, OLSTM__DTYPES_INT, kBitwiseAnd),
    ROW("BitwiseOr", 18, 0, OLSTM__DTYPES_INT, kBitwiseOr),
    ROW("BitwiseXor", 18, 0, OLSTM__DTYPES_INT, kBitwiseXor),
    ROW("BitShift", 11, 0, OLSTM__DTYPES_UNSIGNED_INT, kShift),
    ROW("Mod", 10, 0, OLSTM__DTYPES_NUMERIC, kModulo),
    ROW("PRelu", 1, 6, OLSTM__DTYPES_NUMERIC, kPReluBefore7),
    ROW("PRelu", 7, 0, OLSTM__DTYPES_NUMERIC, kPRelu),
};

const olstm__op_family olstm__binary_family = {OLSTM__ROWS(kTable),
                                               .traits = OLSTM__TRAIT_BROADCASTS};
