// Every loop is generated from an expression in v, the value, and alpha and beta. Loops
// of real numbers are vectorised, since their arrays are long.
#include "op/elementwise/unary_kernel.h"

#include <math.h>
#include <string.h>

#include "op/elementwise/element_groups.h"
#include "op/math/cpu.h"
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

// A loop of element_blocks.h.
#define BLOCKS(name, loop)                                                   \
  static void name(const olstm__unary_parameters* parameters, int64_t count, \
                   const void* x, void* y) {                                 \
    (void)parameters;                                                        \
    olstm__unary_groups_run(OLSTM__BLOCKS_##loop, count, x, y);              \
  }
#define SIGNED_BLOCKS(name, loop) \
  BLOCKS(name##_I32, loop##_I32)  \
  BLOCKS(name##_I64, loop##_I64)
SIGNED_BLOCKS(neg, NEG)
SIGNED_BLOCKS(abs, ABS)
SIGNED_BLOCKS(sign, SIGN)
SIGNED_BLOCKS(relu, RELU)
SIGNED_BLOCKS(bit_not, BIT_NOT)
VECTOR_LOOP(neg_F64, double, double, -v)
BLOCKS(abs_F64, ABS_F64)
BLOCKS(sign_F64, SIGN_F64)
BLOCKS(relu_F64, RELU_F64)
LOOP(abs_U64, uint64_t, uint64_t, v)
LOOP(sign_U64, uint64_t, uint64_t, v > 0)

// The commonest functions have vectorised versions; double has libm's of the others.
#define VECTOR(name, lane, function)                                                  \
  static void name##_##lane(const olstm__unary_parameters* parameters, int64_t count, \
                            const void* x, void* y) {                                 \
    (void)parameters;                                                                 \
    olstm__vector_##name##_##function((size_t)count, x, y);                           \
  }
#define VECTOR_BOTH(name) VECTOR(name, F32, f32) VECTOR(name, F64, f64)
VECTOR_BOTH(exp)
VECTOR_BOTH(tanh)
VECTOR_BOTH(sigmoid)
VECTOR(erf, F32, f32)

// A function of libm: one loop for all.
#define EACH(type)                                                              \
  static void each_##type(type (*function)(type), int64_t count, const type* x, \
                          type* y) {                                            \
    for (int64_t i = 0; i < count; i++) y[i] = function(x[i]);                  \
  }
EACH(float)
EACH(double)
#define LIBM(name, lane, type, function)                                              \
  static void name##_##lane(const olstm__unary_parameters* parameters, int64_t count, \
                            const void* x, void* y) {                                 \
    (void)parameters;                                                                 \
    each_##type(function, count, x, y);                                               \
  }
LIBM(erf, F64, double, erf)
LIBM(log, F64, double, log)
BLOCKS(sqrt_F64, SQRT_F64)
VECTOR_LOOP(reciprocal_F64, double, double, 1 / v)
BLOCKS(floor_F64, FLOOR_F64)
BLOCKS(ceil_F64, CEIL_F64)
BLOCKS(round_F64, ROUND_F64)
VECTOR(sin, F64, f64)
VECTOR(cos, F64, f64)
LIBM(tan, F64, double, tan)
LIBM(asin, F64, double, asin)
LIBM(acos, F64, double, acos)
LIBM(atan, F64, double, atan)
LIBM(sinh, F64, double, sinh)
LIBM(cosh, F64, double, cosh)
LIBM(asinh, F64, double, asinh)
LIBM(acosh, F64, double, acosh)
LIBM(atanh, F64, double, atanh)
LIBM(asinh, F32, float, asinhf)
LIBM(acosh, F32, float, acoshf)
LIBM(atanh, F32, float, atanhf)

