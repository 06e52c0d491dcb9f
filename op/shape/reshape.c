// Reshape in its three schemas, and Flatten.
#include <string.h>

#include "base/tensor_size.h"
#include "op/shape/shape_ops.h"

enum { kShapeIsAttribute = 1, kShapeIsInput = 5, kHasAllowzero = 14 };

typedef struct reshape_op {
  olstm__op_base base;
  bool allow_zero;
  /// The attribute of opset 1.
  size_t shape_count;
  int64_t shape[OLSTM_MAX_RANK];
} reshape_op;

static olstm_status parse_reshape(void* instance, olstm_error* error) {
  reshape_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  int64_t allow_zero = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(op->base.node, "allowzero", 0, &allow_zero, error));
  op->allow_zero = allow_zero != 0;
  if (schema->code != kShapeIsAttribute) return OLSTM_STATUS_OK;
  bool given = false;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "shape", OLSTM_MAX_RANK, op->shape,
                                            &op->shape_count, &given, error));
  if (given) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute shape is missing");
}

/// Replaces 0 (the input's dimension) and finds the place of -1 and the product of the
/// rest.
static olstm_status resolve_dims(const reshape_op* op, const olstm_tensor_desc* input,
                                 olstm_tensor_desc* output, int32_t* out_open,
                                 size_t* out_product, olstm_error* error) {
  const olstm_text asked = olstm_shape_text(output);
  bool has_zero = false;
  *out_open = -1;
  *out_product = 1;
  for (int32_t d = 0; d < output->rank; d++) {
    if (output->dims[d] == 0 && !op->allow_zero) {
      if (d >= input->rank) {
        return olstm__op_fail(
            &op->base, error, OLSTM_STATUS_INVALID_VALUE,
            "shape %s has 0 at %d, but input '%s' has only %d dimensions", asked.text,
            (int)d, op->base.node->input_names[0], (int)input->rank);
      }
      output->dims[d] = input->dims[d];
    }
    has_zero = has_zero || output->dims[d] == 0;
    if (output->dims[d] == -1 && *out_open < 0) {
      *out_open = d;
    } else if (output->dims[d] < 0) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "shape %s has more than one -1 or a value below it",
                            asked.text);
    } else if (!olstm__size_multiply_dim(*out_product, output->dims[d], out_product)) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "output shape %s is too large", asked.text);
    }
  }
  if (*out_open >= 0 && has_zero) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                          "shape %s has a -1 that a dimension of 0 leaves open",
                          asked.text);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__reshape_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const reshape_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  olstm_tensor_desc output = {.dtype = input->dtype};
  size_t rank = op->shape_count;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (schema->code == kShapeIsAttribute) {
    memcpy(output.dims, op->shape, sizeof op->shape);
  } else {
    OLSTM_RETURN_IF_ERROR(olstm__op_read_ints(&op->base, args, 1, OLSTM_MAX_RANK,
                                              output.dims, &rank, error));
  }
  output.rank = (int32_t)rank;
  const olstm_text asked = olstm_shape_text(&output);
  int32_t open = -1;
  size_t product = 1;
  OLSTM_RETURN_IF_ERROR(resolve_dims(op, input, &output, &open, &product, error));
  const size_t count = (size_t)olstm_tensor_desc_count(input);
  if (open >= 0 && product > 0 && count % product == 0) {
    output.dims[open] = (int64_t)(count / product);
    product = count;
  }
  if (product != count || (open >= 0 && output.dims[open] < 0)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, which does not fit shape %s",
                          op->base.node->input_names[0], olstm_shape_text(input).text,
                          asked.text);
  }
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

typedef struct flatten_op {
  olstm__op_base base;
  int64_t axis;
} flatten_op;

static olstm_status parse_flatten(void* instance, olstm_error* error) {
  flatten_op* op = instance;
  return olstm_node_get_int(op->base.node, "axis", 1, &op->axis, error);
}

olstm_status olstm__flatten_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const flatten_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  // The axis may be the rank: the output is [count, 1] then.
  if (op->axis < -(int64_t)input->rank || op->axis > input->rank) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                          "axis is %" PRId64 ", expected %d..%d", op->axis,
                          (int)-input->rank, (int)input->rank);
  }
  const int64_t axis = op->axis < 0 ? op->axis + input->rank : op->axis;
  olstm_tensor_desc output = {input->dtype, 2, {1, 1}};
  for (int32_t d = 0; d < input->rank; d++) {
    size_t product = 0;
    int64_t* dim = &output.dims[d < axis ? 0 : 1];
    if (!olstm__size_multiply_dim((size_t)*dim, input->dims[d], &product)) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "input shape %s is too large", olstm_shape_text(input).text);
    }
    *dim = (int64_t)product;
  }
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

static const char* const kShapeAttribute[] = {"shape", "consumed_inputs", NULL};
static const char* const kAllowZero[] = {"allowzero", NULL};
static const char* const kAxis[] = {"axis", NULL};

const olstm__op_schema olstm__reshape_schema_1 = {.arity = {1, 1, 1},
                                                  .attributes = kShapeAttribute,
                                                  .instance_bytes = sizeof(reshape_op),
                                                  .parse = parse_reshape,
                                                  .code = kShapeIsAttribute};
const olstm__op_schema olstm__reshape_schema_5 = {.arity = {2, 2, 1},
                                                  .instance_bytes = sizeof(reshape_op),
                                                  .parse = parse_reshape,
                                                  .code = kShapeIsInput};
const olstm__op_schema olstm__reshape_schema_14 = {.arity = {2, 2, 1},
                                                   .attributes = kAllowZero,
                                                   .instance_bytes = sizeof(reshape_op),
                                                   .parse = parse_reshape,
                                                   .code = kHasAllowzero};
const olstm__op_schema olstm__flatten_schema = {.arity = {1, 1, 1},
                                                .attributes = kAxis,
                                                .instance_bytes = sizeof(flatten_op),
                                                .parse = parse_flatten};
