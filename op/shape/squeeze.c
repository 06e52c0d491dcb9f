// Squeeze and Unsqueeze: dimensions of 1 taken away and put in.
#include "op/shape/shape_ops.h"

enum { kAxesAreAttribute = 1, kAxesAreInput = 13 };

typedef struct squeeze_op {
  olstm__op_base base;
  bool has_axes;
  size_t axis_count;
  int64_t axes[OLSTM_MAX_RANK];
} squeeze_op;

static olstm_status parse_axes(void* instance, olstm_error* error) {
  squeeze_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  if (schema->code == kAxesAreInput) {
    op->has_axes = olstm_node_has_input(op->base.node, 1);
    return OLSTM_STATUS_OK;
  }
  return olstm__op_copy_ints(&op->base, "axes", OLSTM_MAX_RANK, op->axes, &op->axis_count,
                             &op->has_axes, error);
}

static olstm_status parse_required_axes(void* instance, olstm_error* error) {
  const squeeze_op* op = instance;
  OLSTM_RETURN_IF_ERROR(parse_axes(instance, error));
  if (op->has_axes) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "attribute axes is missing");
}

/// The axes as a set of bits, from the attribute or the input.
static olstm_status read_axes(const squeeze_op* op, const olstm_infer_args* args,
                              int32_t rank, uint32_t* out_axes, size_t* out_count,
                              olstm_error* error) {
  const olstm__op_schema* schema = op->base.self->variant;
  int64_t from_input[OLSTM_MAX_RANK] = {0};
  const int64_t* axes = op->axes;
  *out_axes = 0;
  *out_count = op->axis_count;
  if (schema->code == kAxesAreInput) {
    axes = from_input;
    OLSTM_RETURN_IF_ERROR(olstm__op_read_ints(&op->base, args, 1, OLSTM_MAX_RANK,
                                              from_input, out_count, error));
  }
  // Unsqueeze counts its axes in the output's rank, which the number of axes decides.
  if (rank < 0) rank = args->inputs[0]->desc.rank + (int32_t)*out_count;
  for (size_t i = 0; i < *out_count; i++) {
    int32_t axis = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_normalize_axis(&op->base, "axes", axes[i], rank, &axis, error));
    if (*out_axes & (1u << axis)) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axes names axis %d twice", (int)axis);
    }
    *out_axes |= 1u << axis;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__squeeze_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const squeeze_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  olstm_tensor_desc output = {.dtype = input->dtype};
  uint32_t axes = 0;
  size_t axis_count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(read_axes(op, args, input->rank, &axes, &axis_count, error));
  for (int32_t d = 0; d < input->rank; d++) {
    const bool drop = op->has_axes ? (axes >> d & 1) != 0 : input->dims[d] == 1;
    if (drop && input->dims[d] != 1) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                            "input '%s' has shape %s, expected 1 at axis %d",
                            op->base.node->input_names[0], olstm_shape_text(input).text,
                            (int)d);
    }
    if (!drop) output.dims[output.rank++] = input->dims[d];
  }
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__unsqueeze_infer(const void* instance, const olstm_infer_args* args,
                                    olstm_tensor_desc* out_outputs, olstm_error* error) {
  const squeeze_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  olstm_tensor_desc output = {.dtype = input->dtype};
  uint32_t axes = 0;
  size_t axis_count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(read_axes(op, args, -1, &axes, &axis_count, error));
  output.rank = input->rank + (int32_t)axis_count;
  if (output.rank > OLSTM_MAX_RANK) {
    return olstm__op_check_output(&op->base, &output, error);
  }
  for (int32_t d = 0, from = 0; d < output.rank; d++) {
    output.dims[d] = axes >> d & 1 ? 1 : input->dims[from++];
  }
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

static const char* const kAxes[] = {"axes", NULL};

const olstm__op_schema olstm__squeeze_schema_1 = {.arity = {1, 1, 1},
                                                  .attributes = kAxes,
                                                  .instance_bytes = sizeof(squeeze_op),
                                                  .parse = parse_axes,
                                                  .code = kAxesAreAttribute};
const olstm__op_schema olstm__squeeze_schema_13 = {.arity = {1, 2, 1},
                                                   .instance_bytes = sizeof(squeeze_op),
                                                   .parse = parse_axes,
                                                   .code = kAxesAreInput};
const olstm__op_schema olstm__unsqueeze_schema_1 = {.arity = {1, 1, 1},
                                                    .attributes = kAxes,
                                                    .instance_bytes = sizeof(squeeze_op),
                                                    .parse = parse_required_axes,
                                                    .code = kAxesAreAttribute};
const olstm__op_schema olstm__unsqueeze_schema_13 = {.arity = {2, 2, 1},
                                                     .instance_bytes = sizeof(squeeze_op),
                                                     .parse = parse_axes,
                                                     .code = kAxesAreInput};