static inline double clamp_unit(double v) {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
static inline double softplus(double v) {
  return fmax(v, 0) + log1p(exp(-fabs(v)));
}

static inline double clip_f64(double v, double low, double high) {
  const double raised = v < low ? low : v;
  return raised > high ? high : raised;
}

// sqrt(1/2), sqrt(2/pi)
#define SQRT_HALF 0.70710678118654752440
#define SQRT_TWO_OVER_PI 0.79788456080286535588

VECTOR_LOOP(hard_sigmoid_F64, double, double, clamp_unit(alpha* v + beta))
VECTOR_LOOP(hard_swish_F64, double, double, v* clamp_unit(v / 6 + 0.5))
VECTOR_LOOP(swish_F64, double, double, v / (1 + exp(-alpha * v)))
/// v * n / (n + 2) for n = e * (e + 2), e = exp(v). From 20 on that is v.
static void mish_F64(const olstm__unary_parameters* parameters, int64_t count,
                     const void* x_data, void* y_data) {
  const double* x = x_data;
  double* y = y_data;
  double e[OLSTM__COMPUTE_BLOCK];
  (void)parameters;
  for (int64_t left = count, size; left > 0; left -= size, x += size, y += size) {
    size = olstm__compute_block_size(left);
#pragma omp simd
    for (int64_t i = 0; i < size; i++) e[i] = x[i] > 20 ? 20 : x[i];
    olstm__vector_exp_f64((size_t)size, e, e);
#pragma omp simd
    for (int64_t i = 0; i < size; i++) {
      const double n = e[i] * (e[i] + 2);
      y[i] = x[i] * (n / (n + 2));
    }
  }
}
VECTOR_LOOP(gelu_F64, double, double, 0.5 * v * (1 + erf(v * SQRT_HALF)))
VECTOR_LOOP(gelu_tanh_F64, double, double,
            0.5 * v * (1 + tanh(SQRT_TWO_OVER_PI * (v + 0.044715 * v * v * v))))
// v / 2 * (1 + f(`inner`)), a block at a time, by a function of vector_math.h.
#define HALVES(name, inner, function)                                                \
  static void name(const olstm__unary_parameters* parameters, int64_t count,         \
                   const void* x_data, void* y_data) {                               \
    const float* x = x_data;                                                         \
    float* y = y_data;                                                               \
    float block[OLSTM__COMPUTE_BLOCK];                                               \
    (void)parameters;                                                                \
    for (int64_t left = count, size; left > 0; left -= size, x += size, y += size) { \
      size = olstm__compute_block_size(left);                                        \
      _Pragma("omp simd") for (int64_t i = 0; i < size; i++) {                       \
        const float v = x[i];                                                        \
        block[i] = (inner);                                                          \
      }                                                                              \
      function((size_t)size, block, block);                                          \
      _Pragma("omp simd") for (int64_t i = 0; i < size; i++) {                       \
        y[i] = x[i] * 0.5f * (1 + block[i]);                                         \
      }                                                                              \
    }                                                                                \
  }
HALVES(gelu_F32, v * 0.70710678f, olstm__vector_erf_f32)
HALVES(gelu_tanh_F32, 0.79788456f * (v + v * v * (v * 0.044715f)), olstm__vector_tanh_f32)
VECTOR_LOOP(leaky_relu_F64, double, double, v < 0 ? alpha * v : v)
VECTOR_LOOP(elu_F64, double, double, v < 0 ? alpha * expm1(v) : v)
VECTOR_LOOP(selu_F64, double, double, beta*(v < 0 ? alpha * expm1(v) : v))
VECTOR_LOOP(celu_F64, double, double, v < 0 ? alpha * expm1(v / alpha) : v)
VECTOR_LOOP(softplus_F64, double, double, softplus(v))
VECTOR_LOOP(softsign_F64, double, double, v / (1 + fabs(v)))
VECTOR_LOOP(thresholded_relu_F64, double, double, v > alpha ? v : 0)
VECTOR_LOOP(shrink_F64, double, double, v<-alpha ? v + beta : v> alpha ? v - beta : 0)
VECTOR_LOOP(clip_F64, double, double, clip_f64(v, (double)alpha, (double)beta))

// By comparisons: NaN is not itself, and infinite is what has the size of infinity.
static void is_nan(olstm__binary_loop equal, int64_t count, const void* x, void* y) {
  olstm__binary_groups_run(equal, count, x, 1, x, 1, y);
  olstm__unary_groups_run(OLSTM__BLOCKS_NOT_BOOL, count, y, y);
}

static void is_inf(const olstm__unary_parameters* parameters, olstm__binary_loop equal,
                   olstm__binary_loop same_size, const void* infinity, int64_t count,
                   const void* x, void* y) {
  const bool has_low = parameters->alpha != 0, has_high = parameters->beta != 0;
  if (has_low || has_high) {
    olstm__binary_groups_run(has_low && has_high ? same_size : equal, count, x, 1,
                             infinity, 0, y);
  } else {
    memset(y, 0, (size_t)count);
  }
}

#define IS_KIND(lane, type)                                                           \
  static void is_nan_##lane(const olstm__unary_parameters* parameters, int64_t count, \
                            const void* x, void* y) {                                 \
    (void)parameters;                                                                 \
    is_nan(OLSTM__BLOCKS_EQUAL_##lane, count, x, y);                                  \
  }                                                                                   \
  static void is_inf_##lane(const olstm__unary_parameters* parameters, int64_t count, \
                            const void* x, void* y) {                                 \
    const type infinity = (type)(parameters->beta != 0 ? INFINITY : -INFINITY);       \
    is_inf(parameters, OLSTM__BLOCKS_EQUAL_##lane, OLSTM__BLOCKS_SAME_SIZE_##lane,    \
           &infinity, count, x, y);                                                   \
  }
