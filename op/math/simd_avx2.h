// simd.h's vector in AVX2 and FMA: 8 floats or 4 doubles.
#ifndef OLSTM_OP_MATH_SIMD_AVX2_H_
#define OLSTM_OP_MATH_SIMD_AVX2_H_

#include <immintrin.h>

#if OLSTM_SIMD_DOUBLE
typedef __m256d simd_vec;
#define SIMD_LANES 4
#define SIMD_OP(name) _mm256_##name##_pd
#else
typedef __m256 simd_vec;
#define SIMD_LANES 8
#define SIMD_OP(name) _mm256_##name##_ps
#endif

#define SIMD_HAS_FMA 1

#define SIMD_REGISTERS 16

/// Rows of a register-blocked product.
#define SIMD_ROWS 6

SIMD_INLINE simd_vec simd_zero(void) {
  return SIMD_OP(setzero)();
}
SIMD_INLINE simd_vec simd_set(simd_real a) {
  return SIMD_OP(set1)(a);
}
SIMD_INLINE simd_vec simd_load(const simd_real* p) {
  return SIMD_OP(loadu)(p);
}
SIMD_INLINE void simd_store(simd_real* p, simd_vec a) {
  SIMD_OP(storeu)(p, a);
}

/// All bits set in the first `count` lanes.
SIMD_INLINE __m256i simd_first(int64_t count) {
#if OLSTM_SIMD_DOUBLE
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
#else
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
#endif
}

/// The first `count` (0..SIMD_LANES) reals; the other lanes are zero.
SIMD_INLINE simd_vec simd_load_part(const simd_real* p, int64_t count) {
  return SIMD_OP(maskload)(p, simd_first(count));
}

SIMD_INLINE void simd_store_part(simd_real* p, simd_vec a, int64_t count) {
  SIMD_OP(maskstore)(p, simd_first(count), a);
}

#if !OLSTM_SIMD_DOUBLE
/// Two vectors of bfloat16: the low halves of the lanes, and, in *out_high, the high
/// ones.
SIMD_INLINE simd_vec simd_load_bf16_pair(const void* p, simd_vec* out_high) {
  const __m256i both = _mm256_loadu_si256(p);
  *out_high = _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32(-65536)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
}

/// The low byte of each lane, for the first `count` (1..SIMD_LANES) lanes.
SIMD_INLINE void simd_store_low_bytes(uint8_t* p, simd_vec a, int64_t count) {
  const __m256i order = _mm256_set1_epi32(0x0c080400);
  const __m256i fours = _mm256_shuffle_epi8(_mm256_castps_si256(a), order);
  const int64_t bytes = _mm_cvtsi128_si64(_mm_unpacklo_epi32(
      _mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1)));
  if (count == SIMD_LANES) {
    memcpy(p, &bytes, SIMD_LANES);
  } else {
    memcpy(p, &bytes, (size_t)count);
  }
}
#endif

SIMD_INLINE simd_vec simd_add(simd_vec a, simd_vec b) {
  return SIMD_OP(add)(a, b);
}
SIMD_INLINE simd_vec simd_sub(simd_vec a, simd_vec b) {
  return SIMD_OP(sub)(a, b);
}
SIMD_INLINE simd_vec simd_mul(simd_vec a, simd_vec b) {
  return SIMD_OP(mul)(a, b);
}
SIMD_INLINE simd_vec simd_div(simd_vec a, simd_vec b) {
  return SIMD_OP(div)(a, b);
}

SIMD_INLINE simd_vec simd_sqrt(simd_vec a) {
  return SIMD_OP(sqrt)(a);
}

/// a * b + c, and c - a * b.
SIMD_INLINE simd_vec simd_fma(simd_vec a, simd_vec b, simd_vec c) {
  return SIMD_OP(fmadd)(a, b, c);
}
SIMD_INLINE simd_vec simd_fnma(simd_vec a, simd_vec b, simd_vec c) {
  return SIMD_OP(fnmadd)(a, b, c);
}

/// simd_fma with the result in c's register: with many sums, compilers otherwise copy
/// them between registers until they spill.
SIMD_INLINE simd_vec simd_fma_in_place(simd_vec a, simd_vec b, simd_vec c) {
#if OLSTM_SIMD_DOUBLE
  __asm__("vfmadd231pd %1, %2, %0" : "+x"(c) : "x"(b), "x"(a));
#else
  __asm__("vfmadd231ps %1, %2, %0" : "+x"(c) : "x"(b), "x"(a));
#endif
  return c;
}
#define SIMD_HAS_FMA_IN_PLACE 1

