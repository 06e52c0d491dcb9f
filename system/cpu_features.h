// Which vector instructions this CPU has.
#ifndef OLSTM_SYSTEM_CPU_FEATURES_H_
#define OLSTM_SYSTEM_CPU_FEATURES_H_

#include <stdbool.h>

typedef struct olstm__cpu_features {
  bool avx2_fma;  // and F16C
  bool avx512;    // F, BW, DQ, VL
  bool avx512_bf16;
  bool avx512_vnni;
  bool arm_dot;   // products of bytes, four at a time
  bool arm_i8mm;  // products of matrices of bytes, and arm_dot
  bool arm_bf16;  // products of bfloat16, two at a time
} olstm__cpu_features;

/// Asks the CPU. [any-thread]
olstm__cpu_features olstm__cpu_features_detect(void);

#endif  // OLSTM_SYSTEM_CPU_FEATURES_H_
