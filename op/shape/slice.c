// Slice: starts, ends and steps as attributes or as inputs, and from then on a strided
// copy.
#include <string.h>

#include "op/shape/shape_ops.h"
#include "op/shape/strided_copy.h"

enum { kRangesAreAttributes = 1, kRangesAreInputs = 10 };

/// The lists as the node gives them.
typedef struct slice_ranges {
  size_t count;
  int64_t starts[OLSTM_MAX_RANK];
  int64_t ends[OLSTM_MAX_RANK];
  bool has_axes;
  int64_t axes[OLSTM_MAX_RANK];
  int64_t steps[OLSTM_MAX_RANK];
} slice_ranges;

typedef struct slice_op {
  olstm__op_base base;
  slice_ranges ranges;
} slice_op;

typedef struct slice_handle {
  olstm__op_handle head;
  olstm__strided_copy copy;
  /// Where the output begins in the input, if it is a part of it.
  size_t part_offset;
} slice_handle;

/// One dimension of the output: where it starts in the input, by which steps it goes on.
typedef struct slice_axis {
  int64_t start;
  int64_t step;
  int64_t count;
} slice_axis;

static olstm_status check_counts(const slice_op* op, const size_t counts[4],
                                 olstm_error* error) {
  static const char* const kNames[] = {"starts", "ends", "axes", "steps"};
  for (size_t i = 1; i < 4; i++) {
    if (counts[i] != counts[0]) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "%s has %zu values, expected %zu as starts has", kNames[i],
                            counts[i], counts[0]);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status parse_slice(void* instance, olstm_error* error) {
  slice_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  slice_ranges* ranges = &op->ranges;
  size_t counts[4] = {0};
  bool has_starts = false;
  bool has_ends = false;
  if (schema->code != kRangesAreAttributes) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "starts", OLSTM_MAX_RANK,
                                            ranges->starts, &counts[0], &has_starts,
                                            error));
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "ends", OLSTM_MAX_RANK,
                                            ranges->ends, &counts[1], &has_ends, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "axes", OLSTM_MAX_RANK,
                                            ranges->axes, &counts[2], &ranges->has_axes,
                                            error));
  if (!has_starts || !has_ends) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute %s is missing", has_starts ? "ends" : "starts");
  }
  if (!ranges->has_axes) counts[2] = counts[0];
  counts[3] = counts[0];
  ranges->count = counts[0];
  for (size_t i = 0; i < ranges->count; i++) ranges->steps[i] = 1;
  return check_counts(op, counts, error);
}