/// The smaller and the larger; b where either is NaN.
SIMD_INLINE simd_vec simd_min(simd_vec a, simd_vec b) {
  return SIMD_OP(min)(a, b);
}
SIMD_INLINE simd_vec simd_max(simd_vec a, simd_vec b) {
  return SIMD_OP(max)(a, b);
}

SIMD_INLINE simd_vec simd_abs(simd_vec a) {
  return SIMD_OP(andnot)(simd_set((simd_real)-0.0), a);
}
/// a with its sign flipped where b's is set.
SIMD_INLINE simd_vec simd_xor_sign(simd_vec a, simd_vec b) {
  return SIMD_OP(xor)(a, SIMD_OP(and)(b, simd_set((simd_real)-0.0)));
}

/// a, which is not negative, with b's sign.
SIMD_INLINE simd_vec simd_copy_sign(simd_vec a, simd_vec b) {
  return SIMD_OP(or)(a, SIMD_OP(and)(b, simd_set((simd_real)-0.0)));
}

/// x < y ? a : b, lane by lane.
SIMD_INLINE simd_vec simd_select_lt(simd_vec x, simd_vec y, simd_vec a, simd_vec b) {
  return SIMD_OP(blendv)(b, a, SIMD_OP(cmp)(x, y, _CMP_LT_OQ));
}

/// x <= y ? a : b, lane by lane.
SIMD_INLINE simd_vec simd_select_le(simd_vec x, simd_vec y, simd_vec a, simd_vec b) {
  return SIMD_OP(blendv)(b, a, SIMD_OP(cmp)(x, y, _CMP_LE_OQ));
}

#define SIMD_HAS_SELECT_NEGATIVE 1
SIMD_INLINE simd_vec simd_select_negative(simd_vec x, simd_vec a, simd_vec b) {
  return SIMD_OP(blendv)(b, a, x);
}

/// About 1 / a within an ulp or two, for a in [1, 2^60]; exact for powers of two.
SIMD_INLINE simd_vec simd_reciprocal(simd_vec a) {
  return simd_div(simd_set(1), a);
}

/// 2^n for an integral n within the exponents of normal numbers.
SIMD_INLINE simd_vec simd_power_of_two(simd_vec n) {
#if OLSTM_SIMD_DOUBLE
  // Adding 2^52 + 2^51 leaves the integer in the low bits.
  const __m256i bits = _mm256_castpd_si256(simd_add(n, simd_set(0x1.8p52)));
  return _mm256_castsi256_pd(
      _mm256_slli_epi64(_mm256_add_epi64(bits, _mm256_set1_epi64x(1023)), 52));
#else
  const __m256i bits = _mm256_cvtps_epi32(n);
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(127)), 23));
#endif
}

/// 2^n for the sum of an integral n, within the exponents of normal numbers, and
/// SIMD_POWER_ROUNDER.
SIMD_INLINE simd_vec simd_power_of_sum(simd_vec sum) {
#if OLSTM_SIMD_DOUBLE
  return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(sum), 52));
#else
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(sum), 23));
#endif
}

#if !OLSTM_SIMD_DOUBLE
/// Lanes first..end-1, none where end is less; such lanes, the others zero and not read;
/// and `a` in the others.
#define SIMD_HAS_MASKS 1
typedef __m256i simd_mask;
SIMD_INLINE simd_mask simd_between(int64_t first, int64_t end) {
  return _mm256_andnot_si256(simd_first(first), simd_first(end));
}
SIMD_INLINE simd_vec simd_load_masked(const float* p, simd_mask mask) {
  return _mm256_maskload_ps(p, mask);
}
SIMD_INLINE simd_vec simd_outside(simd_mask mask, simd_vec a) {
  return _mm256_andnot_ps(_mm256_castsi256_ps(mask), a);
}

/// Lanes first..end-1 (0 <= first, end <= SIMD_LANES) of the floats at p, of which others
/// are not read; those are `other`.
SIMD_INLINE simd_vec simd_load_between(const float* p, int64_t first, int64_t end,
                                       simd_vec other) {
  const simd_mask mask = simd_between(first, end);
  return _mm256_or_ps(simd_load_masked(p, mask), simd_outside(mask, other));
}

/// Every second one of the lanes of a and, after them, of b; and those between them.
SIMD_INLINE simd_vec simd_unzip(simd_vec a, simd_vec b, simd_vec* out_odd) {
  const __m256d even = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88));
  const __m256d odd = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xdd));
  *out_odd = _mm256_castpd_ps(_mm256_permute4x64_pd(odd, 0xd8));
  return _mm256_castpd_ps(_mm256_permute4x64_pd(even, 0xd8));
}