IS_KIND(F32, float)
IS_KIND(F64, double)
LOOP(not_I32, int32_t, uint8_t, v == 0)

#define REAL_TYPES(name) \
  [OLSTM__COMPUTE_F32] = name##_F32, [OLSTM__COMPUTE_F64] = name##_F64
#define SIGNED_TYPES(name) \
  [OLSTM__COMPUTE_I32] = name##_I32, [OLSTM__COMPUTE_I64] = name##_I64
#define INTEGER_TYPES(name) SIGNED_TYPES(name), [OLSTM__COMPUTE_U64] = name##_U64

static const olstm__unary_kernel kKernels[OLSTM__UNARY_CODE_COUNT][OLSTM__COMPUTE_COUNT] =
    {
        [OLSTM__UNARY_NEG] = {[OLSTM__COMPUTE_F64] = neg_F64, SIGNED_TYPES(neg)},
        [OLSTM__UNARY_ABS] = {[OLSTM__COMPUTE_F64] = abs_F64, INTEGER_TYPES(abs)},
        [OLSTM__UNARY_SIGN] = {[OLSTM__COMPUTE_F64] = sign_F64, INTEGER_TYPES(sign)},
        [OLSTM__UNARY_RELU] = {[OLSTM__COMPUTE_F64] = relu_F64, SIGNED_TYPES(relu)},
        [OLSTM__UNARY_BIT_NOT] = {SIGNED_TYPES(bit_not), [OLSTM__COMPUTE_U64] =
                                                             bit_not_I64},
        [OLSTM__UNARY_EXP] = {REAL_TYPES(exp)},
        [OLSTM__UNARY_LOG] = {[OLSTM__COMPUTE_F64] = log_F64},
        [OLSTM__UNARY_SQRT] = {[OLSTM__COMPUTE_F64] = sqrt_F64},
        [OLSTM__UNARY_RECIPROCAL] = {[OLSTM__COMPUTE_F64] = reciprocal_F64},
        [OLSTM__UNARY_FLOOR] = {[OLSTM__COMPUTE_F64] = floor_F64},
        [OLSTM__UNARY_CEIL] = {[OLSTM__COMPUTE_F64] = ceil_F64},
        [OLSTM__UNARY_ROUND] = {[OLSTM__COMPUTE_F64] = round_F64},
        [OLSTM__UNARY_ERF] = {REAL_TYPES(erf)},
        [OLSTM__UNARY_SIN] = {[OLSTM__COMPUTE_F64] = sin_F64},
        [OLSTM__UNARY_COS] = {[OLSTM__COMPUTE_F64] = cos_F64},
        [OLSTM__UNARY_TAN] = {[OLSTM__COMPUTE_F64] = tan_F64},
        [OLSTM__UNARY_ASIN] = {[OLSTM__COMPUTE_F64] = asin_F64},
        [OLSTM__UNARY_ACOS] = {[OLSTM__COMPUTE_F64] = acos_F64},
        [OLSTM__UNARY_ATAN] = {[OLSTM__COMPUTE_F64] = atan_F64},
        [OLSTM__UNARY_SINH] = {[OLSTM__COMPUTE_F64] = sinh_F64},
        [OLSTM__UNARY_COSH] = {[OLSTM__COMPUTE_F64] = cosh_F64},
        [OLSTM__UNARY_TANH] = {REAL_TYPES(tanh)},
        [OLSTM__UNARY_ASINH] = {REAL_TYPES(asinh)},
        [OLSTM__UNARY_ACOSH] = {REAL_TYPES(acosh)},
        [OLSTM__UNARY_ATANH] = {REAL_TYPES(atanh)},
        [OLSTM__UNARY_SIGMOID] = {REAL_TYPES(sigmoid)},
        [OLSTM__UNARY_HARD_SIGMOID] = {[OLSTM__COMPUTE_F64] = hard_sigmoid_F64},
        [OLSTM__UNARY_HARD_SWISH] = {[OLSTM__COMPUTE_F64] = hard_swish_F64},
        [OLSTM__UNARY_SWISH] = {[OLSTM__COMPUTE_F64] = swish_F64},
        [OLSTM__UNARY_MISH] = {[OLSTM__COMPUTE_F64] = mish_F64},
        [OLSTM__UNARY_GELU] = {REAL_TYPES(gelu)},
        [OLSTM__UNARY_GELU_TANH] = {REAL_TYPES(gelu_tanh)},
        [OLSTM__UNARY_LEAKY_RELU] = {[OLSTM__COMPUTE_F64] = leaky_relu_F64},
        [OLSTM__UNARY_ELU] = {[OLSTM__COMPUTE_F64] = elu_F64},
        [OLSTM__UNARY_SELU] = {[OLSTM__COMPUTE_F64] = selu_F64},
        [OLSTM__UNARY_CELU] = {[OLSTM__COMPUTE_F64] = celu_F64},
        [OLSTM__UNARY_SOFTPLUS] = {[OLSTM__COMPUTE_F64] = softplus_F64},
        [OLSTM__UNARY_SOFTSIGN] = {[OLSTM__COMPUTE_F64] = softsign_F64},
        [OLSTM__UNARY_THRESHOLDED_RELU] = {[OLSTM__COMPUTE_F64] = thresholded_relu_F64},
        [OLSTM__UNARY_SHRINK] = {[OLSTM__COMPUTE_F64] = shrink_F64},
        [OLSTM__UNARY_CLIP] = {[OLSTM__COMPUTE_F64] = clip_F64},
        [OLSTM__UNARY_IS_NAN] = {REAL_TYPES(is_nan)},
        [OLSTM__UNARY_IS_INF] = {REAL_TYPES(is_inf)},
        [OLSTM__UNARY_NOT] = {[OLSTM__COMPUTE_I32] = not_I32},
};

