// simd.h's vector as compilers' generic vectors of 16 bytes, for any CPU: 4 floats or 2
// doubles. What a machine has beyond them is in simd_neon.h, simd_wasm.h, or here.
#ifndef OLSTM_OP_MATH_SIMD_PLAIN_H_
#define OLSTM_OP_MATH_SIMD_PLAIN_H_

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef simd_real simd_vec __attribute__((vector_size(16)));
#if OLSTM_SIMD_DOUBLE
typedef int64_t simd_int;
#define SIMD_LANES 2
#define SIMD_MANTISSA_BITS 52
#define SIMD_EXPONENT_BIAS 1023
#else
typedef int32_t simd_int;
#define SIMD_LANES 4
#define SIMD_MANTISSA_BITS 23
#define SIMD_EXPONENT_BIAS 127
#endif
typedef simd_int simd_ints __attribute__((vector_size(16)));

#if defined(__aarch64__)
#include "op/math/simd_neon.h"
#elif defined(__wasm_simd128__)
#include "op/math/simd_wasm.h"
#else
#define SIMD_HAS_FMA 0

#define SIMD_REGISTERS 16

/// Rows of a register-blocked product.
#define SIMD_ROWS 2
#endif

SIMD_INLINE simd_vec simd_set(simd_real a) {
  return a - (simd_vec){0};
}
SIMD_INLINE simd_vec simd_zero(void) {
  return (simd_vec){0};
}
SIMD_INLINE simd_vec simd_load(const simd_real* p) {
  simd_vec a;
  memcpy(&a, p, sizeof a);
  return a;
}
SIMD_INLINE void simd_store(simd_real* p, simd_vec a) {
  memcpy(p, &a, sizeof a);
}

/// The first `count` (0..SIMD_LANES) reals; the other lanes are zero.
SIMD_INLINE simd_vec simd_load_part(const simd_real* p, int64_t count) {
  simd_vec a = {0};
  for (int64_t i = 0; i < count; i++) a[i] = p[i];
  return a;
}

SIMD_INLINE void simd_store_part(simd_real* p, simd_vec a, int64_t count) {
  for (int64_t i = 0; i < count; i++) p[i] = a[i];
}

#if !OLSTM_SIMD_DOUBLE
/// Two vectors of bfloat16: the low halves of the lanes, and, in *out_high, the high
/// ones.
SIMD_INLINE simd_vec simd_load_bf16_pair(const void* p, simd_vec* out_high) {
  typedef uint32_t words __attribute__((vector_size(16)));
  words both;
  memcpy(&both, p, sizeof both);
  *out_high = (simd_vec)(both & 0xFFFF0000U);
  return (simd_vec)(both << 16);
}

#if !defined(__aarch64__)
/// The low byte of each lane, for the first `count` (1..SIMD_LANES) lanes.
SIMD_INLINE void simd_store_low_bytes(uint8_t* p, simd_vec a, int64_t count) {
  uint32_t bits[SIMD_LANES];
  memcpy(bits, &a, sizeof bits);
  for (int64_t i = 0; i < count; i++) p[i] = (uint8_t)bits[i];
}
#endif

typedef int16_t simd_shorts __attribute__((vector_size(16)));

/// a * b, and the sum of two neighbours in a lane of 32 bits.
SIMD_INLINE simd_ints simd_dot_shorts(simd_shorts a, simd_shorts b) {
#if defined(__SSE2__)
  return (simd_ints)_mm_madd_epi16((__m128i)a, (__m128i)b);
#elif defined(__wasm_simd128__)
  return (simd_ints)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)b);
#else
  const simd_ints both_a = (simd_ints)a, both_b = (simd_ints)b;
  return (both_a << 16 >> 16) * (both_b << 16 >> 16) + (both_a >> 16) * (both_b >> 16);
#endif
}
#endif

SIMD_INLINE simd_vec simd_add(simd_vec a, simd_vec b) {
  return a + b;
}
SIMD_INLINE simd_vec simd_sub(simd_vec a, simd_vec b) {
  return a - b;
}
SIMD_INLINE simd_vec simd_mul(simd_vec a, simd_vec b) {
  return a * b;
}
SIMD_INLINE simd_vec simd_div(simd_vec a, simd_vec b) {
  return a / b;
}

#if !defined(__aarch64__) && !defined(__wasm_simd128__)
SIMD_INLINE simd_vec simd_sqrt(simd_vec a) {
#if defined(__SSE2__) && OLSTM_SIMD_DOUBLE
  return (simd_vec)_mm_sqrt_pd((__m128d)a);
#elif defined(__SSE2__)
  return (simd_vec)_mm_sqrt_ps((__m128)a);
#else
  for (int i = 0; i < SIMD_LANES; i++) a[i] = (simd_real)__builtin_sqrt((double)a[i]);
  return a;
#endif
}

