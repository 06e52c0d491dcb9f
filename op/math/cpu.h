// Which vector instructions kernels may use. Detected once.
#ifndef OLSTM_OP_MATH_CPU_H_
#define OLSTM_OP_MATH_CPU_H_

#include "system/cpu_features.h"

/// [any-thread] OLSTM_CPU=plain|avx2|avx512|dot in the environment lowers what is
/// reported, for tests: avx512 to AVX-512 without BF16 and VNNI, dot to AArch64's dot
/// products of bytes without I8MM and BF16.
const olstm__cpu_features* olstm__cpu_get(void);

/// Whether the CPU multiplies pairs of bfloat16. [any-thread]
bool olstm__cpu_multiplies_bf16(void);

#endif  // OLSTM_OP_MATH_CPU_H_
