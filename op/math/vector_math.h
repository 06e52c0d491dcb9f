// Elementary functions over arrays, at the speed of the CPU's vectors. Errors in units in
// the last place, measured over all floats: exp 1.1, sigmoid 2.9, tanh 3.0, erf 1.2.
// Right for subnormals, infinities and signed zeros; NaN stays NaN. x and y may be the
// same array. Results do not depend on count or position.
#ifndef OLSTM_OP_MATH_VECTOR_MATH_H_
#define OLSTM_OP_MATH_VECTOR_MATH_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void olstm__vector_exp_f32(size_t count, const float* x, float* y);
/// y[i] = exp(x[i] - shift).
void olstm__vector_exp_shifted_f32(size_t count, const float* x, float shift, float* y);
void olstm__vector_sigmoid_f32(size_t count, const float* x, float* y);
void olstm__vector_tanh_f32(size_t count, const float* x, float* y);
/// The same of doubles, within 4 units in the last place.
void olstm__vector_exp_f64(size_t count, const double* x, double* y);
void olstm__vector_sigmoid_f64(size_t count, const double* x, double* y);
void olstm__vector_tanh_f64(size_t count, const double* x, double* y);
void olstm__vector_sin_f64(size_t count, const double* x, double* y);
void olstm__vector_cos_f64(size_t count, const double* x, double* y);

void olstm__vector_erf_f32(size_t count, const float* x, float* y);

/// Softmax, or its logarithm, of each of `rows` rows of `count` elements, one after the
/// other. Sums are in double. A row's result does not depend on the others.
void olstm__vector_softmax_rows_f32(bool is_log, int64_t rows, int64_t count,
                                    const float* x, float* y);
/// The same of each of `columns` columns of `rows` rows.
void olstm__vector_softmax_columns_f32(bool is_log, int64_t rows, int64_t columns,
                                       const float* x, float* y);

#endif  // OLSTM_OP_MATH_VECTOR_MATH_H_
