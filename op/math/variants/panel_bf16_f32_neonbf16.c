// Products with panels of pairs of bfloat16 in float for CPUs with AArch64's BF16.
#define OLSTM_SIMD_ISA 0
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_neonbf16
#include "op/math/panel_bf16.inc"
