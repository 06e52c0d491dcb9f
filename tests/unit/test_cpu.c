// op/math/cpu.h: what is reported, and how the environment lowers it.
#include <stdlib.h>
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "op/math/cpu.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

static void plain_lowers_everything(void** state) {
  (void)state;
  // Asked once in a process: each case is a process of its own.
  olstm_test_set_environment("OLSTM_CPU", "plain");
  const olstm__cpu_features* cpu = olstm__cpu_get();
  assert_false(cpu->avx2_fma || cpu->avx512 || cpu->avx512_bf16 || cpu->avx512_vnni);
  assert_false(cpu->arm_dot || cpu->arm_i8mm || cpu->arm_bf16);
  assert_false(olstm__cpu_multiplies_bf16());
}

static void avx2_lowers_avx512(void** state) {
  (void)state;
  olstm_test_set_environment("OLSTM_CPU", "avx2");
  const olstm__cpu_features* cpu = olstm__cpu_get();
  assert_false(cpu->avx512 || cpu->avx512_bf16 || cpu->avx512_vnni);
}

static void avx512_lowers_what_came_after_it(void** state) {
  (void)state;
  olstm_test_set_environment("OLSTM_CPU", "avx512");
  const olstm__cpu_features* cpu = olstm__cpu_get();
  assert_false(cpu->avx512_bf16 || cpu->avx512_vnni);
}

static void dot_lowers_i8mm_and_bf16(void** state) {
  (void)state;
  const bool has_dot = olstm__cpu_features_detect().arm_dot;
  olstm_test_set_environment("OLSTM_CPU", "dot");
  assert_int_equal(olstm__cpu_get()->arm_dot, has_dot);
  assert_false(olstm__cpu_get()->arm_i8mm || olstm__cpu_get()->arm_bf16);
}

static void wider_vectors_imply_narrower_ones(void** state) {
  (void)state;
  const olstm__cpu_features* cpu = olstm__cpu_get();
  assert_true(!cpu->avx512 || cpu->avx2_fma);
  assert_true(!cpu->avx512_bf16 || cpu->avx512);
  assert_true(!cpu->avx512_vnni || cpu->avx512);
  assert_ptr_equal(cpu, olstm__cpu_get());
}

/// What the compiler's library, or the system's header, says.
static void others_find_the_same(void** state) {
  const olstm__cpu_features found = olstm__cpu_features_detect();
  (void)state;
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  assert_int_equal(found.avx2_fma,
                   __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
  assert_int_equal(found.avx512, __builtin_cpu_supports("avx512f") &&
                                     __builtin_cpu_supports("avx512bw") &&
                                     __builtin_cpu_supports("avx512dq") &&
                                     __builtin_cpu_supports("avx512vl"));
  assert_int_equal(found.avx512_vnni, __builtin_cpu_supports("avx512vnni") != 0);
  assert_int_equal(found.avx512_bf16, __builtin_cpu_supports("avx512bf16") != 0);
#elif defined(__aarch64__) && defined(__linux__)
  assert_int_equal(found.arm_dot, (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0);
  assert_int_equal(found.arm_i8mm, (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0);
  assert_int_equal(found.arm_bf16, (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0);
#else
  (void)found;
  skip();
#endif
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_lowers_everything),
      cmocka_unit_test(avx2_lowers_avx512),
      cmocka_unit_test(avx512_lowers_what_came_after_it),
      cmocka_unit_test(dot_lowers_i8mm_and_bf16),
      cmocka_unit_test(wider_vectors_imply_narrower_ones),
      cmocka_unit_test(others_find_the_same),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
