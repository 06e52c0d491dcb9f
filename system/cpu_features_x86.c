#include "system/cpu_features.h"

olstm__cpu_features olstm__cpu_features_detect(void) {
  __builtin_cpu_init();
  return (olstm__cpu_features){
      .avx2_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("f16c"),
      .avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"),
      .avx512_bf16 = __builtin_cpu_supports("avx512bf16"),
      .avx512_vnni = __builtin_cpu_supports("avx512vnni")};
}
