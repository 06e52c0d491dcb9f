// Products with panels in 8 bits: rows and columns of signed bytes, each with a scale;
// sums are integers, exact, whatever CPU adds them up.
//
// A panel is [tiles][k / 4][vectors][SIMD_LANES][4]; k is a multiple of 4, with zeros at
// the end, and never cut; `depth` counts fours. Rows have `offset` added to every byte,
// for CPUs that want them unsigned; a column's correction is its sum, `offset` times
// which comes off again.
//   out = init + (lead's sum * its scales) + (main's sum * its scales)
// Included by the SIMD templates for float alone.
#ifndef OLSTM_OP_MATH_PANEL_INT8_H_
#define OLSTM_OP_MATH_PANEL_INT8_H_

#include "op/math/panel.h"

typedef struct panel_int8 {
  /// 0 or 128.
  int32_t offset;
  panel_products products;
} panel_int8;

extern const panel_int8 olstm__panel_int8_f32_plain;
extern const panel_int8 olstm__panel_int8_f32_avx2;
extern const panel_int8 olstm__panel_int8_f32_avx512;
extern const panel_int8 olstm__panel_int8_f32_avx512vnni;

/// Bytes that `count` elements take up in a row.
SIMD_INLINE int64_t int8_row_bytes(int64_t count) {
  return (count + 3) / 4 * 4;
}

/// Brings a row to -127..127, plus `offset`, and gives the scale that brings it back: the
/// largest magnitude over 127. Values that are no number make the scale NaN.
SIMD_INLINE float int8_quantize(const float* from, int64_t count, int32_t offset,
                                uint8_t* to) {
  simd_vec largest = simd_zero();
  simd_vec probe = simd_zero();
  float lanes[SIMD_LANES];
  float scale = 0;
  float no_number = 0;
  for (int64_t i = 0; i < count; i += SIMD_LANES) {
    const int64_t left = count - i;
    const simd_vec x =
        left < SIMD_LANES ? simd_load_part(from + i, left) : simd_load(from + i);
    largest = simd_max(largest, simd_abs(x));
    // Infinities and NaN times zero are NaN, and stay.
    probe = simd_fma(x, simd_zero(), probe);
  }
  simd_store(lanes, largest);
  for (int i = 0; i < SIMD_LANES; i++) scale = lanes[i] > scale ? lanes[i] : scale;
  simd_store(lanes, probe);
  for (int i = 0; i < SIMD_LANES; i++) no_number += lanes[i];
  // A row of subnormals alone is as good as zeros, and its reciprocal would be infinite.
  const bool is_usable = scale >= 0x1p-120F && no_number == 0;
  const simd_vec factor = simd_set(is_usable ? 127 / scale : 0);
  const simd_vec rounder = simd_set(12582912.0F + (float)offset);
  for (int64_t i = 0; i < int8_row_bytes(count); i += SIMD_LANES) {
    const int64_t left = count - i;
    const simd_vec x = left < SIMD_LANES ? simd_load_part(from + i, left > 0 ? left : 0)
                                         : simd_load(from + i);
    const int64_t room = int8_row_bytes(count) - i;
    // The rounded number is in the low byte of the sum.
    simd_store_low_bytes(to + i, simd_fma(is_usable ? x : simd_zero(), factor, rounder),
                         room < SIMD_LANES ? room : SIMD_LANES);
  }
  if (no_number != 0) return no_number;
  return is_usable ? scale / 127 : 0;
}

#endif  // OLSTM_OP_MATH_PANEL_INT8_H_
