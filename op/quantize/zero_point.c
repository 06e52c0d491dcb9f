// Conversions go block by block through the compute types.
#include "op/quantize/zero_point.h"

#include "op/elementwise/compute_type.h"

olstm__quantize_operand olstm__quantize_operand_of(const olstm__op_base* base,
                                                   const olstm_tensor_desc* descs,
                                                   const void* const* inputs,
                                                   size_t index) {
  olstm__quantize_operand operand = {NULL, OLSTM_DTYPE_UNDEFINED, 0};
  if (!olstm_node_has_input(base->node, index)) return operand;
  operand.data = inputs[index];
  operand.dtype = descs[index].dtype;
  operand.step = olstm_tensor_desc_count(&descs[index]) == 1 ? 0 : 1;
  return operand;
}

double olstm__quantize_operand_get(const olstm__quantize_operand* operand,
                                   int64_t index) {
  const int64_t at = index * operand->step;
  double value = 0;
  if (!operand->data) return 0;
  // The commonest without a call for each.
  if (operand->dtype == OLSTM_DTYPE_FLOAT) return ((const float*)operand->data)[at];
  if (operand->dtype == OLSTM_DTYPE_INT32) return ((const int32_t*)operand->data)[at];
  olstm__compute_load(
      OLSTM__COMPUTE_F64, operand->dtype, 1,
      (const char*)operand->data + (size_t)at * olstm_dtype_size(operand->dtype), &value);
  return value;
}

olstm_status olstm__quantize_operand_check(const olstm__op_base* base,
                                           const olstm_infer_args* args, size_t index,
                                           int64_t count, olstm_error* error) {
  if (!olstm_node_has_input(base->node, index)) return OLSTM_STATUS_OK;
  const olstm_tensor_desc* desc = &args->inputs[index]->desc;
  if (olstm_tensor_desc_count(desc) == 1 || (desc->rank == 1 && desc->dims[0] == count)) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, expected a scalar or [%" PRId64 "]",
                        base->node->input_names[index], olstm_shape_text(desc).text,
                        count);
}

void olstm__take_off_zero(olstm_dtype dtype, int64_t rows, int64_t columns, const void* x,
                          const olstm__quantize_operand* zero, bool by_column,
                          double* y) {
  const size_t element_bytes = olstm_dtype_size(dtype);
  const char* from = x;
  for (int64_t r = 0; r < rows; r++) {
    olstm__compute_load(OLSTM__COMPUTE_F64, dtype, columns, from, y);
    if (by_column && zero->step) {
      for (int64_t c = 0; c < columns; c++) y[c] -= olstm__quantize_operand_get(zero, c);
    } else if (zero->data) {
      const double value = olstm__quantize_operand_get(zero, r);
      for (int64_t c = 0; c < columns; c++) y[c] -= value;
    }
    from += (size_t)columns * element_bytes;
    y += columns;
  }
}
