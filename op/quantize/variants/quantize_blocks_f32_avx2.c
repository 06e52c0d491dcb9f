// quantize_blocks.h's loops for AVX2.
#define OLSTM_SIMD_ISA 2
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx2
#include "op/quantize/quantize_blocks.inc"
