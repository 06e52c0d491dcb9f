// Which vector instructions kernels may use. Detected once.
#ifndef OLSTM_OP_MATH_CPU_H_
#define OLSTM_OP_MATH_CPU_H_

#include "system/cpu_features.h"

/// [any-thread] OLSTM_CPU=plain|avx2|avx512 in the environment lowers what is reported,
/// for tests: the last one to AVX-512 without BF16 and VNNI.
const olstm__cpu_features* olstm__cpu_get(void);

#endif  // OLSTM_OP_MATH_CPU_H_
