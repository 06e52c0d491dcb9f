// Scales and zero points of quantized operators, and quantized tensors as integers held
// in double, which holds sums of products exactly.
#ifndef OLSTM_OP_QUANTIZE_ZERO_POINT_H_
#define OLSTM_OP_QUANTIZE_ZERO_POINT_H_

#include "op/op_support.h"

#define OLSTM__DTYPES_QUANTIZED_8 \
  (OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT8) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT8))

/// A scale or zero point: one for all, or one for each row or column.
typedef struct olstm__quantize_operand {
  /// NULL: 0.
  const void* data;
  olstm_dtype dtype;
  /// Elements from one to the next: 0 or 1.
  int64_t step;
} olstm__quantize_operand;

/// Input `index` as an operand; zero where it is absent.
olstm__quantize_operand olstm__quantize_operand_of(const olstm__op_base* base,
                                                   const olstm_tensor_desc* descs,
                                                   const void* const* inputs,
                                                   size_t index);

/// Its value for a row or column.
double olstm__quantize_operand_get(const olstm__quantize_operand* operand, int64_t index);

/// Refuses an operand (absent is fine) that is neither a scalar nor a list of `count`.
olstm_status olstm__quantize_operand_check(const olstm__op_base* base,
                                           const olstm_infer_args* args, size_t index,
                                           int64_t count, olstm_error* error);

/// y[r * columns + c] = x[r * columns + c] - zero, the zero of the row or of the column.
/// [no-alloc]
void olstm__take_off_zero(olstm_dtype dtype, int64_t rows, int64_t columns, const void* x,
                          const olstm__quantize_operand* zero, bool by_column, double* y);

#endif  // OLSTM_OP_QUANTIZE_ZERO_POINT_H_
