// How averages are divided. Included by templates (*.inc) alone, after simd.h.
#ifndef OLSTM_OP_CONV_POOL_DIVIDE_H_
#define OLSTM_OP_CONV_POOL_DIVIDE_H_

#include "op/math/simd.h"

#if SIMD_HAS_FMA
/// y / divisor, from the rounded reciprocal of a whole number up to
/// OLSTM__POOL_MAX_INVERTED, since divisions are slow: to the last bit, for y from 2^-100
/// on; -0 becomes 0.
SIMD_INLINE simd_vec pool_divide(simd_vec y, simd_vec divisor, simd_vec reciprocal) {
  const simd_vec quotient = simd_mul(y, reciprocal);
  const simd_vec rest = simd_fnma(quotient, divisor, y);
  // Infinities have no rest.
  return simd_fma(simd_select_le(rest, rest, rest, simd_zero()), reciprocal, quotient);
}
#else
SIMD_INLINE simd_vec pool_divide(simd_vec y, simd_vec divisor, simd_vec reciprocal) {
  (void)reciprocal;
  return simd_div(y, divisor);
}
#endif

#endif  // OLSTM_OP_CONV_POOL_DIVIDE_H_
