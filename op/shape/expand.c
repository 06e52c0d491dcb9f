// Expand and Tile: strided copies with a source stride of 0 where it is repeated.
#include "base/tensor_size.h"
#include "op/shape/shape_ops.h"
#include "op/shape/strided_copy.h"

typedef struct expand_handle {
  olstm__op_handle head;
  olstm__strided_copy copy;
} expand_handle;

olstm_status olstm__expand_infer(const void* instance, const olstm_infer_args* args,
                                 olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__op_base* base = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  int64_t shape[OLSTM_MAX_RANK] = {0};
  size_t shape_count = 0;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_read_ints(base, args, 1, OLSTM_MAX_RANK, shape, &shape_count, error));
  const int32_t shape_rank = (int32_t)shape_count;
  const int32_t rank = shape_rank > input->rank ? shape_rank : input->rank;
  olstm_tensor_desc output = {.dtype = input->dtype, .rank = rank};
  for (int32_t d = 0; d < rank; d++) {
    const int32_t in_input = d - (rank - input->rank);
    const int32_t in_shape = d - (rank - shape_rank);
    const int64_t have = in_input < 0 ? 1 : input->dims[in_input];
    const int64_t want = in_shape < 0 ? 1 : shape[in_shape];
    if (want < 0 || (have != want && have != 1 && want != 1)) {
      return olstm__op_fail(
          base, error,
          want < 0 ? OLSTM_STATUS_INVALID_VALUE : OLSTM_STATUS_SHAPE_MISMATCH,
          "input '%s' has shape %s, which does not expand to %s",
          base->node->input_names[0], olstm_shape_text(input).text,
          olstm_dims_text(shape, shape_rank).text);
    }
    output.dims[d] = have == 1 ? want : have;
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

static olstm_status create_handle(const olstm__op_base* base,
                                  const olstm_prepare_args* args,
                                  olstm_prepared* out_prepared,
                                  expand_handle** out_handle, olstm_error* error) {
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(base, sizeof(expand_handle), &memory, error));
  *out_handle = memory;
  out_prepared->handle = memory;
  if (olstm_tensor_desc_same_shape(&args->inputs[0]->desc, &args->outputs[0])) {
    out_prepared->view_of_input = 0;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__expand_prepare(void* instance, const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error) {
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* output = &args->outputs[0];
  expand_handle* handle = NULL;
  olstm__strided_view dense;
  olstm__strided_view target;
  olstm__strided_view source = {0};
  OLSTM_RETURN_IF_ERROR(create_handle(instance, args, out_prepared, &handle, error));
  olstm__strided_view_init_dense(&dense, input->rank, input->dims);
  olstm__strided_view_init_dense(&target, output->rank, output->dims);
  const int32_t extra = output->rank - input->rank;
  for (int32_t d = extra; d < output->rank; d++) {
    if (input->dims[d - extra] != 1) source.strides[d] = dense.strides[d - extra];
  }
  olstm__strided_copy_init(&handle->copy, olstm_dtype_size(input->dtype), output->rank,
                           output->dims, &source, &target);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__expand_run(const void* instance, const void* handle,
                               const olstm_run_args* args, olstm_error* error) {
  const expand_handle* expand = handle;
  (void)instance;
  (void)error;
  olstm__strided_copy_run(&expand->copy, args->parallel, args->inputs[0],
                          args->outputs[0]);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tile_infer(const void* instance, const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  const olstm__op_base* base = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  int64_t repeats[OLSTM_MAX_RANK] = {0};
  size_t repeat_count = 0;
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(base, args, 0, base->self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_read_ints(base, args, 1, OLSTM_MAX_RANK, repeats, &repeat_count, error));
  if ((int32_t)repeat_count != input->rank) {
    return olstm__op_fail(
        base, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "repeats has %zu values, expected %d as input '%s' has dimensions", repeat_count,
        (int)input->rank, base->node->input_names[0]);
  }
  olstm_tensor_desc output = *input;
  for (int32_t d = 0; d < input->rank; d++) {
    size_t dim = 0;
    if (!olstm__size_multiply_dim((size_t)input->dims[d], repeats[d], &dim)) {
      return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                            "repeats is %s for shape %s: negative or too large",
                            olstm_dims_text(repeats, input->rank).text,
                            olstm_shape_text(input).text);
    }
    output.dims[d] = (int64_t)dim;
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

/// Every dimension becomes two: the repetitions, with a source stride of 0, and the
/// dimension itself.
olstm_status olstm__tile_prepare(void* instance, const olstm_prepare_args* args,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* output = &args->outputs[0];
  expand_handle* handle = NULL;
  olstm__strided_view dense_source;
  olstm__strided_view dense_target;
  olstm__strided_view source = {0};
  olstm__strided_view target = {0};
  int64_t dims[OLSTM__STRIDED_MAX_RANK] = {0};
  OLSTM_RETURN_IF_ERROR(create_handle(instance, args, out_prepared, &handle, error));
  olstm__strided_view_init_dense(&dense_source, input->rank, input->dims);
  olstm__strided_view_init_dense(&dense_target, output->rank, output->dims);
  for (int32_t d = 0; d < input->rank; d++) {
    const int64_t dim = input->dims[d];
    dims[2 * d] = dim ? output->dims[d] / dim : 0;
    dims[2 * d + 1] = dim;
    source.strides[2 * d + 1] = dense_source.strides[d];
    target.strides[2 * d] = dense_target.strides[d] * dim;
    target.strides[2 * d + 1] = dense_target.strides[d];
  }
  olstm__strided_copy_init(&handle->copy, olstm_dtype_size(input->dtype), 2 * input->rank,
                           dims, &source, &target);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tile_run(const void* instance, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  return olstm__expand_run(instance, handle, args, error);
}

const olstm__op_schema olstm__expand_schema = {.arity = {2, 2, 1},
                                               .instance_bytes = sizeof(olstm__op_base)};
const olstm__op_schema olstm__tile_schema = {.arity = {2, 2, 1},
                                             .instance_bytes = sizeof(olstm__op_base)};
