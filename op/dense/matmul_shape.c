// Batch dimensions are broadcast separately from the matrices.
#include "op/dense/matmul_shape.h"

#include "op/dense/product.h"

/// The right-hand side is input 1 or 3.
enum { kMaxInputs = 4 };

olstm__matmul_operand olstm__matmul_view(const olstm_tensor_desc* desc, bool is_left) {
  olstm__matmul_operand view = {.batch = *desc, .rows = 1, .columns = 1};
  if (desc->rank == 1) {
    view.batch.rank = 0;
    *(is_left ? &view.columns : &view.rows) = desc->dims[0];
  } else {
    view.batch.rank = desc->rank - 2;
    view.rows = desc->dims[desc->rank - 2];
    view.columns = desc->dims[desc->rank - 1];
  }
  return view;
}

olstm_status olstm__matmul_infer(const olstm__op_base* base, const olstm_infer_args* args,
                                 size_t a, size_t b, olstm_tensor_desc* out_y,
                                 olstm_error* error) {
  const olstm_tensor_desc* a_desc = &args->inputs[a]->desc;
  const olstm_tensor_desc* b_desc = &args->inputs[b]->desc;
  const char* const* names = base->node->input_names;
  if (a_desc->rank == 0 || b_desc->rank == 0) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' is a scalar, expected a vector or matrices",
                          names[a_desc->rank == 0 ? a : b]);
  }
  const olstm__matmul_operand left = olstm__matmul_view(a_desc, true);
  const olstm__matmul_operand right = olstm__matmul_view(b_desc, false);
  if (left.columns != right.rows) {
    return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "input '%s' has shape %s, expected %" PRId64
                          " rows as '%s' %s has columns",
                          names[b], olstm_shape_text(b_desc).text, left.columns, names[a],
                          olstm_shape_text(a_desc).text);
  }
  // Messages about batches that do not fit name inputs by their index.
  olstm_tensor batches[] = {{.desc = left.batch}, {.desc = right.batch}};
  const olstm_tensor* inputs[kMaxInputs] = {NULL};
  inputs[b - 1] = &batches[0];
  inputs[b] = &batches[1];
  const olstm_infer_args batch_args = {
      .struct_size = sizeof batch_args, .input_count = b + 1, .inputs = inputs};
  out_y->dtype = a_desc->dtype;
  OLSTM_RETURN_IF_ERROR(
      olstm__broadcast_infer(base, &batch_args, b - 1, 2, out_y, error));
  if (a_desc->rank > 1) out_y->dims[out_y->rank++] = left.rows;
  if (b_desc->rank > 1) out_y->dims[out_y->rank++] = right.columns;
  return olstm__op_check_output(base, out_y, error);
}

void olstm__matmul_plan_init(olstm__matmul_plan* plan, const olstm_tensor_desc* a,
                             const olstm_tensor_desc* b, const olstm_tensor_desc* y,
                             bool merges_rows) {
  olstm__matmul_operand left = olstm__matmul_view(a, true);
  olstm__matmul_operand right = olstm__matmul_view(b, false);
  olstm_tensor_desc batch = *y;
  batch.rank -= (a->rank > 1) + (b->rank > 1);
  if (merges_rows && olstm_tensor_desc_count(&right.batch) == 1) {
    left.rows *= olstm_tensor_desc_count(&left.batch);
    left.batch.rank = 0;
    right.batch.rank = 0;
    batch.rank = 0;
  }
  const olstm_tensor_desc* const descs[] = {&left.batch, &right.batch};
  olstm__broadcast_init(&plan->batch, &batch, descs, 2);
  plan->m = left.rows;
  plan->k = left.columns;
  plan->n = right.columns;
}

uint64_t olstm__matmul_work(const olstm__matmul_plan* plan, olstm_dtype dtype,
                            bool packs) {
  const olstm__product product = {dtype, plan->m, plan->k, plan->n};
  return olstm__product_units(&product, plan->batch.run_count * plan->batch.run_length,
                              packs);
}
