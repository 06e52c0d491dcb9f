// Loops that vectors are for are those of element_blocks.h; the others are generated here
// from an expression in p and q.
#include "op/elementwise/binary_kernel.h"

#include <math.h>

#include "op/elementwise/element_groups.h"
#include "op/elementwise/remainder.h"

// The loop `first` of element_blocks.h, for operands in their order or the other way
// round.
#define BLOCKS_OF(name, loop, p, q)                                                     \
  static bool name(int64_t count, const void* a, int64_t a_step, const void* b,         \
                   int64_t b_step, void* y) {                                           \
    olstm__binary_groups_run(OLSTM__BLOCKS_##loop, count, p, p##_step, q, q##_step, y); \
    return true;                                                                        \
  }
#define BLOCKS(name, loop) BLOCKS_OF(name, loop, a, b)
#define SWAPPED_BLOCKS(name, loop) BLOCKS_OF(name, loop, b, a)
#define REAL_BLOCKS(name, loop)  \
  BLOCKS(name##_F32, loop##_F32) \
  BLOCKS(name##_F64, loop##_F64)
#define SIGNED_BLOCKS(name, loop) \
  BLOCKS(name##_I32, loop##_I32)  \
  BLOCKS(name##_I64, loop##_I64)

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

REAL_BLOCKS(add, ADD)
REAL_BLOCKS(sub, SUB)
REAL_BLOCKS(mul, MUL)
REAL_BLOCKS(div, DIV)
REAL_BLOCKS(min, MIN)
REAL_BLOCKS(max, MAX)
REAL_BLOCKS(prelu, PRELU)
REAL_BLOCKS(equal, EQUAL)
REAL_BLOCKS(less, LESS)
REAL_BLOCKS(less_or_equal, NO_MORE)
SIGNED_BLOCKS(add, ADD)
SIGNED_BLOCKS(sub, SUB)
SIGNED_BLOCKS(mul, MUL)
SIGNED_BLOCKS(min, MIN)
SIGNED_BLOCKS(max, MAX)
SIGNED_BLOCKS(equal, EQUAL)
SIGNED_BLOCKS(less, LESS)
SIGNED_BLOCKS(less_or_equal, NO_MORE)
SIGNED_BLOCKS(bit_and, BIT_AND)
SIGNED_BLOCKS(bit_or, BIT_OR)
SIGNED_BLOCKS(bit_xor, BIT_XOR)
#define GREATER(lane)                         \
  SWAPPED_BLOCKS(greater_##lane, LESS_##lane) \
  SWAPPED_BLOCKS(greater_or_equal_##lane, NO_MORE_##lane)
GREATER(F32)
GREATER(F64)
GREATER(I32)
GREATER(I64)

PLAIN_LOOP(min_U64, uint64_t, uint64_t, p < q ? p : q)
PLAIN_LOOP(max_U64, uint64_t, uint64_t, p > q ? p : q)
PLAIN_LOOP(greater_U64, uint64_t, uint8_t, p > q)
PLAIN_LOOP(greater_or_equal_U64, uint64_t, uint8_t, p >= q)
PLAIN_LOOP(less_U64, uint64_t, uint8_t, p < q)
PLAIN_LOOP(less_or_equal_U64, uint64_t, uint8_t, p <= q)

/// The least integer divided by -1 wraps; the CPU's division would trap.

/// Whether there is no 0 among the divisors.
static bool has_no_zero(int64_t count, const int32_t* b, int64_t b_step) {
  int32_t zeros = 0;
  if (!b_step) return *b != 0;
#pragma omp simd reduction(| : zeros)
  for (int64_t i = 0; i < count; i++) zeros |= b[i] == 0;
  return zeros == 0;
}
#define BLOCK_DIVISION(name, loop)                                                  \
  static bool name(int64_t count, const void* a, int64_t a_step, const void* b,     \
                   int64_t b_step, void* y) {                                       \
    const bool divided = has_no_zero(count, b, b_step);                             \
    olstm__binary_groups_run(OLSTM__BLOCKS_##loop, count, a, a_step, b, b_step, y); \
    return divided;                                                                 \
  }
BLOCK_DIVISION(div_I32, DIV_I32)
BLOCK_DIVISION(fmod_I32, FMOD_I32)
BLOCK_DIVISION(mod_I32, MOD_I32)
DIVISION(div_I64, int64_t, q == -1 ? (int64_t)(UINT64_C(0) - (uint64_t)p) : p / q)
DIVISION(div_U64, uint64_t, p / q)

DIVISION(fmod_I64, int64_t, q == -1 ? 0 : p % q)
DIVISION(mod_U64, uint64_t, p % q)

/// Exact, as fmodf is: quotients of floats are no nearer to a whole number than doubles
/// tell, and products with it fit.
static inline float rest_f32(float p, float q) {
  const double quotient = (double)p / (double)q;
  if (!(fabs(quotient) < 0x1p26) || isinf(q)) return olstm__remainder_f32(p, q);
  return copysignf((float)((double)p - (double)(int32_t)quotient * (double)q), p);
}
PLAIN_LOOP(fmod_F32, float, float, rest_f32(p, q))
BLOCKS(fmod_F64, FMOD_F64)

static inline int64_t floored_mod(int64_t p, int64_t q) {
  // Most often both are small, and 32 bits divide faster.
  if ((((uint64_t)p | (uint64_t)q) >> 32) == 0) return (uint32_t)p % (uint32_t)q;
  const int64_t rest = q == -1 ? 0 : p % q;
  return rest != 0 && (rest < 0) != (q < 0) ? rest + q : rest;
}
DIVISION(mod_I64, int64_t, floored_mod(p, q))

/// Squares are the only common power; this is exact.
static inline float power_f32(float p, float q) {
  return q == 2.0f ? p * p : powf(p, q);
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
PLAIN_LOOP(any_power_F64, double, double, q == 2 ? p * p : pow(p, q))
PLAIN_LOOP(any_power_I32, int32_t, int32_t, (uint32_t)power_i64(p, q))
PLAIN_LOOP(any_power_I64, int64_t, int64_t, power_i64(p, q))

/// y = a^2 or a^3, by products.
static bool small_power(olstm__binary_loop loop, size_t bytes, bool is_cube,
                        int64_t count, const char* a, char* y) {
  enum { kCount = 256 };
  double squares[kCount];
  if (!is_cube) {
    olstm__binary_groups_run(loop, count, a, 1, a, 1, y);
    return true;
  }
  for (int64_t i = 0; i < count; i += kCount) {
    const int64_t size = count - i < kCount ? count - i : kCount;
    const char* from = a + (size_t)i * bytes;
    olstm__binary_groups_run(loop, size, from, 1, from, 1, squares);
    olstm__binary_groups_run(loop, size, squares, 1, from, 1, y + (size_t)i * bytes);
  }
  return true;
}

#define POWER(lane, type)                                                              \
  static bool pow_##lane(int64_t count, const void* a, int64_t a_step, const void* b,  \
                         int64_t b_step, void* y) {                                    \
    const type exponent = *(const type*)b;                                             \
    if (a_step && !b_step && (exponent == 2 || exponent == 3)) {                       \
      return small_power(OLSTM__BLOCKS_MUL_##lane, sizeof(type), exponent == 3, count, \
                         a, y);                                                        \
    }                                                                                  \
    return any_power_##lane(count, a, a_step, b, b_step, y);                           \
  }
POWER(F32, float)
POWER(F64, double)
POWER(I32, int32_t)
POWER(I64, int64_t)
PLAIN_LOOP(pow_U64, uint64_t, uint64_t,
           (uint64_t)power_i64((int64_t)p, (int64_t)(q& INT64_MAX)))

PLAIN_LOOP(prelu_I32, int32_t, int32_t, p < 0 ? (uint32_t)p * (uint32_t)q : (uint32_t)p)
PLAIN_LOOP(prelu_I64, int64_t, int64_t, p < 0 ? (uint64_t)p * (uint64_t)q : (uint64_t)p)
PLAIN_LOOP(prelu_U64, uint64_t, uint64_t, ((void)q, p))

SIGNED_BLOCKS(left, SHIFT_LEFT)
SIGNED_BLOCKS(right, SHIFT_RIGHT)

PLAIN_LOOP(and_I32, int32_t, uint8_t, (p & q) != 0)
PLAIN_LOOP(or_I32, int32_t, uint8_t, (p | q) != 0)
PLAIN_LOOP(xor_I32, int32_t, uint8_t, (p ^ q) != 0)

BLOCKS(and_bool, AND_BOOL)
BLOCKS(or_bool, OR_BOOL)
BLOCKS(xor_bool, XOR_BOOL)
BLOCKS(equal_bool, EQUAL_BOOL)
BLOCKS(equal_U8, EQUAL_U8)
BLOCKS(add_U8, ADD_U8)
BLOCKS(sub_U8, SUB_U8)
BLOCKS(mul_U8, MUL_U8)
BLOCKS(min_I8, MIN_I8)
BLOCKS(min_U8, MIN_U8)
BLOCKS(max_I8, MAX_I8)
BLOCKS(max_U8, MAX_U8)
BLOCKS(bit_and_U8, BIT_AND_U8)
BLOCKS(bit_or_U8, BIT_OR_U8)
BLOCKS(bit_xor_U8, BIT_XOR_U8)

olstm__binary_kernel olstm__binary_kernel_of_bytes(olstm__binary_code code,
                                                   olstm_dtype dtype) {
  static const struct {
    olstm__binary_kernel of_bool, of_int8, of_uint8;
  } kKernels[OLSTM__BINARY_CODE_COUNT] = {
      [OLSTM__BINARY_AND] = {.of_bool = and_bool},
      [OLSTM__BINARY_OR] = {.of_bool = or_bool},
      [OLSTM__BINARY_XOR] = {.of_bool = xor_bool},
      [OLSTM__BINARY_EQUAL] = {equal_bool, equal_U8, equal_U8},
      [OLSTM__BINARY_ADD] = {NULL, add_U8, add_U8},
      [OLSTM__BINARY_SUB] = {NULL, sub_U8, sub_U8},
      [OLSTM__BINARY_MUL] = {NULL, mul_U8, mul_U8},
      [OLSTM__BINARY_MIN] = {NULL, min_I8, min_U8},
      [OLSTM__BINARY_MAX] = {NULL, max_I8, max_U8},
      [OLSTM__BINARY_BIT_AND] = {NULL, bit_and_U8, bit_and_U8},
      [OLSTM__BINARY_BIT_OR] = {NULL, bit_or_U8, bit_or_U8},
      [OLSTM__BINARY_BIT_XOR] = {NULL, bit_xor_U8, bit_xor_U8},
  };
  return dtype == OLSTM_DTYPE_BOOL    ? kKernels[code].of_bool
         : dtype == OLSTM_DTYPE_INT8  ? kKernels[code].of_int8
         : dtype == OLSTM_DTYPE_UINT8 ? kKernels[code].of_uint8
                                      : NULL;
}

olstm__binary_kernel olstm__binary_kernel_find(olstm__binary_code code,
                                               olstm__compute_type compute_type) {
#define REAL(name) [OLSTM__COMPUTE_F32] = name##_F32, [OLSTM__COMPUTE_F64] = name##_F64
#define SIGNED(name) [OLSTM__COMPUTE_I32] = name##_I32, [OLSTM__COMPUTE_I64] = name##_I64
#define WHOLE(name) SIGNED(name), [OLSTM__COMPUTE_U64] = name##_U64
// What is the same with and without a sign.
#define WRAPPED(name) SIGNED(name), [OLSTM__COMPUTE_U64] = name##_I64
#define ALL(name) REAL(name), WHOLE(name)
  static const olstm__binary_kernel
      kKernels[OLSTM__BINARY_CODE_COUNT][OLSTM__COMPUTE_COUNT] = {
          [OLSTM__BINARY_ADD] = {REAL(add), WRAPPED(add)},
          [OLSTM__BINARY_SUB] = {REAL(sub), WRAPPED(sub)},
          [OLSTM__BINARY_MUL] = {REAL(mul), WRAPPED(mul)},
          [OLSTM__BINARY_DIV] = {ALL(div)},
          [OLSTM__BINARY_POW] = {ALL(pow)},
          [OLSTM__BINARY_MOD] = {WHOLE(mod)},
          [OLSTM__BINARY_FMOD] = {REAL(fmod),
                                  SIGNED(fmod), [OLSTM__COMPUTE_U64] = mod_U64},
          [OLSTM__BINARY_MIN] = {ALL(min)},
          [OLSTM__BINARY_MAX] = {ALL(max)},
          [OLSTM__BINARY_PRELU] = {ALL(prelu)},
          [OLSTM__BINARY_SHIFT_LEFT] = {WRAPPED(left)},
          [OLSTM__BINARY_SHIFT_RIGHT] = {WRAPPED(right)},
          [OLSTM__BINARY_BIT_AND] = {WRAPPED(bit_and)},
          [OLSTM__BINARY_BIT_OR] = {WRAPPED(bit_or)},
          [OLSTM__BINARY_BIT_XOR] = {WRAPPED(bit_xor)},
          [OLSTM__BINARY_EQUAL] = {REAL(equal), WRAPPED(equal)},
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
