// Loops over floats, compiled for each kind of CPU.
#ifndef OLSTM_OP_ELEMENTWISE_UNARY_LOOPS_H_
#define OLSTM_OP_ELEMENTWISE_UNARY_LOOPS_H_

#include "op/elementwise/unary_kernel.h"

/// By code; NULL where the CPU has none of its own.
extern const olstm__unary_kernel olstm__unary_loops_f32_plain[OLSTM__UNARY_CODE_COUNT];
extern const olstm__unary_kernel olstm__unary_loops_f32_avx2[OLSTM__UNARY_CODE_COUNT];

#endif  // OLSTM_OP_ELEMENTWISE_UNARY_LOOPS_H_
