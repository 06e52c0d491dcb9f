// byte_product.h's loop for any CPU.
#define OLSTM_SIMD_ISA 0
#define OLSTM_SIMD_DOUBLE 0
#define SIMD_NAME(name) name##_f32_plain
#include "op/math/byte_product.inc"
