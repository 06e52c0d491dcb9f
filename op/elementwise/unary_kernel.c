// Every loop is generated from an expression in v, the value, and alpha and beta. Loops
// of real numbers are vectorised, since their arrays are long.
#include "op/elementwise/unary_kernel.h"

#include <math.h>

#include "op/math/vector_math.h"

#define SCHEMA(name, type, result, expression, pragma)                       \
  static void name(const olstm__unary_parameters* parameters, int64_t count, \
                   const void* x_data, void* y_data) {                       \
    const type* x = x_data;                                                  \
    result* y = y_data;                                                      \
    const float alpha = parameters->alpha;                                   \
    const float beta = parameters->beta;                                     \
    (void)alpha;                                                             \
    (void)beta;                                                              \
    pragma for (int64_t i = 0; i < count; i++) {                             \
      const type v = x[i];                                                   \
      y[i] = (result)(expression);                                           \
    }                                                                        \
  }

#define LOOP(name, type, result, expression) SCHEMA(name, type, result, expression, )
#define VECTOR_LOOP(name, type, result, expression) \
  SCHEMA(name, type, result, expression, _Pragma("omp simd"))

// The same expression for float and double, or one each.
#define REAL(name, single, twice)               \
  VECTOR_LOOP(name##_F32, float, float, single) \
  VECTOR_LOOP(name##_F64, double, double, twice)
#define REAL_BOTH(name, expression) REAL(name, expression, expression)

REAL_BOTH(neg, -v)
LOOP(neg_I32, int32_t, int32_t, 0u - (uint32_t)v)
LOOP(neg_I64, int64_t, int64_t, UINT64_C(0) - (uint64_t)v)
REAL(abs, fabsf(v), fabs(v))
LOOP(abs_I32, int32_t, int32_t, v < 0 ? 0u - (uint32_t)v : (uint32_t)v)
LOOP(abs_I64, int64_t, int64_t, v < 0 ? UINT64_C(0) - (uint64_t)v : (uint64_t)v)
LOOP(abs_U64, uint64_t, uint64_t, v)
REAL_BOTH(sign, v != v ? v : (v > 0) - (v < 0))
LOOP(sign_I32, int32_t, int32_t, (v > 0) - (v < 0))
LOOP(sign_I64, int64_t, int64_t, (v > 0) - (v < 0))
LOOP(sign_U64, uint64_t, uint64_t, v > 0)
REAL_BOTH(relu, v < 0 ? 0 : v)
LOOP(relu_I32, int32_t, int32_t, v < 0 ? 0 : v)
LOOP(relu_I64, int64_t, int64_t, v < 0 ? 0 : v)
LOOP(bit_not_I32, int32_t, int32_t, ~v)
LOOP(bit_not_I64, int64_t, int64_t, ~v)
LOOP(bit_not_U64, uint64_t, uint64_t, ~v)

// float's commonest functions have vectorised versions; double has libm's.
#define VECTOR(name, expression)                                                   \
  static void name##_F32(const olstm__unary_parameters* parameters, int64_t count, \
                         const void* x, void* y) {                                 \
    (void)parameters;                                                              \
    olstm__vector_##name##_f32((size_t)count, x, y);                               \
  }                                                                                \
  LOOP(name##_F64, double, double, expression)
VECTOR(exp, exp(v))
VECTOR(tanh, tanh(v))
VECTOR(sigmoid, 1 / (1 + exp(-v)))
VECTOR(erf, erf(v))
REAL(log, logf(v), log(v))
REAL(sqrt, sqrtf(v), sqrt(v))
REAL_BOTH(reciprocal, 1 / v)
REAL(floor, floorf(v), floor(v))
REAL(ceil, ceilf(v), ceil(v))
REAL(round, rintf(v), rint(v))
REAL(sin, sinf(v), sin(v))
REAL(cos, cosf(v), cos(v))
REAL(tan, tanf(v), tan(v))
REAL(asin, asinf(v), asin(v))
REAL(acos, acosf(v), acos(v))
REAL(atan, atanf(v), atan(v))
REAL(sinh, sinhf(v), sinh(v))
REAL(cosh, coshf(v), cosh(v))
REAL(asinh, asinhf(v), asinh(v))
REAL(acosh, acoshf(v), acosh(v))
REAL(atanh, atanhf(v), atanh(v))

static inline double clamp_unit(double v) {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
static inline float clamp_unit_f32(float v) {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
static inline double softplus(double v) {
  return fmax(v, 0) + log1p(exp(-fabs(v)));
}
static inline float softplus_f32(float v) {
  return fmaxf(v, 0) + log1pf(expf(-fabsf(v)));
}

// sqrt(1/2), sqrt(2/pi)
#define SQRT_HALF 0.70710678118654752440
#define SQRT_TWO_OVER_PI 0.79788456080286535588

REAL(hard_sigmoid, clamp_unit_f32(alpha* v + beta), clamp_unit(alpha* v + beta))
REAL(hard_swish, v* clamp_unit_f32(v*(1.0f / 6) + 0.5f), v* clamp_unit(v / 6 + 0.5))
REAL(swish, v / (1 + expf(-alpha * v)), v / (1 + exp(-alpha * v)))
REAL(mish, v* tanhf(softplus_f32(v)), v* tanh(softplus(v)))
REAL(gelu, 0.5f * v * (1 + erff(v * (float)SQRT_HALF)),
     0.5 * v * (1 + erf(v * SQRT_HALF)))
REAL(gelu_tanh,
     0.5f * v * (1 + tanhf((float)SQRT_TWO_OVER_PI * (v + 0.044715f * v * v * v))),
     0.5 * v * (1 + tanh(SQRT_TWO_OVER_PI * (v + 0.044715 * v * v * v))))
REAL_BOTH(leaky_relu, v < 0 ? alpha * v : v)
REAL(elu, v < 0 ? alpha * expm1f(v) : v, v < 0 ? alpha * expm1(v) : v)
REAL(selu, beta*(v < 0 ? alpha * expm1f(v) : v), beta*(v < 0 ? alpha * expm1(v) : v))
REAL(celu, v < 0 ? alpha * expm1f(v / alpha) : v, v < 0 ? alpha * expm1(v / alpha) : v)
REAL(softplus, softplus_f32(v), softplus(v))
REAL(softsign, v / (1 + fabsf(v)), v / (1 + fabs(v)))
REAL_BOTH(thresholded_relu, v > alpha ? v : 0)
REAL_BOTH(shrink, v<-alpha ? v + beta : v> alpha ? v - beta : 0)

LOOP(is_nan_F32, float, uint8_t, v != v)
LOOP(is_nan_F64, double, uint8_t, v != v)
LOOP(is_inf_F32, float, uint8_t,
     (beta != 0 && v == INFINITY) || (alpha != 0 && v == -INFINITY))
LOOP(is_inf_F64, double, uint8_t,
     (beta != 0 && v == (double)INFINITY) || (alpha != 0 && v == -(double)INFINITY))
LOOP(not_I32, int32_t, uint8_t, v == 0)

#define REAL_LANES(name) \
  [OLSTM__COMPUTE_F32] = name##_F32, [OLSTM__COMPUTE_F64] = name##_F64
#define SIGNED_LANES(name) \
  [OLSTM__COMPUTE_I32] = name##_I32, [OLSTM__COMPUTE_I64] = name##_I64
#define WHOLE_LANES(name) SIGNED_LANES(name), [OLSTM__COMPUTE_U64] = name##_U64

static const olstm__unary_kernel kKernels[OLSTM__UNARY_CODE_COUNT][OLSTM__COMPUTE_COUNT] =
    {
        [OLSTM__UNARY_NEG] = {REAL_LANES(neg), SIGNED_LANES(neg)},
        [OLSTM__UNARY_ABS] = {REAL_LANES(abs), WHOLE_LANES(abs)},
        [OLSTM__UNARY_SIGN] = {REAL_LANES(sign), WHOLE_LANES(sign)},
        [OLSTM__UNARY_RELU] = {REAL_LANES(relu), SIGNED_LANES(relu)},
        [OLSTM__UNARY_BIT_NOT] = {WHOLE_LANES(bit_not)},
        [OLSTM__UNARY_EXP] = {REAL_LANES(exp)},
        [OLSTM__UNARY_LOG] = {REAL_LANES(log)},
        [OLSTM__UNARY_SQRT] = {REAL_LANES(sqrt)},
        [OLSTM__UNARY_RECIPROCAL] = {REAL_LANES(reciprocal)},
        [OLSTM__UNARY_FLOOR] = {REAL_LANES(floor)},
        [OLSTM__UNARY_CEIL] = {REAL_LANES(ceil)},
        [OLSTM__UNARY_ROUND] = {REAL_LANES(round)},
        [OLSTM__UNARY_ERF] = {REAL_LANES(erf)},
        [OLSTM__UNARY_SIN] = {REAL_LANES(sin)},
        [OLSTM__UNARY_COS] = {REAL_LANES(cos)},
        [OLSTM__UNARY_TAN] = {REAL_LANES(tan)},
        [OLSTM__UNARY_ASIN] = {REAL_LANES(asin)},
        [OLSTM__UNARY_ACOS] = {REAL_LANES(acos)},
        [OLSTM__UNARY_ATAN] = {REAL_LANES(atan)},
        [OLSTM__UNARY_SINH] = {REAL_LANES(sinh)},
        [OLSTM__UNARY_COSH] = {REAL_LANES(cosh)},
        [OLSTM__UNARY_TANH] = {REAL_LANES(tanh)},
        [OLSTM__UNARY_ASINH] = {REAL_LANES(asinh)},
        [OLSTM__UNARY_ACOSH] = {REAL_LANES(acosh)},
        [OLSTM__UNARY_ATANH] = {REAL_LANES(atanh)},
        [OLSTM__UNARY_SIGMOID] = {REAL_LANES(sigmoid)},
        [OLSTM__UNARY_HARD_SIGMOID] = {REAL_LANES(hard_sigmoid)},
        [OLSTM__UNARY_HARD_SWISH] = {REAL_LANES(hard_swish)},
        [OLSTM__UNARY_SWISH] = {REAL_LANES(swish)},
        [OLSTM__UNARY_MISH] = {REAL_LANES(mish)},
        [OLSTM__UNARY_GELU] = {REAL_LANES(gelu)},
        [OLSTM__UNARY_GELU_TANH] = {REAL_LANES(gelu_tanh)},
        [OLSTM__UNARY_LEAKY_RELU] = {REAL_LANES(leaky_relu)},
        [OLSTM__UNARY_ELU] = {REAL_LANES(elu)},
        [OLSTM__UNARY_SELU] = {REAL_LANES(selu)},
        [OLSTM__UNARY_CELU] = {REAL_LANES(celu)},
        [OLSTM__UNARY_SOFTPLUS] = {REAL_LANES(softplus)},
        [OLSTM__UNARY_SOFTSIGN] = {REAL_LANES(softsign)},
        [OLSTM__UNARY_THRESHOLDED_RELU] = {REAL_LANES(thresholded_relu)},
        [OLSTM__UNARY_SHRINK] = {REAL_LANES(shrink)},
        [OLSTM__UNARY_IS_NAN] = {REAL_LANES(is_nan)},
        [OLSTM__UNARY_IS_INF] = {REAL_LANES(is_inf)},
        [OLSTM__UNARY_NOT] = {[OLSTM__COMPUTE_I32] = not_I32},
};

olstm__unary_kernel olstm__unary_kernel_find(olstm__unary_code code,
                                             olstm__compute_type compute_type) {
  return kKernels[code][compute_type];
}
