// What simd_plain.h's vector has of its own on AArch64, whose every CPU has NEON.
// Included by simd_plain.h alone.
#ifndef OLSTM_OP_MATH_SIMD_NEON_H_
#define OLSTM_OP_MATH_SIMD_NEON_H_

#include <arm_neon.h>

#define SIMD_HAS_FMA 1

#define SIMD_REGISTERS 32

/// Rows of a register-blocked product.
#define SIMD_ROWS 6

#if OLSTM_SIMD_DOUBLE
typedef float64x2_t simd_neon;
#define SIMD_OP(name) name##q_f64
#else
typedef float32x4_t simd_neon;
#define SIMD_OP(name) name##q_f32
#endif

SIMD_INLINE simd_vec simd_sqrt(simd_vec a) {
  return (simd_vec)SIMD_OP(vsqrt)((simd_neon)a);
}

/// a * b + c, and c - a * b: rounded once.
SIMD_INLINE simd_vec simd_fma(simd_vec a, simd_vec b, simd_vec c) {
  return (simd_vec)SIMD_OP(vfma)((simd_neon)c, (simd_neon)a, (simd_neon)b);
}
SIMD_INLINE simd_vec simd_fnma(simd_vec a, simd_vec b, simd_vec c) {
  return (simd_vec)SIMD_OP(vfms)((simd_neon)c, (simd_neon)a, (simd_neon)b);
}

/// sum += a * lane `lane` of b, by the instruction `text`, whose last operand the lane
/// is. In place: among many sums, compilers otherwise copy them between registers until
/// they spill. Where loops are not unrolled, so that `lane` is no constant: sum =
/// otherwise.
#define SIMD_ADD_BY_LANE(text, sum, a, b, lane, otherwise)          \
  do {                                                              \
    if (__builtin_constant_p(lane)) {                               \
      __asm__(text "[%3]" : "+w"(sum) : "w"(a), "w"(b), "i"(lane)); \
    } else {                                                        \
      (sum) = (otherwise);                                          \
    }                                                               \
  } while (0)

/// All lanes as lane `lane`.
SIMD_INLINE simd_vec simd_spread(simd_vec a, const int lane) {
#if OLSTM_SIMD_DOUBLE
  return (simd_vec){a[lane], a[lane]};
#else
  return (simd_vec){a[lane], a[lane], a[lane], a[lane]};
#endif
}

/// a * b[lane] + c, rounded once.
SIMD_INLINE simd_vec simd_fma_lane(simd_vec a, simd_vec b, const int lane, simd_vec c) {
#if OLSTM_SIMD_DOUBLE
  SIMD_ADD_BY_LANE("fmla %0.2d, %1.2d, %2.d", c, a, b, lane,
                   simd_fma(a, simd_spread(b, lane), c));
#else
  SIMD_ADD_BY_LANE("fmla %0.4s, %1.4s, %2.s", c, a, b, lane,
                   simd_fma(a, simd_spread(b, lane), c));
#endif
  return c;
}
#define SIMD_HAS_FMA_LANE 1

/// `x` if it is less, or more, than `limit`, else that; NaN if x is.
SIMD_INLINE simd_vec simd_at_most(simd_vec limit, simd_vec x) {
  return (simd_vec)SIMD_OP(vmin)((simd_neon)limit, (simd_neon)x);
}
SIMD_INLINE simd_vec simd_at_least(simd_vec limit, simd_vec x) {
  return (simd_vec)SIMD_OP(vmax)((simd_neon)limit, (simd_neon)x);
}
#define SIMD_HAS_LIMITS 1

#if defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC) && !OLSTM_SIMD_DOUBLE
#define SIMD_HAS_DOT_BF16 1

/// The first `count` (0..SIMD_LANES) lanes, rounded to bfloat16.
SIMD_INLINE void simd_store_part_bf16(uint16_t* p, simd_vec a, int64_t count) {
  const bfloat16x4_t rounded = vcvt_bf16_f32((float32x4_t)a);
  uint16_t values[SIMD_LANES];
  memcpy(values, &rounded, sizeof values);
  for (int64_t i = 0; i < count; i++) p[i] = values[i];
}

/// a * b + c for lanes of a and b that are pairs of bfloat16; and with lane `lane` of b
/// alone.
SIMD_INLINE simd_vec simd_dot_bf16(simd_vec a, simd_vec b, simd_vec c) {
  return (simd_vec)vbfdotq_f32((float32x4_t)c, (bfloat16x8_t)a, (bfloat16x8_t)b);
}
SIMD_INLINE simd_vec simd_dot_bf16_lane(simd_vec a, simd_vec b, const int lane,
                                        simd_vec c) {
  SIMD_ADD_BY_LANE("bfdot %0.4s, %1.8h, %2.2h", c, a, b, lane,
                   simd_dot_bf16(a, simd_spread(b, lane), c));
  return c;
}
#endif

#if !OLSTM_SIMD_DOUBLE
/// The low byte of each lane, for the first `count` (1..SIMD_LANES) lanes.
SIMD_INLINE void simd_store_low_bytes(uint8_t* p, simd_vec a, int64_t count) {
  const uint16x4_t halves = vmovn_u32((uint32x4_t)a);
  uint8_t bytes[8];
  vst1_u8(bytes, vmovn_u16(vcombine_u16(halves, halves)));
  if (count == SIMD_LANES) {
    memcpy(p, bytes, SIMD_LANES);
  } else {
    memcpy(p, bytes, (size_t)count);
  }
}

/// The nearest whole number, the even one of two.
SIMD_INLINE simd_vec simd_round(simd_vec a) {
  return (simd_vec)vrndnq_f32((float32x4_t)a);
}

/// Whether a lane of a mask is set.
SIMD_INLINE bool simd_any(simd_vec mask) {
  return vmaxvq_u32((uint32x4_t)mask) != 0;
}
#endif

#endif  // OLSTM_OP_MATH_SIMD_NEON_H_