/// The nearest whole number, the even one of two.
SIMD_INLINE simd_vec simd_round(simd_vec a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/// a = m * 2^n with m from sqrt(1/2) to sqrt(2), for a that is positive and normal.
SIMD_INLINE simd_vec simd_split_power(simd_vec a, simd_vec* out_n) {
  const __m256i bits = _mm256_castps_si256(a);
  const __m256i n =
      _mm256_srai_epi32(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f3504f3)), 23);
  *out_n = _mm256_cvtepi32_ps(n);
  return _mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(n, 23)));
}

/// Whether a lane of a mask is set.
SIMD_INLINE bool simd_any(simd_vec mask) {
  return _mm256_movemask_ps(mask) != 0;
}

SIMD_INLINE float simd_first_lane(simd_vec a) {
  return _mm256_cvtss_f32(a);
}

/// Its lanes in another order: halves, pairs or neighbours swapped (`distance` 4, 2, 1).
SIMD_INLINE simd_vec simd_swap(simd_vec a, const int distance) {
  if (distance == 4) return _mm256_permute2f128_ps(a, a, 1);
  return distance == 2 ? _mm256_permute_ps(a, 0x4e) : _mm256_permute_ps(a, 0xb1);
}

/// All bits set, which is NaN, in lanes where a or b is NaN; the others are zero.
SIMD_INLINE simd_vec simd_unordered(simd_vec a, simd_vec b) {
  return _mm256_cmp_ps(a, b, _CMP_UNORD_Q);
}
SIMD_INLINE simd_vec simd_or(simd_vec a, simd_vec b) {
  return _mm256_or_ps(a, b);
}

/// Half a vector's lanes as doubles, for sums; +, - and * are the compilers' own.
typedef __m256d simd_wide;
#define SIMD_WIDE_LANES 4
SIMD_INLINE simd_wide simd_load_wide(const float* p) {
  return _mm256_cvtps_pd(_mm_loadu_ps(p));
}
/// Floats that are `step` apart.
SIMD_INLINE simd_wide simd_load_wide_apart(const float* p, int64_t step) {
  return _mm256_cvtps_pd(_mm_setr_ps(p[0], p[step], p[2 * step], p[3 * step]));
}
SIMD_INLINE simd_wide simd_wide_low(simd_vec a) {
  return _mm256_cvtps_pd(_mm256_castps256_ps128(a));
}
SIMD_INLINE simd_wide simd_wide_high(simd_vec a) {
  return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
}
SIMD_INLINE simd_wide simd_wide_abs(simd_wide a) {
  return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a);
}
#endif

#if OLSTM_SIMD_DOUBLE
#define SIMD_HALVES(a, b, which) _mm256_permute2f128_pd(a, b, which)
#else
#define SIMD_HALVES(a, b, which) _mm256_permute2f128_ps(a, b, which)
#endif

/// The lanes of a and b in turns, a's first: those of their low halves, and of their high
/// ones.
SIMD_INLINE simd_vec simd_interleave_low(simd_vec a, simd_vec b) {
  return SIMD_HALVES(SIMD_OP(unpacklo)(a, b), SIMD_OP(unpackhi)(a, b), 0x20);
}
SIMD_INLINE simd_vec simd_interleave_high(simd_vec a, simd_vec b) {
  return SIMD_HALVES(SIMD_OP(unpacklo)(a, b), SIMD_OP(unpackhi)(a, b), 0x31);
}

/// The even lanes of a and then b, and the odd ones.
SIMD_INLINE simd_vec simd_even(simd_vec a, simd_vec b) {
  const simd_vec low = SIMD_HALVES(a, b, 0x20);
  const simd_vec high = SIMD_HALVES(a, b, 0x31);
#if OLSTM_SIMD_DOUBLE
  return _mm256_unpacklo_pd(low, high);
#else
  return _mm256_shuffle_ps(low, high, 0x88);
#endif
}
SIMD_INLINE simd_vec simd_odd(simd_vec a, simd_vec b) {
  const simd_vec low = SIMD_HALVES(a, b, 0x20);
  const simd_vec high = SIMD_HALVES(a, b, 0x31);
#if OLSTM_SIMD_DOUBLE
  return _mm256_unpackhi_pd(low, high);
#else
  return _mm256_shuffle_ps(low, high, 0xdd);
#endif
}

#endif  // OLSTM_OP_MATH_SIMD_AVX2_H_
