#include "op/gather/gather_nd.h"

#include <stdatomic.h>
#include <string.h>

#include "op/gather/gather_ops.h"
#include "op/pieces.h"
#include "op/shape/move_bytes.h"

olstm_status olstm__tuple_walk_check(const olstm__op_base* base,
                                     const olstm_infer_args* args, int32_t batch_dims,
                                     int32_t* out_length, olstm_error* error) {
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  const olstm_tensor_desc* indices = &args->inputs[1]->desc;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, 1, OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64), error));
  bool fits = batch_dims < data->rank && batch_dims < indices->rank;
  for (int32_t d = 0; fits && d < batch_dims; d++) {
    fits = data->dims[d] == indices->dims[d];
  }
  const int64_t length = fits ? indices->dims[indices->rank - 1] : 0;
  if (!fits || length < 1 || length > data->rank - batch_dims) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' of shape %s does not index input '%s' of shape %s "
                          "with %d batch dimensions",
                          base->node->input_names[1], olstm_shape_text(indices).text,
                          base->node->input_names[0], olstm_shape_text(data).text,
                          (int)batch_dims);
  }
  *out_length = (int32_t)length;
  return OLSTM_STATUS_OK;
}

void olstm__tuple_walk_init(olstm__tuple_walk* walk, const olstm_tensor_desc* data,
                            const olstm_tensor_desc* indices, int32_t batch_dims) {
  size_t stride = olstm_dtype_size(data->dtype);
  memset(walk, 0, sizeof *walk);
  walk->tuple_length = (int32_t)indices->dims[indices->rank - 1];
  walk->batch_count = 1;
  walk->tuples_per_batch = 1;
  walk->slice_count = 1;
  for (int32_t d = 0; d < indices->rank - 1; d++) {
    *(d < batch_dims ? &walk->batch_count : &walk->tuples_per_batch) *=
        (size_t)indices->dims[d];
  }
  for (int32_t d = data->rank - 1; d >= batch_dims; d--) {
    const int32_t axis = d - batch_dims;
    if (axis < walk->tuple_length) {
      walk->dims[axis] = data->dims[d];
      walk->strides[axis] = stride;
    } else {
      walk->slice_count *= (size_t)data->dims[d];
    }
    stride *= (size_t)data->dims[d];
  }
  walk->slice_bytes = walk->slice_count * olstm_dtype_size(data->dtype);
  walk->batch_bytes = stride;
}

olstm_status olstm__tuple_walk_find(const olstm__tuple_walk* walk,
                                    const olstm__op_base* base, const int64_t* indices,
                                    size_t tuple, size_t* out_offset,
                                    olstm_error* error) {
  const size_t first = tuple * (size_t)walk->tuple_length;
  size_t offset =
      walk->batch_count > 1 ? tuple / walk->tuples_per_batch * walk->batch_bytes : 0;
  for (int32_t k = 0; k < walk->tuple_length; k++) {
    const size_t position = first + (size_t)k;
    int64_t index = indices[position];
    if (!olstm__index_wrap(&index, walk->dims[k])) {
      return olstm__index_fail(base, error, 1, position, indices[position],
                               walk->dims[k]);
    }
    offset += (size_t)index * walk->strides[k];
  }
  *out_offset = offset;
  return OLSTM_STATUS_OK;
}

typedef struct gather_nd_op {
  olstm__op_base base;
  int32_t batch_dims;
} gather_nd_op;

typedef struct gather_nd_handle {
  olstm__op_handle head;
  size_t tuple_count;
  int64_t item_elements;
  olstm__tuple_walk walk;
} gather_nd_handle;

