// byte_product.h's loop for AVX-512 with VNNI.
#define OLSTM_SIMD_ISA 512
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_avx512vnni
#include "op/math/byte_product.inc"