/// a * b + c, and c - a * b, rounded twice.
SIMD_INLINE simd_vec simd_fma(simd_vec a, simd_vec b, simd_vec c) {
  return a * b + c;
}
SIMD_INLINE simd_vec simd_fnma(simd_vec a, simd_vec b, simd_vec c) {
  return simd_fma(-a, b, c);
}
#endif

SIMD_INLINE simd_vec simd_choose(simd_ints mask, simd_vec a, simd_vec b) {
  return (simd_vec)(((simd_ints)a & mask) | ((simd_ints)b & ~mask));
}

/// The smaller and the larger; b where either is NaN.
#if defined(__SSE2__) && OLSTM_SIMD_DOUBLE
SIMD_INLINE simd_vec simd_min(simd_vec a, simd_vec b) {
  return (simd_vec)_mm_min_pd((__m128d)a, (__m128d)b);
}
SIMD_INLINE simd_vec simd_max(simd_vec a, simd_vec b) {
  return (simd_vec)_mm_max_pd((__m128d)a, (__m128d)b);
}
#elif defined(__SSE2__)
SIMD_INLINE simd_vec simd_min(simd_vec a, simd_vec b) {
  return (simd_vec)_mm_min_ps((__m128)a, (__m128)b);
}
SIMD_INLINE simd_vec simd_max(simd_vec a, simd_vec b) {
  return (simd_vec)_mm_max_ps((__m128)a, (__m128)b);
}
#elif !defined(__wasm_simd128__)
SIMD_INLINE simd_vec simd_min(simd_vec a, simd_vec b) {
  return simd_choose(a < b, a, b);
}
SIMD_INLINE simd_vec simd_max(simd_vec a, simd_vec b) {
  return simd_choose(a > b, a, b);
}
#endif

/// The sign bits alone.
SIMD_INLINE simd_ints simd_signs(simd_vec a) {
  return (simd_ints)a & (simd_ints)simd_set((simd_real)-0.0);
}
SIMD_INLINE simd_vec simd_abs(simd_vec a) {
  return (simd_vec)((simd_ints)a ^ simd_signs(a));
}
/// a with its sign flipped where b's is set.
SIMD_INLINE simd_vec simd_xor_sign(simd_vec a, simd_vec b) {
  return (simd_vec)((simd_ints)a ^ simd_signs(b));
}

/// a, which is not negative, with b's sign.
SIMD_INLINE simd_vec simd_copy_sign(simd_vec a, simd_vec b) {
  return (simd_vec)((simd_ints)a | simd_signs(b));
}

/// x < y ? a : b, lane by lane.
SIMD_INLINE simd_vec simd_select_lt(simd_vec x, simd_vec y, simd_vec a, simd_vec b) {
  return simd_choose(x < y, a, b);
}

/// x <= y ? a : b, lane by lane.
SIMD_INLINE simd_vec simd_select_le(simd_vec x, simd_vec y, simd_vec a, simd_vec b) {
  return simd_choose(x <= y, a, b);
}

/// About 1 / a within an ulp or two, for a in [1, 2^60]; exact for powers of two.
SIMD_INLINE simd_vec simd_reciprocal(simd_vec a) {
  return simd_div(simd_set(1), a);
}

/// 2^n for an integral n within the exponents of normal numbers.
SIMD_INLINE simd_vec simd_power_of_two(simd_vec n) {
  const simd_ints exponents = __builtin_convertvector(n, simd_ints) + SIMD_EXPONENT_BIAS;
  return (simd_vec)(exponents << SIMD_MANTISSA_BITS);
}

/// 2^n for the sum of an integral n, within the exponents of normal numbers, and
/// SIMD_POWER_ROUNDER.
SIMD_INLINE simd_vec simd_power_of_sum(simd_vec sum) {
  return (simd_vec)((simd_ints)sum << SIMD_MANTISSA_BITS);
}

#if !OLSTM_SIMD_DOUBLE
/// Lanes first..end-1 (0 <= first, end <= SIMD_LANES) of the floats at p, of which others
/// are not read; those are `other`.
SIMD_INLINE simd_vec simd_load_between(const float* p, int64_t first, int64_t end,
                                       simd_vec other) {
  const float a = first <= 0 && end > 0 ? p[0] : other[0];
  const float b = first <= 1 && end > 1 ? p[1] : other[1];
  const float c = first <= 2 && end > 2 ? p[2] : other[2];
  const float d = first <= 3 && end > 3 ? p[3] : other[3];
  return (simd_vec){a, b, c, d};
}

/// Every second one of the lanes of a and, after them, of b; and those between them.
SIMD_INLINE simd_vec simd_unzip(simd_vec a, simd_vec b, simd_vec* out_odd) {
#if defined(__SSE2__)
  *out_odd = (simd_vec)_mm_shuffle_ps((__m128)a, (__m128)b, 0xdd);
  return (simd_vec)_mm_shuffle_ps((__m128)a, (__m128)b, 0x88);
#else
  *out_odd = (simd_vec){a[1], a[3], b[1], b[3]};
  return (simd_vec){a[0], a[2], b[0], b[2]};
#endif
}

