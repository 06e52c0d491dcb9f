#include <cpuid.h>

#include "system/cpu_features.h"

/// Conversions of halves; clang's __builtin_cpu_supports does not know them.
static bool has_f16c(void) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

olstm__cpu_features olstm__cpu_features_detect(void) {
  __builtin_cpu_init();
  return (olstm__cpu_features){
      .avx2_fma =
          __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c(),
      .avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"),
      .avx512_bf16 = __builtin_cpu_supports("avx512bf16"),
      .avx512_vnni = __builtin_cpu_supports("avx512vnni")};
}
