// The tiles of convolutions in double for any CPU.
#define OLSTM_SIMD_ISA 0
#define OLSTM_SIMD_DOUBLE 1
#define SIMD_NAME(name) name##_f64_plain
#include "op/conv/conv_tile.inc"
