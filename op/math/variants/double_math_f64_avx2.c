// vector_math.h's functions of doubles for AVX2 and FMA.
#define OLSTM_SIMD_ISA 2
#define OLSTM_SIMD_DOUBLE 1
#define SIMD_NAME(name) name##_f64_avx2
#include "op/math/double_math.inc"
