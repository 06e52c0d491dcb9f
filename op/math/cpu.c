#include "op/math/cpu.h"

#include <stdlib.h>
#include <string.h>
#include <threads.h>

static olstm__cpu cpu;
static once_flag cpu_once = ONCE_FLAG_INIT;

static void detect(void) {
  const char* limit = getenv("OLSTM_CPU");
  const bool plain = limit && strcmp(limit, "plain") == 0;
  const bool no_avx512 = plain || (limit && strcmp(limit, "avx2") == 0);
  const bool no_more = limit && strcmp(limit, "avx512") == 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  cpu.avx2_fma =
      !plain && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  cpu.avx512 = cpu.avx2_fma && !no_avx512 && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
  cpu.avx512_bf16 = cpu.avx512 && !no_more && __builtin_cpu_supports("avx512bf16");
  cpu.avx512_vnni = cpu.avx512 && !no_more && __builtin_cpu_supports("avx512vnni");
#else
  (void)no_avx512;
  (void)no_more;
#endif
}

const olstm__cpu* olstm__cpu_get(void) {
  call_once(&cpu_once, detect);
  return &cpu;
}
