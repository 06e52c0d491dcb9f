// What roi, scales and sizes say about the output's shape.
#include <math.h>
#include <string.h>

#include "op/image/image_ops.h"
#include "op/image/resize.h"
#include "op/shape/convert.h"

static olstm_status check_length(const olstm__resize_op* op, const char* what,
                                 size_t count, size_t expected, olstm_error* error) {
  if (count == expected) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "%s has %zu values, expected %zu", what, count, expected);
}

/// The axes that the lists speak of, as indices of dimensions.
static olstm_status read_axes(const olstm__resize_op* op, int32_t rank, int32_t* out_axes,
                              size_t* out_count, olstm_error* error) {
  uint32_t seen = 0;
  *out_count = op->has_axes ? op->axis_count : (size_t)rank;
  for (size_t i = 0; i < *out_count; i++) {
    out_axes[i] = (int32_t)i;
    if (!op->has_axes) continue;
    OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&op->base, "axes", op->axes[i], rank,
                                                   &out_axes[i], error));
    if (seen & (1u << out_axes[i])) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axes names axis %d twice", (int)out_axes[i]);
    }
    seen |= 1u << out_axes[i];
  }
  return OLSTM_STATUS_OK;
}

/// A list of real numbers from an input of at most 2 * OLSTM_MAX_RANK; none when it is
/// absent.
static olstm_status read_reals(const olstm__resize_op* op, const olstm_infer_args* args,
                               size_t index, uint64_t dtypes, double* out_values,
                               size_t* out_count, olstm_error* error) {
  *out_count = 0;
  if (!olstm_node_has_input(op->base.node, index)) return OLSTM_STATUS_OK;
  const olstm_tensor* tensor = args->inputs[index];
  const char* name = op->base.node->input_names[index];
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(&op->base, args, index, dtypes, error));
  if (tensor->desc.rank != 1 || tensor->desc.dims[0] > 2 * OLSTM_MAX_RANK) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected a list", name,
                          olstm_shape_text(&tensor->desc).text);
  }
  if (!olstm__op_knows_input(args, index)) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_NEEDS_DATA,
                          "the values of input '%s' are not known yet", name);
  }
  *out_count = (size_t)tensor->desc.dims[0];
  olstm__convert(tensor->desc.dtype, OLSTM_DTYPE_DOUBLE, tensor->data, out_values,
                 *out_count);
  return OLSTM_STATUS_OK;
}

static olstm_status read_roi(const olstm__resize_op* op, const olstm_infer_args* args,
                             const int32_t* axes, size_t axis_count,
                             olstm__resize_axis* out_axes, olstm_error* error) {
  double roi[2 * OLSTM_MAX_RANK] = {0};
  size_t count = 0;
  if (op->rule.coordinates != OLSTM__RESIZE_TF_CROP_AND_RESIZE) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(read_reals(op, args, 1, OLSTM__DTYPES_REAL, roi, &count, error));
  OLSTM_RETURN_IF_ERROR(check_length(op, "roi", count, 2 * axis_count, error));
  for (size_t i = 0; i < axis_count; i++) {
    out_axes[axes[i]].start = roi[i];
    out_axes[axes[i]].end = roi[axis_count + i];
  }
  return OLSTM_STATUS_OK;
}

static olstm_status apply_scales(const olstm__resize_op* op, const double* scales,
                                 const int32_t* axes, size_t axis_count,
                                 olstm__resize_axis* out_axes, olstm_error* error) {
  for (size_t i = 0; i < axis_count; i++) {
    olstm__resize_axis* axis = &out_axes[axes[i]];
    if (!(scales[i] > 0) || isinf(scales[i])) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "scales has %g at position %zu, expected a positive number",
                            scales[i], i);
    }
    // In float, as scales are: 10 * 0.7f is 7, but 6.99... in double.
    const float region = (float)axis->input_length * (float)(axis->end - axis->start);
    const double length = floorf(region * (float)scales[i]);
    if (!(length >= 0) || length > 0x1p60) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axis %d of the output is too large", (int)axes[i]);
    }
    axis->scale = scales[i];
    axis->output_length = (int64_t)length;
  }
  return OLSTM_STATUS_OK;
}

/// One scale for all: the smallest or the largest that a size asks for.
static double find_common_scale(olstm__resize_policy policy, const int64_t* sizes,
                                const int32_t* axes, size_t axis_count,
                                const olstm__resize_axis* out_axes) {
  double common = 0;
  for (size_t i = 0; i < axis_count; i++) {
    const double scale = (double)sizes[i] / (double)out_axes[axes[i]].input_length;
    const bool better =
        policy == OLSTM__RESIZE_NOT_LARGER ? scale < common : scale > common;
    if (i == 0 || better) common = scale;
  }
  return common;
}

