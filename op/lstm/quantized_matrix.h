// Products of float rows with an 8-bit matrix: the rows are quantised to uint8 with one
// scale and zero point, as DynamicQuantizeLinear does, and multiplied as integers.
#ifndef OLSTM_OP_LSTM_QUANTIZED_MATRIX_H_
#define OLSTM_OP_LSTM_QUANTIZED_MATRIX_H_

#include <stdbool.h>
#include <stdint.h>

/// [k,n], row-major, int8 or uint8: element (p,j) stands for scale[j] * (data - zero[j]).
typedef struct olstm__quantized_matrix {
  int64_t k, n;
  bool is_signed;
  const void* data;
  /// One for all columns, or one each.
  const float* scales;
  int64_t scale_count;
  /// NULL for zeros; otherwise of the data's type, one for all columns or one each.
  const void* zero_points;
  int64_t zero_point_count;
} olstm__quantized_matrix;

/// The longest sum that cannot overflow: k is at most this.
enum { OLSTM__QUANTIZED_MAX_K = 33024 };

/// c [m,n] = quantised(a [m,k]) * b, or adds to c.
///
/// quantized: room for m*k bytes; sums: room for n int32. [no-alloc]
void olstm__quantized_product(const olstm__quantized_matrix* b, int64_t m, const float* a,
                              bool accumulate, float* c, uint8_t* quantized,
                              int32_t* sums);

#endif  // OLSTM_OP_LSTM_QUANTIZED_MATRIX_H_