static olstm_status read_ranges(const slice_op* op, const olstm_infer_args* args,
                                slice_ranges* ranges, olstm_error* error) {
  const olstm__op_schema* schema = op->base.self->variant;
  int64_t* const lists[4] = {ranges->starts, ranges->ends, ranges->axes, ranges->steps};
  size_t counts[4] = {0};
  *ranges = op->ranges;
  if (schema->code == kRangesAreAttributes) return OLSTM_STATUS_OK;
  for (size_t i = 0; i < 4; i++) {
    OLSTM_RETURN_IF_ERROR(olstm__op_read_ints(&op->base, args, i + 1, OLSTM_MAX_RANK,
                                              lists[i], &counts[i], error));
  }
  ranges->count = counts[0];
  ranges->has_axes = olstm_node_has_input(op->base.node, 3);
  if (!ranges->has_axes) counts[2] = counts[0];
  if (!olstm_node_has_input(op->base.node, 4)) {
    counts[3] = counts[0];
    for (size_t i = 0; i < counts[0]; i++) ranges->steps[i] = 1;
  }
  return check_counts(op, counts, error);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

/// As Python's slices: ends out of range are clamped to the dimension.
static slice_axis resolve_axis(int64_t dim, int64_t start, int64_t end, int64_t step) {
  const int64_t steps = clamp(step, -dim, dim);
  slice_axis axis = {0, steps, 0};
  if (dim == 0) return axis;
  const int64_t from = start < 0 ? start + dim : start;
  const int64_t to = end < 0 ? end + dim : end;
  if (step > 0) {
    axis.start = clamp(from, 0, dim);
    const int64_t span = clamp(to, 0, dim) - axis.start;
    axis.count = span > 0 ? (span - 1) / steps + 1 : 0;
  } else {
    axis.start = clamp(from, 0, dim - 1);
    const int64_t span = axis.start - clamp(to, -1, dim - 1);
    axis.count = span > 0 ? (span - 1) / -steps + 1 : 0;
  }
  return axis;
}

static olstm_status resolve_axes(const slice_op* op, const olstm_infer_args* args,
                                 slice_axis* out_axes, olstm_error* error) {
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  slice_ranges ranges;
  uint32_t seen = 0;
  OLSTM_RETURN_IF_ERROR(read_ranges(op, args, &ranges, error));
  for (int32_t d = 0; d < input->rank; d++) {
    out_axes[d] = (slice_axis){0, 1, input->dims[d]};
  }
  for (size_t i = 0; i < ranges.count; i++) {
    const int64_t asked = ranges.has_axes ? ranges.axes[i] : (int64_t)i;
    int32_t axis = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__op_normalize_axis(&op->base, "axes", asked, input->rank, &axis, error));
    if (seen & (1u << axis)) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "axes names axis %d twice", (int)axis);
    }
    seen |= 1u << axis;
    if (ranges.steps[i] == 0) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "steps has a 0 for axis %d", (int)axis);
    }
    out_axes[axis] = resolve_axis(input->dims[axis], ranges.starts[i], ranges.ends[i],
                                  ranges.steps[i]);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__slice_infer(const void* instance, const olstm_infer_args* args,
                                olstm_tensor_desc* out_outputs, olstm_error* error) {
  const slice_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  slice_axis axes[OLSTM_MAX_RANK];
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(resolve_axes(op, args, axes, error));
  out_outputs[0] = (olstm_tensor_desc){.dtype = input->dtype, .rank = input->rank};
  for (int32_t d = 0; d < input->rank; d++) out_outputs[0].dims[d] = axes[d].count;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__slice_prepare(void* instance, const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared, olstm_error* error) {
  const slice_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* output = &args->outputs[0];
  const olstm_infer_args known = {sizeof known, args->input_count, args->inputs,
                                  args->output_count};
  slice_axis axes[OLSTM_MAX_RANK];
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(resolve_axes(op, &known, axes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(slice_handle), &memory, error));
  slice_handle* handle = memory;
  olstm__strided_view source;
  olstm__strided_view target;
  olstm__strided_view_init_dense(&source, input->rank, input->dims);
  olstm__strided_view_init_dense(&target, output->rank, output->dims);
  for (int32_t d = 0; d < input->rank; d++) {
    source.offset += axes[d].start * source.strides[d];
    source.strides[d] *= axes[d].step;
  }
  olstm__strided_copy_init(&handle->copy, olstm_dtype_size(input->dtype), output->rank,
                           output->dims, &source, &target);
  if (olstm_tensor_desc_same_shape(input, output) &&
      olstm__strided_copy_is_plain(&handle->copy)) {
    out_prepared->view_of_input = 0;
  } else if (olstm__strided_copy_is_run(&handle->copy, &handle->part_offset)) {
    olstm__op_give_parts(out_prepared, 0, &handle->part_offset);
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_work_sum(olstm__op_copy_work(output, 0),
                                          olstm__strided_copy_work(&handle->copy));
  return OLSTM_STATUS_OK;
}

olstm_status olstm__slice_run(const void* instance, const void* handle,
                              const olstm_run_args* args, olstm_error* error) {
  const slice_handle* slice = handle;
  (void)instance;
  (void)error;
  olstm__strided_copy_run(&slice->copy, args->parallel, args->inputs[0],
                          args->outputs[0]);
  return OLSTM_STATUS_OK;
}

static const char* const kAttributes[] = {"starts", "ends", "axes", NULL};

const olstm__op_schema olstm__slice_schema_1 = {.arity = {1, 1, 1},
                                                .attributes = kAttributes,
                                                .instance_bytes = sizeof(slice_op),
                                                .parse = parse_slice,
                                                .code = kRangesAreAttributes};
const olstm__op_schema olstm__slice_schema_10 = {.arity = {3, 5, 1},
                                                 .instance_bytes = sizeof(slice_op),
                                                 .parse = parse_slice,
                                                 .code = kRangesAreInputs};
