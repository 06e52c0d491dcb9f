// Every loop is generated from an expression in p and q. An operand that is one number
// becomes a block of it, so that one loop over blocks does for all; its length is known,
// and compilers vectorise it without further loops before and after.
#include "op/elementwise/binary_kernel.h"

#include <math.h>

enum { kBlock = 16 };

// Arithmetic of real numbers, whose arrays are long and whose operands are often one
// number.
#define VECTOR_LOOP(name, type, result, expression)                    \
  static bool name(int64_t count, const void* a_data, int64_t a_step,  \
                   const void* b_data, int64_t b_step, void* y_data) { \
    const type* a = a_data;                                            \
    const type* b = b_data;                                            \
    result* y = y_data;                                                \
    if (a_step && b_step) {                                            \
      _Pragma("omp simd") for (int64_t i = 0; i < count; i++) {        \
        const type p = a[i];                                           \
        const type q = b[i];                                           \
        y[i] = (result)(expression);                                   \
      }                                                                \
    } else if (a_step) {                                               \
      const type q = *b;                                               \
      _Pragma("omp simd") for (int64_t i = 0; i < count; i++) {        \
        const type p = a[i];                                           \
        y[i] = (result)(expression);                                   \
      }                                                                \
    } else if (b_step) {                                               \
      const type p = *a;                                               \
      _Pragma("omp simd") for (int64_t i = 0; i < count; i++) {        \
        const type q = b[i];                                           \
        y[i] = (result)(expression);                                   \
      }                                                                \
    } else {                                                           \
      const type p = *a;                                               \
      const type q = *b;                                               \
      for (int64_t i = 0; i < count; i++) y[i] = (result)(expression); \
    }                                                                  \
    return true;                                                       \
  }

#define LOOP(name, type, result, expression)                           \
  static bool name(int64_t count, const void* a_data, int64_t a_step,  \
                   const void* b_data, int64_t b_step, void* y_data) { \
    const type* a = a_data;                                            \
    const type* b = b_data;                                            \
    result* y = y_data;                                                \
    type a_block[kBlock];                                              \
    type b_block[kBlock];                                              \
    if (!a_step) {                                                     \
      for (int i = 0; i < kBlock; i++) a_block[i] = *a;                \
      a = a_block;                                                     \
    }                                                                  \
    if (!b_step) {                                                     \
      for (int i = 0; i < kBlock; i++) b_block[i] = *b;                \
      b = b_block;                                                     \
    }                                                                  \
    for (; count >= kBlock; count -= kBlock) {                         \
      _Pragma("omp simd") for (int i = 0; i < kBlock; i++) {           \
        const type p = a[i];                                           \
        const type q = b[i];                                           \
        y[i] = (result)(expression);                                   \
      }                                                                \
      a += kBlock * a_step;                                            \
      b += kBlock * b_step;                                            \
      y += kBlock;                                                     \
    }                                                                  \
    for (int64_t i = 0; i < count; i++) {                              \
      const type p = a[i];                                             \
      const type q = b[i];                                             \
      y[i] = (result)(expression);                                     \
    }                                                                  \
    return true;                                                       \
  }

// For what vectors of common CPUs cannot do, or not well.
#define PLAIN_LOOP(name, type, result, expression)                     \
  static bool name(int64_t count, const void* a_data, int64_t a_step,  \
                   const void* b_data, int64_t b_step, void* y_data) { \
    const type* a = a_data;                                            \
    const type* b = b_data;                                            \
    result* y = y_data;                                                \
    for (int64_t i = 0; i < count; i++) {                              \
      const type p = a[i * a_step];                                    \
      const type q = b[i * b_step];                                    \
      y[i] = (result)(expression);                                     \
    }                                                                  \
    return true;                                                       \
  }

// Integer division: q = 0 gives 0 and is reported.
#define DIVISION(name, type, expression)                               \
  static bool name(int64_t count, const void* a_data, int64_t a_step,  \
                   const void* b_data, int64_t b_step, void* y_data) { \
    const type* a = a_data;                                            \
    const type* b = b_data;                                            \
    type* y = y_data;                                                  \
    bool divided = true;                                               \
    for (int64_t i = 0; i < count; i++) {                              \
      const type p = a[i * a_step];                                    \
      const type q = b[i * b_step];                                    \
      divided &= q != 0;                                               \
      y[i] = q == 0 ? 0 : (expression);                                \
    }                                                                  \
    return divided;                                                    \
  }

