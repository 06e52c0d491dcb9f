// pool_lanes.h's functions in float for AVX-512.
#define OLSTM_SIMD_ISA 512
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx512
#include "op/conv/pool_lanes.inc"
