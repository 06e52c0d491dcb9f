// Transpose: a strided copy, or no copy at all where only dimensions of 1 move.
#include "op/shape/shape_ops.h"
#include "op/shape/strided_copy.h"

typedef struct transpose_op {
  olstm__op_base base;
  bool has_perm;
  size_t perm_count;
  int64_t perm[OLSTM_MAX_RANK];
} transpose_op;

typedef struct transpose_handle {
  olstm__op_handle head;
  olstm__strided_copy copy;
} transpose_handle;

static olstm_status parse_transpose(void* instance, olstm_error* error) {
  transpose_op* op = instance;
  uint32_t seen = 0;
  OLSTM_RETURN_IF_ERROR(olstm__op_copy_ints(&op->base, "perm", OLSTM_MAX_RANK, op->perm,
                                            &op->perm_count, &op->has_perm, error));
  for (size_t i = 0; i < op->perm_count; i++) {
    const int64_t axis = op->perm[i];
    if (axis < 0 || axis >= (int64_t)op->perm_count || (seen & (1u << axis))) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                            "perm %s is not a permutation of 0..%d",
                            olstm_dims_text(op->perm, (int32_t)op->perm_count).text,
                            (int)op->perm_count - 1);
    }
    seen |= 1u << axis;
  }
  return OLSTM_STATUS_OK;
}

static int32_t source_axis(const transpose_op* op, int32_t rank, int32_t d) {
  return op->has_perm ? (int32_t)op->perm[d] : rank - 1 - d;
}

olstm_status olstm__transpose_infer(const void* instance, const olstm_infer_args* args,
                                    olstm_tensor_desc* out_outputs, olstm_error* error) {
  const transpose_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  if (op->has_perm && (int32_t)op->perm_count != input->rank) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected %zu dimensions from perm %s",
                          op->base.node->input_names[0], olstm_shape_text(input).text,
                          op->perm_count,
                          olstm_dims_text(op->perm, (int32_t)op->perm_count).text);
  }
  out_outputs[0] = (olstm_tensor_desc){.dtype = input->dtype, .rank = input->rank};
  for (int32_t d = 0; d < input->rank; d++) {
    out_outputs[0].dims[d] = input->dims[source_axis(op, input->rank, d)];
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__transpose_prepare(void* instance, const olstm_prepare_args* args,
                                      olstm_prepared* out_prepared, olstm_error* error) {
  const transpose_op* op = instance;
  const olstm_tensor_desc* input = &args->inputs[0]->desc;
  const olstm_tensor_desc* output = &args->outputs[0];
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(transpose_handle), &memory, error));
  transpose_handle* handle = memory;
  olstm__strided_view dense;
  olstm__strided_view target;
  olstm__strided_view source = {0};
  olstm__strided_view_init_dense(&dense, input->rank, input->dims);
  olstm__strided_view_init_dense(&target, output->rank, output->dims);
  for (int32_t d = 0; d < output->rank; d++) {
    source.strides[d] = dense.strides[source_axis(op, input->rank, d)];
  }
  olstm__strided_copy_init(&handle->copy, olstm_dtype_size(input->dtype), output->rank,
                           output->dims, &source, &target);
  if (olstm__strided_copy_is_plain(&handle->copy)) out_prepared->view_of_input = 0;
  out_prepared->handle = handle;
  out_prepared->work = olstm__op_work_sum(olstm__op_copy_work(output, 0),
                                          olstm__strided_copy_work(&handle->copy));
  return OLSTM_STATUS_OK;
}

olstm_status olstm__transpose_run(const void* instance, const void* handle,
                                  const olstm_run_args* args, olstm_error* error) {
  const transpose_handle* transpose = handle;
  (void)instance;
  (void)error;
  olstm__strided_copy_run(&transpose->copy, args->parallel, args->inputs[0],
                          args->outputs[0]);
  return OLSTM_STATUS_OK;
}

static const char* const kPerm[] = {"perm", NULL};

const olstm__op_schema olstm__transpose_schema = {.arity = {1, 1, 1},
                                                  .attributes = kPerm,
                                                  .instance_bytes = sizeof(transpose_op),
                                                  .parse = parse_transpose};