/// a = m * 2^n with m from sqrt(1/2) to sqrt(2), for a that is positive and normal.
SIMD_INLINE simd_vec simd_split_power(simd_vec a, simd_vec* out_n) {
  const simd_ints bits = (simd_ints)a;
  const simd_ints n = (bits - 0x3f3504f3) >> SIMD_MANTISSA_BITS;
  *out_n = __builtin_convertvector(n, simd_vec);
  return (simd_vec)(bits - (n << SIMD_MANTISSA_BITS));
}

#if !defined(__aarch64__) && !defined(__wasm_simd128__)
/// The nearest whole number, the even one of two.
SIMD_INLINE simd_vec simd_round(simd_vec a) {
  // Numbers of 2^23 and more are whole, and so are sums with it.
  const simd_vec whole = simd_set(0x1p23f), size = simd_abs(a);
  const simd_vec rounded = simd_sub(simd_add(size, whole), whole);
  return simd_select_lt(size, whole, simd_copy_sign(rounded, a), a);
}

/// Whether a lane of a mask is set.
SIMD_INLINE bool simd_any(simd_vec mask) {
#if defined(__SSE2__)
  return _mm_movemask_ps((__m128)mask) != 0;
#else
  const simd_ints bits = (simd_ints)mask;
  return (bits[0] | bits[1] | bits[2] | bits[3]) != 0;
#endif
}
#endif

SIMD_INLINE float simd_first_lane(simd_vec a) {
  return a[0];
}

/// Its lanes in another order: halves or neighbours swapped (`distance` 2, 1).
SIMD_INLINE simd_vec simd_swap(simd_vec a, const int distance) {
  return distance == 2 ? (simd_vec){a[2], a[3], a[0], a[1]}
                       : (simd_vec){a[1], a[0], a[3], a[2]};
}

/// All bits set, which is NaN, in lanes where a or b is NaN; the others are zero.
SIMD_INLINE simd_vec simd_unordered(simd_vec a, simd_vec b) {
  return (simd_vec)((a != a) | (b != b));  // NOLINT(misc-redundant-expression)
}
SIMD_INLINE simd_vec simd_or(simd_vec a, simd_vec b) {
  return (simd_vec)((simd_ints)a | (simd_ints)b);
}

/// Half a vector's lanes as doubles, for sums; +, - and * are the compilers' own.
typedef double simd_wide __attribute__((vector_size(16)));
#define SIMD_WIDE_LANES 2
SIMD_INLINE simd_wide simd_load_wide(const float* p) {
  return (simd_wide){(double)p[0], (double)p[1]};
}
/// Floats that are `step` apart.
SIMD_INLINE simd_wide simd_load_wide_apart(const float* p, int64_t step) {
  return (simd_wide){(double)p[0], (double)p[step]};
}
SIMD_INLINE simd_wide simd_wide_low(simd_vec a) {
  return (simd_wide){(double)a[0], (double)a[1]};
}
SIMD_INLINE simd_wide simd_wide_high(simd_vec a) {
  return (simd_wide){(double)a[2], (double)a[3]};
}
SIMD_INLINE simd_wide simd_wide_abs(simd_wide a) {
  typedef int64_t longs __attribute__((vector_size(16)));
  return (simd_wide)((longs)a & INT64_MAX);
}
#endif

/// The lanes of a and b in turns, a's first: those of their low halves, and of their high
/// ones.
SIMD_INLINE simd_vec simd_interleave_low(simd_vec a, simd_vec b) {
#if OLSTM_SIMD_DOUBLE
  return (simd_vec){a[0], b[0]};
#else
  return (simd_vec){a[0], b[0], a[1], b[1]};
#endif
}
SIMD_INLINE simd_vec simd_interleave_high(simd_vec a, simd_vec b) {
#if OLSTM_SIMD_DOUBLE
  return (simd_vec){a[1], b[1]};
#else
  return (simd_vec){a[2], b[2], a[3], b[3]};
#endif
}

/// The even lanes of a and then b, and the odd ones.
SIMD_INLINE simd_vec simd_even(simd_vec a, simd_vec b) {
#if OLSTM_SIMD_DOUBLE
  return (simd_vec){a[0], b[0]};
#else
  return (simd_vec){a[0], a[2], b[0], b[2]};
#endif
}
SIMD_INLINE simd_vec simd_odd(simd_vec a, simd_vec b) {
#if OLSTM_SIMD_DOUBLE
  return (simd_vec){a[1], b[1]};
#else
  return (simd_vec){a[1], a[3], b[1], b[3]};
#endif
}

#endif  // OLSTM_OP_MATH_SIMD_PLAIN_H_
