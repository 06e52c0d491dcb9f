// Products with panels in 8 bits in float for CPUs with AArch64's products of matrices of
// bytes.
#define OLSTM_SIMD_ISA 0
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_neoni8mm
#include "op/math/panel_int8.inc"