// One expression for the integer compute types, or for all.
#define WHOLE_LANES(name, expression)                  \
  PLAIN_LOOP(name##_I32, int32_t, int32_t, expression) \
  PLAIN_LOOP(name##_I64, int64_t, int64_t, expression) \
  PLAIN_LOOP(name##_U64, uint64_t, uint64_t, expression)
#define ALL_LANES(name, expression)                   \
  VECTOR_LOOP(name##_F32, float, float, expression)   \
  VECTOR_LOOP(name##_F64, double, double, expression) \
  WHOLE_LANES(name, expression)
#define TRUTH_LANES(name, expression)                  \
  LOOP(name##_F32, float, uint8_t, expression)         \
  PLAIN_LOOP(name##_F64, double, uint8_t, expression)  \
  LOOP(name##_I32, int32_t, uint8_t, expression)       \
  PLAIN_LOOP(name##_I64, int64_t, uint8_t, expression) \
  PLAIN_LOOP(name##_U64, uint64_t, uint8_t, expression)

// Integers wrap: computed as unsigned, since signed overflow is undefined in C.
#define ARITHMETIC(name, operation)                                     \
  VECTOR_LOOP(name##_F32, float, float, p operation q)                  \
  VECTOR_LOOP(name##_F64, double, double, p operation q)                \
  LOOP(name##_I32, int32_t, int32_t, (uint32_t)p operation(uint32_t) q) \
  LOOP(name##_I64, int64_t, int64_t, (uint64_t)p operation(uint64_t) q) \
  PLAIN_LOOP(name##_U64, uint64_t, uint64_t, p operation q)
ARITHMETIC(add, +)
ARITHMETIC(sub, -)
ARITHMETIC(mul, *)

/// The least integer divided by -1 wraps; the CPU's division would trap.
VECTOR_LOOP(div_F32, float, float, p / q)
VECTOR_LOOP(div_F64, double, double, p / q)
DIVISION(div_I32, int32_t, q == -1 ? (int32_t)(0u - (uint32_t)p) : p / q)
DIVISION(div_I64, int64_t, q == -1 ? (int64_t)(UINT64_C(0) - (uint64_t)p) : p / q)
DIVISION(div_U64, uint64_t, p / q)

DIVISION(fmod_I32, int32_t, q == -1 ? 0 : p % q)
DIVISION(fmod_I64, int64_t, q == -1 ? 0 : p % q)
DIVISION(mod_U64, uint64_t, p % q)
PLAIN_LOOP(fmod_F32, float, float, fmodf(p, q))
PLAIN_LOOP(fmod_F64, double, double, fmod(p, q))

static inline int64_t floored_mod(int64_t p, int64_t q) {
  const int64_t rest = q == -1 ? 0 : p % q;
  return rest != 0 && (rest < 0) != (q < 0) ? rest + q : rest;
}
DIVISION(mod_I32, int32_t, (int32_t)floored_mod(p, q))
DIVISION(mod_I64, int64_t, floored_mod(p, q))

/// Squares are the only common power; this is exact.
static inline float power_f32(float p, float q) {
  return q == 2.0f ? p * p : powf(p, q);
}
static inline double power_f64(double p, double q) {
  return q == 2.0 ? p * p : pow(p, q);
}

/// Wraps as products do. Negative exponents truncate to 0, except of 1 and -1.
static int64_t power_i64(int64_t p, int64_t q) {
  uint64_t result = 1;
  uint64_t factor = (uint64_t)p;
  if (q < 0) return p == 1 ? 1 : p == -1 ? (q % 2 != 0 ? -1 : 1) : 0;
  for (; q > 0; q >>= 1) {
    if (q & 1) result *= factor;
    factor *= factor;
  }
  return (int64_t)result;
}
PLAIN_LOOP(any_power_F32, float, float, power_f32(p, q))
static bool pow_F32(int64_t count, const void* a, int64_t a_step, const void* b,
                    int64_t b_step, void* y) {
  if (!b_step && *(const float*)b == 2.0f) return mul_F32(count, a, a_step, a, a_step, y);
  return any_power_F32(count, a, a_step, b, b_step, y);
}
PLAIN_LOOP(pow_F64, double, double, power_f64(p, q))
PLAIN_LOOP(pow_I32, int32_t, int32_t, (uint32_t)power_i64(p, q))
PLAIN_LOOP(pow_I64, int64_t, int64_t, power_i64(p, q))
PLAIN_LOOP(pow_U64, uint64_t, uint64_t,
           (uint64_t)power_i64((int64_t)p, (int64_t)(q& INT64_MAX)))

ALL_LANES(min, p < q || p != p ? p : q)
ALL_LANES(max, p > q || p != p ? p : q)

VECTOR_LOOP(prelu_F32, float, float, p < 0 ? p * q : p)
VECTOR_LOOP(prelu_F64, double, double, p < 0 ? p * q : p)
PLAIN_LOOP(prelu_I32, int32_t, int32_t, p < 0 ? (uint32_t)p * (uint32_t)q : (uint32_t)p)
PLAIN_LOOP(prelu_I64, int64_t, int64_t, p < 0 ? (uint64_t)p * (uint64_t)q : (uint64_t)p)
PLAIN_LOOP(prelu_U64, uint64_t, uint64_t, ((void)q, p))

/// Operands have unsigned dtypes, so they are not negative in any compute type.
PLAIN_LOOP(left_I32, int32_t, int32_t, q < 32 ? (uint32_t)p << q : 0u)
PLAIN_LOOP(left_I64, int64_t, int64_t, q < 64 ? (uint64_t)p << q : 0u)
PLAIN_LOOP(left_U64, uint64_t, uint64_t, q < 64 ? p << q : 0u)
PLAIN_LOOP(right_I32, int32_t, int32_t, q < 32 ? p >> q : 0)
PLAIN_LOOP(right_I64, int64_t, int64_t, q < 64 ? p >> q : 0)
PLAIN_LOOP(right_U64, uint64_t, uint64_t, q < 64 ? p >> q : 0u)

WHOLE_LANES(bit_and, p& q)
WHOLE_LANES(bit_or, p | q)
WHOLE_LANES(bit_xor, p ^ q)

TRUTH_LANES(equal, p == q)
TRUTH_LANES(greater, p > q)
TRUTH_LANES(greater_or_equal, p >= q)
TRUTH_LANES(less, p < q)
TRUTH_LANES(less_or_equal, p <= q)

PLAIN_LOOP(and_I32, int32_t, uint8_t, (p & q) != 0)
PLAIN_LOOP(or_I32, int32_t, uint8_t, (p | q) != 0)
PLAIN_LOOP(xor_I32, int32_t, uint8_t, (p ^ q) != 0)

LOOP(and_bool, uint8_t, uint8_t, (p != 0) & (q != 0))
LOOP(or_bool, uint8_t, uint8_t, (p | q) != 0)
LOOP(xor_bool, uint8_t, uint8_t, (p != 0) ^ (q != 0))
LOOP(equal_bool, uint8_t, uint8_t, (p != 0) == (q != 0))

olstm__binary_kernel olstm__binary_kernel_of_bools(olstm__binary_code code) {
  switch (code) {
    case OLSTM__BINARY_AND:
      return and_bool;
    case OLSTM__BINARY_OR:
      return or_bool;
    case OLSTM__BINARY_XOR:
      return xor_bool;
    case OLSTM__BINARY_EQUAL:
      return equal_bool;
    default:
      return NULL;
  }
}

olstm__binary_kernel olstm__binary_kernel_find(olstm__binary_code code,
                                               olstm__compute_type compute_type) {
#define REAL(name) [OLSTM__COMPUTE_F32] = name##_F32, [OLSTM__COMPUTE_F64] = name##_F64
#define SIGNED(name) [OLSTM__COMPUTE_I32] = name##_I32, [OLSTM__COMPUTE_I64] = name##_I64
#define WHOLE(name) SIGNED(name), [OLSTM__COMPUTE_U64] = name##_U64
#define ALL(name) REAL(name), WHOLE(name)
  static const olstm__binary_kernel
      kKernels[OLSTM__BINARY_CODE_COUNT][OLSTM__COMPUTE_COUNT] = {
          [OLSTM__BINARY_ADD] = {ALL(add)},
          [OLSTM__BINARY_SUB] = {ALL(sub)},
          [OLSTM__BINARY_MUL] = {ALL(mul)},
          [OLSTM__BINARY_DIV] = {ALL(div)},
          [OLSTM__BINARY_POW] = {ALL(pow)},
          [OLSTM__BINARY_MOD] = {WHOLE(mod)},
          [OLSTM__BINARY_FMOD] = {REAL(fmod),
                                  SIGNED(fmod), [OLSTM__COMPUTE_U64] = mod_U64},
          [OLSTM__BINARY_MIN] = {ALL(min)},
          [OLSTM__BINARY_MAX] = {ALL(max)},
          [OLSTM__BINARY_PRELU] = {ALL(prelu)},
          [OLSTM__BINARY_SHIFT_LEFT] = {WHOLE(left)},
          [OLSTM__BINARY_SHIFT_RIGHT] = {WHOLE(right)},
          [OLSTM__BINARY_BIT_AND] = {WHOLE(bit_and)},
          [OLSTM__BINARY_BIT_OR] = {WHOLE(bit_or)},
          [OLSTM__BINARY_BIT_XOR] = {WHOLE(bit_xor)},
          [OLSTM__BINARY_EQUAL] = {ALL(equal)},
          [OLSTM__BINARY_GREATER] = {ALL(greater)},
          [OLSTM__BINARY_GREATER_OR_EQUAL] = {ALL(greater_or_equal)},
          [OLSTM__BINARY_LESS] = {ALL(less)},
          [OLSTM__BINARY_LESS_OR_EQUAL] = {ALL(less_or_equal)},
          [OLSTM__BINARY_AND] = {[OLSTM__COMPUTE_I32] = and_I32},
          [OLSTM__BINARY_OR] = {[OLSTM__COMPUTE_I32] = or_I32},
          [OLSTM__BINARY_XOR] = {[OLSTM__COMPUTE_I32] = xor_I32},
      };
  return kKernels[code][compute_type];
}
