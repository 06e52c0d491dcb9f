// Products with panels of pairs of bfloat16 in float for AVX-512 with BF16.
#define OLSTM_SIMD_ISA 512
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx512bf16
#include "op/math/panel_bf16.inc"
