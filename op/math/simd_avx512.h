// simd.h's vector in AVX-512 (F, BW, DQ, VL): 16 floats.
#ifndef OLSTM_OP_MATH_SIMD_AVX512_H_
#define OLSTM_OP_MATH_SIMD_AVX512_H_

#include <immintrin.h>

typedef __m512 simd_vec;
typedef __mmask16 simd_mask;
#define SIMD_LANES 16
#define SIMD_OP(name) _mm512_##name##_ps
#define SIMD_CMP(a, b, how) _mm512_cmp_ps_mask((a), (b), (how))
#define SIMD_HAS_FMA 1

#define SIMD_REGISTERS 32

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

SIMD_INLINE simd_mask simd_first(int64_t count) {
  return (simd_mask)((1u << count) - 1u);
}

/// The first `count` (0..SIMD_LANES) reals; the other lanes are zero.
SIMD_INLINE simd_vec simd_load_part(const simd_real* p, int64_t count) {
  return SIMD_OP(maskz_loadu)(simd_first(count), p);
}

SIMD_INLINE void simd_store_part(simd_real* p, simd_vec a, int64_t count) {
  SIMD_OP(mask_storeu)(p, simd_first(count), a);
}

/// Lanes first..end-1, none where end is less; such lanes, the others zero and not read.
#define SIMD_HAS_MASKS 1
SIMD_INLINE simd_mask simd_between(int64_t first, int64_t end) {
  return (simd_mask)(simd_first(end) & ~simd_first(first));
}
SIMD_INLINE simd_vec simd_load_masked(const float* p, simd_mask mask) {
  return _mm512_maskz_loadu_ps(mask, p);
}

/// Lanes first..end-1 (0 <= first, end <= SIMD_LANES) of the floats at p, of which others
/// are not read; those are `other`.
SIMD_INLINE simd_vec simd_load_between(const float* p, int64_t first, int64_t end,
                                       simd_vec other) {
  return _mm512_mask_loadu_ps(other, simd_between(first, end), p);
}

/// Its lanes in another order: halves, quarters, pairs or neighbours swapped (`distance`
/// 8, 4, 2, 1).
SIMD_INLINE simd_vec simd_swap(simd_vec a, const int distance) {
  if (distance == 8) return _mm512_shuffle_f32x4(a, a, 0x4e);
  if (distance == 4) return _mm512_shuffle_f32x4(a, a, 0xb1);
  return distance == 2 ? _mm512_permute_ps(a, 0x4e) : _mm512_permute_ps(a, 0xb1);
}

SIMD_INLINE float simd_first_lane(simd_vec a) {
  return _mm512_cvtss_f32(a);
}

/// Half a vector's lanes as doubles, for sums; +, - and * are the compilers' own.
typedef __m512d simd_wide;
#define SIMD_WIDE_LANES 8
SIMD_INLINE simd_wide simd_wide_low(simd_vec a) {
  return _mm512_cvtps_pd(_mm512_castps512_ps256(a));
}
SIMD_INLINE simd_wide simd_wide_high(simd_vec a) {
  return _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
}

/// Two vectors of bfloat16: the low halves of the lanes, and, in *out_high, the high
/// ones.
SIMD_INLINE simd_vec simd_load_bf16_pair(const void* p, simd_vec* out_high) {
  const __m512i both = _mm512_loadu_si512(p);
  *out_high = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(-65536)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
}

#if defined(__AVX512BF16__)
#define SIMD_HAS_DOT_BF16 1

/// The first `count` (0..SIMD_LANES) lanes, rounded to bfloat16.
SIMD_INLINE void simd_store_part_bf16(uint16_t* p, simd_vec a, int64_t count) {
  _mm256_mask_storeu_epi16(p, simd_first(count), (__m256i)_mm512_cvtneps_pbh(a));
}

/// a * b + c for lanes of a and b that are pairs of bfloat16.
SIMD_INLINE simd_vec simd_dot_bf16(simd_vec a, simd_vec b, simd_vec c) {
  return _mm512_dpbf16_ps(c, (__m512bh)_mm512_castps_si512(a),
                          (__m512bh)_mm512_castps_si512(b));
}
#endif

/// The low byte of each lane, for the first `count` (1..SIMD_LANES) lanes.
SIMD_INLINE void simd_store_low_bytes(uint8_t* p, simd_vec a, int64_t count) {
  _mm512_mask_cvtepi32_storeu_epi8(p, simd_first(count), _mm512_castps_si512(a));
}

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
  return SIMD_OP(mask_blend)(SIMD_CMP(x, y, _CMP_LT_OQ), b, a);
}

/// x <= y ? a : b, lane by lane.
SIMD_INLINE simd_vec simd_select_le(simd_vec x, simd_vec y, simd_vec a, simd_vec b) {
  return SIMD_OP(mask_blend)(SIMD_CMP(x, y, _CMP_LE_OQ), b, a);
}

/// About 1 / a within an ulp or two, for a in [1, 2^60]; exact for powers of two.
SIMD_INLINE simd_vec simd_reciprocal(simd_vec a) {
  simd_vec y = SIMD_OP(rcp14)(a);
  return simd_fma(y, simd_fnma(a, y, simd_set(1)), y);
}

#define SIMD_HAS_SCALE 1
/// a * 2^n for an integral n, rounded once where the result is subnormal.
SIMD_INLINE simd_vec simd_scale(simd_vec a, simd_vec n) {
  return SIMD_OP(scalef)(a, n);
}

/// 2^n for an integral n within the exponents of normal numbers.
SIMD_INLINE simd_vec simd_power_of_two(simd_vec n) {
  return SIMD_OP(scalef)(simd_set(1), n);
}

/// 2^n for the sum of an integral n, within the exponents of normal numbers, and
/// SIMD_POWER_ROUNDER.
SIMD_INLINE simd_vec simd_power_of_sum(simd_vec sum) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(sum), 23));
}

#define SIMD_PERMUTE(a, b, ...) \
  _mm512_permutex2var_ps(a, _mm512_setr_epi32(__VA_ARGS__), b)
#define SIMD_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define SIMD_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define SIMD_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define SIMD_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31

/// The lanes of a and b in turns, a's first: those of their low halves, and of their high
/// ones.
SIMD_INLINE simd_vec simd_interleave_low(simd_vec a, simd_vec b) {
  return SIMD_PERMUTE(a, b, SIMD_LOW);
}
SIMD_INLINE simd_vec simd_interleave_high(simd_vec a, simd_vec b) {
  return SIMD_PERMUTE(a, b, SIMD_HIGH);
}

/// The even lanes of a and then b, and the odd ones.
SIMD_INLINE simd_vec simd_even(simd_vec a, simd_vec b) {
  return SIMD_PERMUTE(a, b, SIMD_EVEN);
}
SIMD_INLINE simd_vec simd_odd(simd_vec a, simd_vec b) {
  return SIMD_PERMUTE(a, b, SIMD_ODD);
}

#endif  // OLSTM_OP_MATH_SIMD_AVX512_H_