static olstm_status parse_gather_nd(void* instance, olstm_error* error) {
  gather_nd_op* op = instance;
  int64_t batch_dims = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_int(op->base.node, "batch_dims", 0, &batch_dims, error));
  if (batch_dims < 0 || batch_dims >= OLSTM_MAX_RANK) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "batch_dims is %" PRId64 ", expected 0..%d", batch_dims,
                          (int)OLSTM_MAX_RANK - 1);
  }
  op->batch_dims = (int32_t)batch_dims;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__gather_nd_infer(const void* instance, const olstm_infer_args* args,
                                    olstm_tensor_desc* out_outputs, olstm_error* error) {
  const gather_nd_op* op = instance;
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  const olstm_tensor_desc* indices = &args->inputs[1]->desc;
  int32_t length = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__tuple_walk_check(&op->base, args, op->batch_dims, &length, error));
  const int32_t first_kept = op->batch_dims + length;
  olstm_tensor_desc output = {.dtype = data->dtype,
                              .rank = indices->rank - 1 + data->rank - first_kept};
  if (output.rank <= OLSTM_MAX_RANK) {
    int32_t to = 0;
    for (int32_t d = 0; d < indices->rank - 1; d++) output.dims[to++] = indices->dims[d];
    for (int32_t d = first_kept; d < data->rank; d++) output.dims[to++] = data->dims[d];
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&op->base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__gather_nd_prepare(void* instance, const olstm_prepare_args* args,
                                      olstm_prepared* out_prepared, olstm_error* error) {
  const gather_nd_op* op = instance;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(gather_nd_handle), &memory, error));
  gather_nd_handle* handle = memory;
  olstm__tuple_walk_init(&handle->walk, &args->inputs[0]->desc, &args->inputs[1]->desc,
                         op->batch_dims);
  if (olstm_tensor_desc_count(&args->outputs[0]) > 0) {
    handle->tuple_count = handle->walk.batch_count * handle->walk.tuples_per_batch;
  }
  out_prepared->handle = handle;
  out_prepared->work =
      olstm__op_copy_work(&args->outputs[0], (int64_t)handle->tuple_count *
                                                 (1 + handle->walk.tuple_length / 2));
  handle->item_elements =
      olstm__piece_elements(out_prepared->work, (int64_t)handle->tuple_count);
  return OLSTM_STATUS_OK;
}

/// One run, of which tuples are done at a time.
typedef struct nd_task {
  const gather_nd_op* op;
  const gather_nd_handle* handle;
  const olstm_run_args* args;
  atomic_bool has_failed;
} nd_task;

static void run_tuples(void* argument, int64_t begin, int64_t end) {
  nd_task* run = argument;
  const olstm__tuple_walk* walk = &run->handle->walk;
  const char* source = run->args->inputs[0];
  char* target = run->args->outputs[0];
  for (size_t t = (size_t)begin; t < (size_t)end; t++) {
    size_t offset = 0;
    if (olstm__tuple_walk_find(walk, &run->op->base, run->args->inputs[1], t, &offset,
                               NULL) != OLSTM_STATUS_OK) {
      atomic_store(&run->has_failed, true);
      return;
    }
    olstm__move_bytes(target + t * walk->slice_bytes, source + offset, walk->slice_bytes);
  }
}

olstm_status olstm__gather_nd_run(const void* instance, const void* handle,
                                  const olstm_run_args* args, olstm_error* error) {
  const gather_nd_op* op = instance;
  const gather_nd_handle* gather = handle;
  nd_task run = {op, gather, args, false};
  olstm__pieces_run(args->parallel, (int64_t)gather->tuple_count, gather->item_elements,
                    run_tuples, &run);
  if (!atomic_load(&run.has_failed)) return OLSTM_STATUS_OK;
  // The first that fails is named.
  olstm_status status = OLSTM_STATUS_OK;
  for (size_t t = 0, offset = 0; status == OLSTM_STATUS_OK; t++) {
    status = olstm__tuple_walk_find(&gather->walk, &op->base, args->inputs[1], t, &offset,
                                    error);
  }
  return status;
}

static const char* const kBatchDims[] = {"batch_dims", NULL};

const olstm__op_schema olstm__gather_nd_schema_11 = {
    .arity = {2, 2, 1}, .instance_bytes = sizeof(gather_nd_op), .parse = parse_gather_nd};
const olstm__op_schema olstm__gather_nd_schema_12 = {
    .arity = {2, 2, 1},
    .attributes = kBatchDims,
    .instance_bytes = sizeof(gather_nd_op),
    .parse = parse_gather_nd};
