// Which vector instructions this CPU has. Detected once.
#ifndef OLSTM_OP_MATH_CPU_H_
#define OLSTM_OP_MATH_CPU_H_

#include <stdbool.h>

typedef struct olstm__cpu {
  bool avx2_fma;
  bool avx512;  // F, BW, DQ, VL
  bool avx512_bf16;
  bool avx512_vnni;
} olstm__cpu;

/// [any-thread] OLSTM_CPU=plain|avx2|avx512 in the environment lowers what is reported,
/// for tests: the last one to AVX-512 without BF16 and VNNI.
const olstm__cpu* olstm__cpu_get(void);

#endif  // OLSTM_OP_MATH_CPU_H_
