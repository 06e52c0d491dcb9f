// ReverseSequence: reverses the first sequence_lens[n] steps of row n and copies the
// others.
#include "op/shape/move_bytes.h"
#include "op/shape/shape_ops.h"

typedef struct reverse_op {
  olstm__op_base base;
  int64_t batch_axis;
  int64_t time_axis;
} reverse_op;

typedef struct reverse_handle {
  olstm__op_handle head;
  int64_t batch_count;
  int64_t step_count;
  size_t slice_bytes;
  /// Slices from one row to the next, and from one step to the next.
  int64_t batch_stride;
  int64_t time_stride;
} reverse_handle;

static olstm_status parse_reverse(void* instance, olstm_error* error) {
  reverse_op* op = instance;
  const olstm_node* node = op->base.node;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(node, "batch_axis", 1, &op->batch_axis, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(node, "time_axis", 0, &op->time_axis, error));
  const bool known = (op->batch_axis == 0 && op->time_axis == 1) ||
                     (op->batch_axis == 1 && op->time_axis == 0);
  if (known) return OLSTM_STATUS_OK;
  return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                        "batch_axis is %" PRId64 " and time_axis %" PRId64
                        ", expected 0 and 1 or 1 and 0",
                        op->batch_axis, op->time_axis);
}

olstm_status olstm__reverse_sequence_infer(const void* instance,
                                           const olstm_infer_args* args,
                                           olstm_tensor_desc* out_outputs,
                                           olstm_error* error) {
  const reverse_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* lens = &args->inputs[1]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(&op->base, args, 1,
                                              OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64), error));
  if (input->rank < 2) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected at least 2 dimensions",
                          op->base.node->input_names[0], olstm_shape_text(input).text);
  }
  if (lens->rank != 1 || lens->dims[0] != input->dims[op->batch_axis]) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [%" PRId64 "]",
                          op->base.node->input_names[1], olstm_shape_text(lens).text,
                          input->dims[op->batch_axis]);
  }
  out_outputs[0] = *input;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__reverse_sequence_prepare(void* instance,
                                             const olstm_prepare_args* args,
                                             olstm_prepared* out_prepared,
                                             olstm_error* error) {
  const reverse_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(reverse_handle), &memory, error));
  reverse_handle* handle = memory;
  if (olstm_tensor_desc_count(input) > 0) {
    handle->batch_count = input->dims[op->batch_axis];
    handle->slice_bytes = olstm_dtype_size(input->dtype);
    for (int32_t d = 2; d < input->rank; d++) {
      handle->slice_bytes *= (size_t)input->dims[d];
    }
  }
  handle->step_count = input->dims[op->time_axis];
  handle->batch_stride = op->batch_axis == 0 ? input->dims[1] : 1;
  handle->time_stride = op->time_axis == 0 ? input->dims[1] : 1;
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__reverse_sequence_run(const void* instance, const void* handle,
                                         const olstm_run_args* args, olstm_error* error) {
  const reverse_op* op = instance;
  const reverse_handle* reverse = handle;
  const int64_t* lens = args->inputs[1];
  const size_t time_bytes = (size_t)reverse->time_stride * reverse->slice_bytes;
  for (int64_t b = 0; b < reverse->batch_count; b++) {
    if (lens[b] < 0 || lens[b] > reverse->step_count) {
      return olstm__op_fail(
          &op->base, error, OLSTM_STATUS_INVALID_VALUE,
          "input '%s' has %" PRId64 " at position %" PRId64 ", expected 0..%" PRId64,
          op->base.node->input_names[1], lens[b], b, reverse->step_count);
    }
    const size_t row = (size_t)(b * reverse->batch_stride) * reverse->slice_bytes;
    const char* source = (const char*)args->inputs[0] + row;
    char* target = (char*)args->outputs[0] + row;
    for (int64_t t = 0; t < reverse->step_count; t++) {
      const int64_t from = t < lens[b] ? lens[b] - 1 - t : t;
      olstm__move_bytes(target + (size_t)t * time_bytes,
                        source + (size_t)from * time_bytes, reverse->slice_bytes);
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAxes[] = {"batch_axis", "time_axis", NULL};

const olstm__op_schema olstm__reverse_sequence_schema = {
    .arity = {2, 2, 1},
    .attributes = kAxes,
    .instance_bytes = sizeof(reverse_op),
    .parse = parse_reverse};
