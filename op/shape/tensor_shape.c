// Shape and Size, which depend on the input's shape alone.
#include "op/shape/shape_ops.h"

typedef struct shape_op {
  olstm__op_base base;
  int64_t start;
  int64_t end;
} shape_op;

typedef struct shape_handle {
  olstm__op_handle head;
  size_t count;
  int64_t values[OLSTM_MAX_RANK];
} shape_handle;

static olstm_status parse_shape(void* instance, olstm_error* error) {
  shape_op* op = instance;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(op->base.node, "start", 0, &op->start, error));
  return olstm_node_get_int(op->base.node, "end", INT64_MAX, &op->end, error);
}

static int64_t clamp_axis(int64_t axis, int64_t rank) {
  const int64_t from_front = axis < 0 ? axis + rank : axis;
  return from_front < 0 ? 0 : from_front > rank ? rank : from_front;
}

olstm_status olstm__tensor_shape_infer(const void* instance, const olstm_infer_args* args,
                                       olstm_tensor_desc* out_outputs,
                                       olstm_error* error) {
  const shape_op* op = instance;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  const int64_t rank = args->inputs[0]->desc.rank;
  const int64_t count = clamp_axis(op->end, rank) - clamp_axis(op->start, rank);
  out_outputs[0] = (olstm_tensor_desc){OLSTM_DTYPE_INT64, 1, {count > 0 ? count : 0}};
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tensor_shape_prepare(void* instance, const olstm_prepare_args* args,
                                         olstm_prepared* out_prepared,
                                         olstm_error* error) {
  const shape_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(shape_handle), &memory, error));
  shape_handle* handle = memory;
  handle->count = (size_t)args->outputs[0].dims[0];
  const int64_t start = clamp_axis(op->start, input->rank);
  for (size_t i = 0; i < handle->count; i++) {
    handle->values[i] = input->dims[(size_t)start + i];
  }
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tensor_shape_run(const void* instance, const void* handle,
                                     const olstm_run_args* args, olstm_error* error) {
  const shape_handle* shape = handle;
  int64_t* output = args->outputs[0];
  (void)instance;
  (void)error;
  for (size_t i = 0; i < shape->count; i++) output[i] = shape->values[i];
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tensor_size_infer(const void* instance, const olstm_infer_args* args,
                                      olstm_tensor_desc* out_outputs,
                                      olstm_error* error) {
  const olstm__op_base* base = instance;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  out_outputs[0] = (olstm_tensor_desc){OLSTM_DTYPE_INT64, 0, {0}};
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tensor_size_prepare(void* instance, const olstm_prepare_args* args,
                                        olstm_prepared* out_prepared,
                                        olstm_error* error) {
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(instance, sizeof(shape_handle), &memory, error));
  shape_handle* handle = memory;
  handle->count = 1;
  handle->values[0] = olstm_tensor_desc_count(&args->inputs[0]->desc);
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tensor_size_run(const void* instance, const void* handle,
                                    const olstm_run_args* args, olstm_error* error) {
  return olstm__tensor_shape_run(instance, handle, args, error);
}

static const char* const kStartEnd[] = {"start", "end", NULL};

const olstm__op_schema olstm__tensor_shape_schema_1 = {
    .arity = {1, 1, 1}, .instance_bytes = sizeof(shape_op), .parse = parse_shape};
const olstm__op_schema olstm__tensor_shape_schema_15 = {
    .arity = {1, 1, 1},
    .attributes = kStartEnd,
    .instance_bytes = sizeof(shape_op),
    .parse = parse_shape};
const olstm__op_schema olstm__tensor_size_schema = {
    .arity = {1, 1, 1}, .instance_bytes = sizeof(olstm__op_base)};
