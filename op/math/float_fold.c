#include "op/math/float_fold.h"

#include "op/math/cpu.h"

const olstm__float_fold* olstm__float_fold_get(void) {
#if defined(__x86_64__)
  // Wider vectors would wait for memory as long.
  if (olstm__cpu_get()->avx2_fma) return &olstm__float_fold_f32_avx2;
#endif
  return &olstm__float_fold_f32_plain;
}
