// Products with panels of pairs of bfloat16, multiplied and summed up by the CPU's own
// instruction (AVX512_BF16, or AArch64's BFDOT).
//
// They are panel.h's, where a pair of neighbouring k takes the place of a real, in panels
// and rows alike: a panel is [tiles][k / 2][vectors][SIMD_LANES][2], with a zero at the
// end of an odd k. Products are exact; AVX512_BF16 adds a pair's second one first,
// rounds each sum to float, and takes subnormals for zeros; BFDOT adds the two products
// first. Included by the SIMD templates for
// float alone.
#ifndef OLSTM_OP_MATH_PANEL_BF16_H_
#define OLSTM_OP_MATH_PANEL_BF16_H_

#include "op/math/panel.h"

extern const panel_products olstm__panel_bf16_f32_avx512bf16;
extern const panel_products olstm__panel_bf16_f32_neonbf16;

#endif  // OLSTM_OP_MATH_PANEL_BF16_H_