static olstm_status apply_sizes(const olstm__resize_op* op, const int64_t* sizes,
                                const int32_t* axes, size_t axis_count,
                                olstm__resize_axis* out_axes, olstm_error* error) {
  for (size_t i = 0; i < axis_count; i++) {
    olstm__resize_axis* axis = &out_axes[axes[i]];
    if (sizes[i] < 0 || (axis->input_length == 0 && sizes[i] > 0)) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "sizes has %" PRId64
                            " at position %zu for an axis of %" PRId64,
                            sizes[i], i, axis->input_length);
    }
    axis->output_length = sizes[i];
    if (sizes[i] > 0) axis->scale = (double)sizes[i] / (double)axis->input_length;
  }
  if (op->policy == OLSTM__RESIZE_STRETCH) return OLSTM_STATUS_OK;
  const double scale = find_common_scale(op->policy, sizes, axes, axis_count, out_axes);
  for (size_t i = 0; i < axis_count; i++) {
    olstm__resize_axis* axis = &out_axes[axes[i]];
    const double length = floor(scale * (double)axis->input_length + 0.5);
    if (!(length >= 0) || length > 0x1p60) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axis %d of the output is too large", (int)axes[i]);
    }
    axis->output_length = (int64_t)length;
    if (scale > 0) axis->scale = scale;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__resize_read(const olstm__resize_op* op, const olstm_infer_args* args,
                                olstm__resize_axis* out_axes, olstm_error* error) {
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  int32_t axes[OLSTM_MAX_RANK] = {0};
  double scales[2 * OLSTM_MAX_RANK] = {0};
  int64_t sizes[OLSTM_MAX_RANK] = {0};
  size_t axis_count = 0;
  size_t scale_count = op->scale_count;
  size_t size_count = 0;
  for (int32_t d = 0; d < input->rank; d++) {
    out_axes[d] = (olstm__resize_axis){input->dims[d], input->dims[d], 1, 0, 1};
  }
  OLSTM_RETURN_IF_ERROR(read_axes(op, input->rank, axes, &axis_count, error));
  OLSTM_RETURN_IF_ERROR(read_roi(op, args, axes, axis_count, out_axes, error));
  for (size_t i = 0; i < scale_count; i++) scales[i] = op->scales[i];
  if (op->scales_input >= 0) {
    OLSTM_RETURN_IF_ERROR(read_reals(op, args, (size_t)op->scales_input,
                                     OLSTM_DTYPE_BIT(OLSTM_DTYPE_FLOAT), scales,
                                     &scale_count, error));
  }
  if (op->sizes_input >= 0) {
    OLSTM_RETURN_IF_ERROR(olstm__op_read_ints(&op->base, args, (size_t)op->sizes_input,
                                              OLSTM_MAX_RANK, sizes, &size_count, error));
  }
  const bool has_sizes = op->sizes_input >= 0 &&
                         olstm_node_has_input(op->base.node, (size_t)op->sizes_input);
  if (has_sizes && scale_count > 0 && size_count > 0) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "has both scales and sizes");
  }
  if (has_sizes && scale_count == 0) {
    OLSTM_RETURN_IF_ERROR(check_length(op, "sizes", size_count, axis_count, error));
    return apply_sizes(op, sizes, axes, axis_count, out_axes, error);
  }
  OLSTM_RETURN_IF_ERROR(check_length(op, "scales", scale_count, axis_count, error));
  return apply_scales(op, scales, axes, axis_count, out_axes, error);
}

olstm_status olstm__resize_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__resize_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  olstm__resize_axis axes[OLSTM_MAX_RANK];
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (op->rule.mode != OLSTM__RESIZE_NEAREST &&
      !(OLSTM__DTYPES_REAL & OLSTM_DTYPE_BIT(input->dtype))) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "input '%s' has dtype %s, which is only resized with "
                          "mode='nearest'",
                          op->base.node->input_names[0], olstm_dtype_name(input->dtype));
  }
  OLSTM_RETURN_IF_ERROR(olstm__resize_read(op, args, axes, error));
  olstm_tensor_desc output = *input;
  for (int32_t d = 0; d < input->rank; d++) output.dims[d] = axes[d].output_length;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&op->base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}
