// Products with panels in 8 bits: rows and columns of signed bytes, each with a scale;
// sums are integers, exact, whatever CPU adds them up.
//
// A panel is [tiles][k / 4][vectors][SIMD_LANES][4]; k is a multiple of 4, with zeros at
// the end, and never cut; `depth` counts fours. CPUs that want rows unsigned have 128
// added to every byte of a row (OFFSET in panel_int8.inc); a column's correction is its
// sum, OFFSET times which is subtracted again. CPUs that multiply 16 bits have rows of 16
// bits; fours of these lie in the order 0 2 1 3. CPUs that multiply matrices of bytes
// have eights in place of fours: two to a lane's place, [k / 8][vectors][SIMD_LANES][8].
//   out = init + (x's sum * its scales) + (h's sum * its scales)
// Included by the SIMD templates for float alone.
#ifndef OLSTM_OP_MATH_PANEL_INT8_H_
#define OLSTM_OP_MATH_PANEL_INT8_H_

#include "op/math/panel.h"

extern const panel_products olstm__panel_int8_f32_plain;
extern const panel_products olstm__panel_int8_f32_avx2;
extern const panel_products olstm__panel_int8_f32_avx512vnni;
extern const panel_products olstm__panel_int8_f32_neondot;
extern const panel_products olstm__panel_int8_f32_neoni8mm;

#endif  // OLSTM_OP_MATH_PANEL_INT8_H_
