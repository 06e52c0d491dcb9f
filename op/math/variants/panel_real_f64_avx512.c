// Products with panels of reals in double for AVX-512 (F, BW, DQ, VL).
#define OLSTM_SIMD_ISA 512
#define OLSTM_SIMD_DOUBLE 1
#define SIMD_NAME(name) name##_f64_avx512
#include "op/math/panel_real.inc"
