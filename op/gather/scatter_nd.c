// ScatterND: a copy of the data in which slices are replaced by, or reduced with,
// updates.
#include <string.h>

#include "op/gather/gather_nd.h"
#include "op/gather/gather_ops.h"
#include "op/gather/scatter_reduce.h"
#include "op/shape/move_bytes.h"

/// Of work: of a tuple and each of its indices.
enum { kUnitsPerTuple = 40, kUnitsPerIndex = 24 };

/// The number of reductions that an opset has: none; with add and mul; with max and min.
enum { kOnlyNone = 1, kHasMul = 3, kHasMin = 5 };

typedef struct scatter_nd_op {
  olstm__op_base base;
  olstm__scatter_reduction reduction;
} scatter_nd_op;

typedef struct scatter_nd_handle {
  olstm__op_handle head;
  size_t data_bytes;
  size_t tuple_count;
  olstm__scatter_function reduce;
  olstm__tuple_walk walk;
} scatter_nd_handle;

static olstm_status parse_scatter_nd(void* instance, olstm_error* error) {
  scatter_nd_op* op = instance;
  const olstm__op_schema* schema = op->base.self->variant;
  return olstm__scatter_parse(&op->base, (size_t)schema->code, &op->reduction, error);
}

olstm_status olstm__scatter_nd_infer(const void* instance, const olstm_infer_args* args,
                                     olstm_tensor_desc* out_outputs, olstm_error* error) {
  const scatter_nd_op* op = instance;
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  const olstm_tensor_desc* indices = &args->inputs[1]->desc;
  const olstm_tensor_desc* updates = &args->inputs[2]->desc;
  int32_t length = 0;
  OLSTM_RETURN_IF_ERROR(olstm__tuple_walk_check(&op->base, args, 0, &length, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_check_same_dtype(&op->base, args, 2, 0, error));
  int64_t expected[2 * OLSTM_MAX_RANK];
  int32_t rank = 0;
  for (int32_t d = 0; d < indices->rank - 1; d++) expected[rank++] = indices->dims[d];
  for (int32_t d = length; d < data->rank; d++) expected[rank++] = data->dims[d];
  bool fits = updates->rank == rank;
  for (int32_t d = 0; fits && d < rank; d++) fits = updates->dims[d] == expected[d];
  if (!fits) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected %s",
                          op->base.node->input_names[2], olstm_shape_text(updates).text,
                          olstm_dims_text(expected, rank).text);
  }
  out_outputs[0] = *data;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__scatter_nd_prepare(void* instance, const olstm_prepare_args* args,
                                       olstm_prepared* out_prepared, olstm_error* error) {
  const scatter_nd_op* op = instance;
  const olstm_tensor_desc* data = &args->inputs[0]->desc;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(scatter_nd_handle), &memory, error));
  scatter_nd_handle* handle = memory;
  (void)olstm_tensor_desc_bytes(data, &handle->data_bytes);
  handle->reduce = olstm__scatter_find(op->reduction, data->dtype);
  olstm__tuple_walk_init(&handle->walk, data, &args->inputs[1]->desc, 0);
  if (olstm_tensor_desc_count(&args->inputs[2]->desc) > 0) {
    handle->tuple_count = handle->walk.tuples_per_batch;
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(
      "ScatterND", args, (int64_t)handle->tuple_count,
      kUnitsPerTuple + (int64_t)handle->walk.tuple_length * kUnitsPerIndex);
  out_prepared->inplace_inputs = 1;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__scatter_nd_run(const void* instance, const void* handle,
                                   const olstm_run_args* args, olstm_error* error) {
  const scatter_nd_op* op = instance;
  const scatter_nd_handle* scatter = handle;
  const size_t slice_bytes = scatter->walk.slice_bytes;
  const char* updates = args->inputs[2];
  char* target = args->outputs[0];
  if (scatter->data_bytes && target != args->inputs[0]) {
    memcpy(target, args->inputs[0], scatter->data_bytes);
  }
  for (size_t t = 0; t < scatter->tuple_count; t++) {
    size_t offset = 0;
    OLSTM_RETURN_IF_ERROR(olstm__tuple_walk_find(&scatter->walk, &op->base,
                                                 args->inputs[1], t, &offset, error));
    if (scatter->reduce) {
      scatter->reduce(target + offset, updates + t * slice_bytes,
                      scatter->walk.slice_count);
    } else {
      olstm__move_bytes(target + offset, updates + t * slice_bytes, slice_bytes);
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kReduction[] = {"reduction", NULL};

const olstm__op_schema olstm__scatter_nd_schema_11 = {
    .arity = {3, 3, 1},
    .instance_bytes = sizeof(scatter_nd_op),
    .parse = parse_scatter_nd,
    .code = kOnlyNone};
const olstm__op_schema olstm__scatter_nd_schema_16 = {
    .arity = {3, 3, 1},
    .attributes = kReduction,
    .instance_bytes = sizeof(scatter_nd_op),
    .parse = parse_scatter_nd,
    .code = kHasMul};
const olstm__op_schema olstm__scatter_nd_schema_18 = {
    .arity = {3, 3, 1},
    .attributes = kReduction,
    .instance_bytes = sizeof(scatter_nd_op),
    .parse = parse_scatter_nd,
    .code = kHasMin};
