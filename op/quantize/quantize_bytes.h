// Arrays of floats to integers of 8 and 16 bits and back, and sums of products of bytes
// to bytes.
#ifndef OLSTM_OP_QUANTIZE_QUANTIZE_BYTES_H_
#define OLSTM_OP_QUANTIZE_QUANTIZE_BYTES_H_

#include "olstm/tensor.h"

/// Scales and zero points, as floats: one for all elements, or one each (step 1).
typedef struct olstm__byte_scale {
  const float *scales, *zeros;
  int64_t step;
} olstm__byte_scale;

/// y = round(x / scale) + zero of rows of `count` elements, saturated, for UINT8, INT8,
/// UINT16 or INT16 (`dtype`); halves go to even, and NaN becomes 0. The quotient is
/// rounded to float first. With step 0 each row has the next scale and zero point, with
/// step 1 there is one row. [no-alloc]
void olstm__quantize_bytes(int64_t rows, int64_t count, const float* x,
                           const olstm__byte_scale* scale, olstm_dtype dtype, void* y);

/// y = (x - zero) * scale, for UINT8, INT8, UINT16, INT16 or INT32, rounded once.
/// [no-alloc]
void olstm__dequantize_bytes(int64_t count, const void* x, const olstm__byte_scale* scale,
                             olstm_dtype dtype, float* y);

/// Lowers *least and raises *most to those of x. False where x has what is no finite
/// number. [no-alloc]
bool olstm__find_range(int64_t count, const float* x, float* least, float* most);

/// Factors: one for all elements, or one for each column (step 1).
typedef struct olstm__byte_factors {
  const double* values;
  /// The same as floats; not read where there is one.
  const float* floats;
  int64_t step;
  /// Whether all of them are finite numbers; and whether x are integers held in floats.
  bool are_finite, are_floats;
  /// What is added to every x, which wraps.
  int32_t bias;
} olstm__byte_factors;

/// y = round((x + bias) * factor) + zero, saturated, for UINT8 or INT8, of rows of int32
/// (or of floats: are_floats) that are x_step apart, and without gaps in y; halves go to
/// even, and NaN becomes 0. [no-alloc]
void olstm__requantize(int64_t rows, int64_t columns, const void* x, int64_t x_step,
                       const olstm__byte_factors* factors, float zero, olstm_dtype dtype,
                       void* y);

#endif  // OLSTM_OP_QUANTIZE_QUANTIZE_BYTES_H_