/// This CPU's loop over floats, or NULL.
static olstm__unary_kernel find_float_loop(olstm__unary_code code) {
#if defined(__x86_64__)
  if (olstm__cpu_get()->avx2_fma) return olstm__unary_loops_f32_avx2[code];
#endif
  return olstm__unary_loops_f32_plain[code];
}

/// The loops over elements as they are stored, where these are no compute type's.
static const struct {
  uint8_t code, dtype, loop;
} kStored[] = {
#define STORED(code, dtype, loop) \
  {OLSTM__UNARY_##code, OLSTM_DTYPE_##dtype, OLSTM__BLOCKS_##loop},
#define STORED_SIGNED(code) STORED(code, INT8, code##_I8) STORED(code, INT16, code##_I16)
    STORED_SIGNED(NEG) STORED_SIGNED(ABS) STORED_SIGNED(SIGN) STORED_SIGNED(RELU)
        STORED(SIGN, FLOAT16, SIGN_F16) STORED(IS_NAN, FLOAT16, IS_NAN_F16)
            STORED(IS_INF, FLOAT16, IS_INF_F16) STORED(BIT_NOT, INT8, BIT_NOT_U8)
                STORED(BIT_NOT, UINT8, BIT_NOT_U8) STORED(NOT, BOOL, NOT_BOOL)};

olstm__unary_loop olstm__unary_loop_of(olstm__unary_code code,
                                       const olstm__unary_parameters* parameters,
                                       olstm_dtype dtype) {
  const bool is_any_inf = parameters->alpha != 0 && parameters->beta != 0;
  if (code == OLSTM__UNARY_IS_INF && !is_any_inf) return OLSTM__UNARY_LOOP_COUNT;
  for (size_t i = 0; i < sizeof kStored / sizeof kStored[0]; i++) {
    if (kStored[i].code == code && kStored[i].dtype == dtype) {
      return (olstm__unary_loop)kStored[i].loop;
    }
  }
  return OLSTM__UNARY_LOOP_COUNT;
}

olstm__unary_kernel olstm__unary_kernel_find(olstm__unary_code code,
                                             olstm__compute_type compute_type) {
  const olstm__unary_kernel loop =
      compute_type == OLSTM__COMPUTE_F32 ? find_float_loop(code) : NULL;
  return loop ? loop : kKernels[code][compute_type];
}
