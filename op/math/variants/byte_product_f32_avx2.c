// byte_product.h's loop for AVX2.
#define OLSTM_SIMD_ISA 2
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx2
#include "op/math/byte_product.inc"
