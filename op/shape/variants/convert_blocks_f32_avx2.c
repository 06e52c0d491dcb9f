// convert_blocks.h's steps for AVX2 and F16C.
#define OLSTM_SIMD_ISA 2
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx2
#include "op/shape/convert_blocks.inc"
