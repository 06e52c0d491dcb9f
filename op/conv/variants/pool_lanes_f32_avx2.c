// pool_lanes.h's functions in float for AVX2 and FMA.
#define OLSTM_SIMD_ISA 2
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx2
#include "op/conv/pool_lanes.inc"
