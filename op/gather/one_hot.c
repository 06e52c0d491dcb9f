// OneHot: for every index a row of `off` with one `on`; an index out of range gives a row
// of `off`.
#include <string.h>

#include "op/gather/gather_ops.h"
#include "op/gather/index_list.h"
#include "op/shape/convert.h"
#include "op/shape/move_bytes.h"

typedef struct one_hot_op {
  olstm__op_base base;
  int64_t axis;
} one_hot_op;

typedef struct one_hot_handle {
  olstm__op_handle head;
  olstm_dtype index_dtype;
  size_t index_bytes;
  size_t element_bytes;
  int64_t depth;
  /// Of the indices before and after the new axis.
  size_t outer_count;
  size_t inner_count;
} one_hot_handle;

static olstm_status parse_one_hot(void* instance, olstm_error* error) {
  one_hot_op* op = instance;
  return olstm_node_get_int(op->base.node, "axis", -1, &op->axis, error);
}

static olstm_status read_depth(const olstm__op_base* base, const olstm_infer_args* args,
                               int64_t* out_depth, olstm_error* error) {
  const olstm_tensor* depth = args->inputs[1];
  const char* name = base->node->input_names[1];
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(base, args, 1, OLSTM__DTYPES_NUMERIC, error));
  if (olstm_tensor_desc_count(&depth->desc) != 1) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected a scalar", name,
                          olstm_shape_text(&depth->desc).text);
  }
  if (!depth->data) {
    return olstm__op_fail(base, error, OLSTM_STATUS_NEEDS_DATA,
                          "the values of input '%s' are not known yet", name);
  }
  olstm__convert(depth->desc.dtype, OLSTM_DTYPE_INT64, depth->data, out_depth, 1);
  if (*out_depth >= 0) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                        "input '%s' is %" PRId64 ", expected a positive depth", name,
                        *out_depth);
}

olstm_status olstm__one_hot_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error) {
  const one_hot_op* op = instance;
  const olstm_tensor_desc* indices = &args->inputs[0]->desc;
  const olstm_tensor_desc* values = &args->inputs[2]->desc;
  int64_t depth = 0;
  int32_t axis = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 2, OLSTM__DTYPES_ALL, error));
  if (values->rank != 1 || values->dims[0] != 2) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected [2]",
                          op->base.node->input_names[2], olstm_shape_text(values).text);
  }
  OLSTM_RETURN_IF_ERROR(read_depth(&op->base, args, &depth, error));
  OLSTM_RETURN_IF_ERROR(olstm__op_normalize_axis(&op->base, "axis", op->axis,
                                                 indices->rank + 1, &axis, error));
  olstm_tensor_desc output = {.dtype = values->dtype, .rank = indices->rank + 1};
  for (int32_t d = 0, from = 0; d < output.rank && output.rank <= OLSTM_MAX_RANK; d++) {
    output.dims[d] = d == axis ? depth : indices->dims[from++];
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&op->base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

enum { kUnitsPerIndex = 192 };

olstm_status olstm__one_hot_prepare(void* instance, const olstm_prepare_args* args,
                                    olstm_prepared* out_prepared, olstm_error* error) {
  const one_hot_op* op = instance;
  const olstm_tensor_desc* indices = &args->inputs[0]->desc;
  const olstm_tensor_desc* output = &args->outputs[0];
  int32_t axis = 0;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_normalize_axis(&op->base, "axis", op->axis, output->rank, &axis, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(one_hot_handle), &memory, error));
  one_hot_handle* handle = memory;
  handle->index_dtype = indices->dtype;
  handle->index_bytes = olstm_dtype_size(indices->dtype);
  handle->element_bytes = olstm_dtype_size(output->dtype);
  handle->depth = output->dims[axis];
  if (olstm_tensor_desc_count(output) > 0) {
    handle->outer_count = 1;
    handle->inner_count = 1;
    for (int32_t d = 0; d < indices->rank; d++) {
      *(d < axis ? &handle->outer_count : &handle->inner_count) *=
          (size_t)indices->dims[d];
    }
  }
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_element_work(
      "OneHot", args, olstm_tensor_desc_count(indices), kUnitsPerIndex);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__one_hot_run(const void* instance, const void* handle,
                                const olstm_run_args* args, olstm_error* error) {
  const one_hot_handle* hot = handle;
  const size_t bytes = hot->element_bytes;
  const char* off_value = args->inputs[2];
  const char* on_value = off_value + bytes;
  const char* indices = args->inputs[0];
  char* output = args->outputs[0];
  const size_t block = (size_t)hot->depth * hot->inner_count;
  (void)instance;
  (void)error;
  olstm__fill_elements(output, hot->outer_count * block, bytes, off_value);
  for (size_t o = 0; o < hot->outer_count; o++) {
    for (size_t i = 0; i < hot->inner_count; i++) {
      int64_t index = 0;
      const char* from = indices + (o * hot->inner_count + i) * hot->index_bytes;
      if (hot->index_dtype == OLSTM_DTYPE_INT64) {
        memcpy(&index, from, sizeof index);
      } else {
        olstm__convert(hot->index_dtype, OLSTM_DTYPE_INT64, from, &index, 1);
      }
      if (!olstm__index_wrap(&index, hot->depth)) continue;
      olstm__move_bytes(
          output + (o * block + (size_t)index * hot->inner_count + i) * bytes, on_value,
          bytes);
    }
  }
  return OLSTM_STATUS_OK;
}

static const char* const kAxis[] = {"axis", NULL};

const olstm__op_schema olstm__one_hot_schema = {.arity = {3, 3, 1},
                                                .attributes = kAxis,
                                                .instance_bytes = sizeof(one_hot_op),
                                                .parse = parse_one_hot};
