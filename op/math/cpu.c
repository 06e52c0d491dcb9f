#include "op/math/cpu.h"

#include <stdlib.h>
#include <string.h>

#include "system/thread.h"

static olstm__cpu_features cpu;
static pthread_once_t cpu_once = PTHREAD_ONCE_INIT;

static void detect(void) {
  const char* limit = getenv("OLSTM_CPU");
  const bool plain = limit && strcmp(limit, "plain") == 0;
  const bool no_avx512 = plain || (limit && strcmp(limit, "avx2") == 0);
  const bool no_more = limit && strcmp(limit, "avx512") == 0;
  cpu = olstm__cpu_features_detect();
  cpu.avx2_fma = cpu.avx2_fma && !plain;
  cpu.avx512 = cpu.avx512 && cpu.avx2_fma && !no_avx512;
  cpu.avx512_bf16 = cpu.avx512_bf16 && cpu.avx512 && !no_more;
  cpu.avx512_vnni = cpu.avx512_vnni && cpu.avx512 && !no_more;
  cpu.arm_dot = cpu.arm_dot && !plain;
  const bool no_more_than_dot = plain || (limit && strcmp(limit, "dot") == 0);
  cpu.arm_i8mm = cpu.arm_i8mm && !no_more_than_dot;
  cpu.arm_bf16 = cpu.arm_bf16 && !no_more_than_dot;
}

const olstm__cpu_features* olstm__cpu_get(void) {
  (void)pthread_once(&cpu_once, detect);
  return &cpu;
}

bool olstm__cpu_multiplies_bf16(void) {
  const olstm__cpu_features* features = olstm__cpu_get();
  return features->avx512_bf16 || features->arm_bf16;
}
