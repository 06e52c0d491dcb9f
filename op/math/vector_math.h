// Elementary functions over arrays, at the speed of the CPU's vectors: float with errors
// of a few ulp (stated per function and tested over the whole float range), double at
// libm's accuracy. x and y may be the same array. Results do not depend on count or
// position. NaN stays NaN.
#ifndef OLSTM_OP_MATH_VECTOR_MATH_H_
#define OLSTM_OP_MATH_VECTOR_MATH_H_

#include <stddef.h>

void olstm__vector_exp_f32(size_t count, const float* x, float* y);
void olstm__vector_sigmoid_f32(size_t count, const float* x, float* y);
void olstm__vector_tanh_f32(size_t count, const float* x, float* y);
void olstm__vector_erf_f32(size_t count, const float* x, float* y);

#endif  // OLSTM_OP_MATH_VECTOR_MATH_H_
