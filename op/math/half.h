// float16 and bfloat16 as bits, to and from float. For storage: nothing computes in these
// types.
#ifndef OLSTM_OP_MATH_HALF_H_
#define OLSTM_OP_MATH_HALF_H_

#include <stdint.h>
#include <string.h>

static inline uint32_t olstm__float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float olstm__float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Exact. Subnormals, infinities and NaN included.
static inline float olstm__float16_to_float(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) {
    return olstm__float_from_bits(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  }
  // The exponent is rebiased by a product with 2^112, which is exact for subnormals too.
  const float scaled = olstm__float_from_bits(magnitude << 13) * 0x1p112f;
  return olstm__float_from_bits(sign | olstm__float_bits(scaled));
}

/// Rounds to nearest, ties to even. Values out of range become infinity; NaN stays NaN.
static inline uint16_t olstm__float_to_float16(float value) {
  const uint32_t bits = olstm__float_bits(value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {
    // Below the least normal: adding 0.5 makes the FPU round to a multiple of 2^-24.
    const float rounded = olstm__float_from_bits(magnitude) + 0.5f;
    return (uint16_t)(sign | (olstm__float_bits(rounded) - 0x3f000000u));
  }
  const uint32_t odd = magnitude >> 13 & 1u;
  return (uint16_t)(sign | (magnitude - 0x38000000u + 0xfffu + odd) >> 13);
}

/// Exact.
static inline float olstm__bfloat16_to_float(uint16_t brain) {
  return olstm__float_from_bits((uint32_t)brain << 16);
}

/// Rounds to nearest, ties to even. NaN stays NaN.
static inline uint16_t olstm__float_to_bfloat16(float value) {
  const uint32_t bits = olstm__float_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif  // OLSTM_OP_MATH_HALF_H_
