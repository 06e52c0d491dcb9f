// vector_math.h's functions in float for AVX-512 (F, BW, DQ, VL).
#define OLSTM_SIMD_ISA 512
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx512
#include "op/math/vector_math.inc"
