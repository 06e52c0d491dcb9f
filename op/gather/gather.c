// Gather: whole slices along one axis, by index.
#include <stdatomic.h>

#include "op/gather/gather_ops.h"
#include "op/gather/index_list.h"
#include "op/pieces.h"
#include "op/shape/move_bytes.h"

typedef struct gather_op {
  olstm__op_base base;
  int64_t axis;
} gather_op;

typedef struct gather_handle {
  olstm__op_handle head;
  bool is_wide;
  int64_t axis_dim;
  size_t outer_count;
  size_t index_count;
  size_t slice_bytes;
  /// Where the output begins in the data, if it is a part of it.
  size_t part_offset;
} gather_handle;

static olstm_status parse_gather(void* instance, olstm_error* error) {
  gather_op* op = instance;
  return olstm_node_get_int(op->base.node, "axis", 0, &op->axis, error);
}

olstm_status olstm__gather_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const gather_op* op = instance;
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  const olstm_tensor_desc* indices = &args->inputs[1]->desc;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 1, OLSTM__DTYPES_INDEX, error));
  if (data->rank == 0) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' is a scalar, expected at least 1 dimension",
                          op->base.node->input_names[0]);
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(&op->base, "axis", op->axis, data->rank, &axis, error));
  olstm_tensor_desc output = {.dtype = data->dtype,
                              .rank = data->rank - 1 + indices->rank};
  if (output.rank <= OLSTM_MAX_RANK) {
    int32_t to = 0;
    for (int32_t d = 0; d < axis; d++) output.dims[to++] = data->dims[d];
    for (int32_t d = 0; d < indices->rank; d++) output.dims[to++] = indices->dims[d];
    for (int32_t d = axis + 1; d < data->rank; d++) output.dims[to++] = data->dims[d];
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&op->base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

/// Whether the indices are known, and one after the other, of slices that are.
static bool find_part(gather_handle* handle, const void* indices) {
  if (!indices || handle->outer_count != 1 || handle->index_count == 0) return false;
  int64_t first = olstm__index_get(indices, handle->is_wide, 0);
  if (!olstm__index_wrap(&first, handle->axis_dim)) return false;
  for (size_t i = 1; i < handle->index_count; i++) {
    int64_t index = olstm__index_get(indices, handle->is_wide, i);
    if (!olstm__index_wrap(&index, handle->axis_dim) || index != first + (int64_t)i) {
      return false;
    }
  }
  handle->part_offset = (size_t)first * handle->slice_bytes;
  return true;
}

olstm_status olstm__gather_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const gather_op* op = instance;
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  const olstm_tensor_desc* indices = &args->inputs[1]->desc;
  int32_t axis = 0;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(&op->base, "axis", op->axis, data->rank, &axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(gather_handle), &memory, error));
  gather_handle* handle = memory;
  handle->is_wide = indices->dtype == OLSTM_DTYPE_INT64;
  handle->axis_dim = data->dims[axis];
  handle->index_count = (size_t)olstm_tensor_desc_count(indices);
  if (olstm_tensor_desc_count(&args->outputs[0]) > 0) {
    handle->outer_count = 1;
    handle->slice_bytes = olstm_dtype_size(data->dtype);
    for (int32_t d = 0; d < axis; d++) handle->outer_count *= (size_t)data->dims[d];
    for (int32_t d = axis + 1; d < data->rank; d++) {
      handle->slice_bytes *= (size_t)data->dims[d];
    }
  }
  if (find_part(handle, args->inputs[1]->data)) {
    olstm__op_give_parts(out_prepared, 0, &handle->part_offset);
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_copy_work(
      &args->outputs[0], (int64_t)(handle->outer_count * handle->index_count));
  return OLSTM_STATUS_OK;
}

/// One run, of which indices are done at a time.
typedef struct gather_task {
  const gather_handle* handle;
  const olstm_run_args* args;
  atomic_bool has_failed;
} gather_task;

static void run_indices(void* argument, int64_t begin, int64_t end) {
  gather_task* run = argument;
  const gather_handle* gather = run->handle;
  const void* const* inputs = run->args->inputs;
  const size_t slice_bytes = gather->slice_bytes;
  const size_t row_bytes = gather->index_count * slice_bytes;
  for (size_t i = (size_t)begin; i < (size_t)end; i++) {
    int64_t index = olstm__index_get(inputs[1], gather->is_wide, i);
    if (!olstm__index_wrap(&index, gather->axis_dim)) {
      atomic_store(&run->has_failed, true);
      return;
    }
    const char* source = (const char*)inputs[0] + (size_t)index * slice_bytes;
    char* target = (char*)run->args->outputs[0] + i * slice_bytes;
    for (size_t o = 0; o < gather->outer_count; o++) {
      olstm__move_bytes(target, source, slice_bytes);
      source += (size_t)gather->axis_dim * slice_bytes;
      target += row_bytes;
    }
  }
}

olstm_status olstm__gather_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  // What a slice costs, and the bytes that cost as much as an element, beside
  // elements of OLSTM__PIECE_ELEMENTS.
  enum { kElementsPerSlice = 32, kBytesPerElement = 4 };
  const gather_handle* gather = handle;
  gather_task run = {gather, args, false};
  if (gather->outer_count == 0) return OLSTM_STATUS_OK;
  const size_t slice = kElementsPerSlice + gather->slice_bytes / kBytesPerElement;
  olstm__pieces_run(args->parallel, (int64_t)gather->index_count,
                    (int64_t)(gather->outer_count * slice), run_indices, &run);
  return atomic_load(&run.has_failed)
             ? olstm__index_fail_first(instance, error, args->inputs[1], gather->is_wide,
                                       gather->axis_dim)
             : OLSTM_STATUS_OK;
}

static const char* const kAxis[] = {"axis", NULL};

const olstm__op_schema olstm__gather_schema = {.arity = {2, 2, 1},
                                               .attributes = kAxis,
                                               .instance_bytes = sizeof(gather_op),
                                               .parse = parse_gather};
