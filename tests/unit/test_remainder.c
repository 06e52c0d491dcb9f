// The same bits as fmod's, whatever the exponents.
#include "op/elementwise/remainder.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/test_main.h"

static uint64_t draw(uint64_t* seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

static void expect_f32(float p, float q) {
  const float expected = fmodf(p, q), got = olstm__remainder_f32(p, q);
  uint32_t bits[2];
  memcpy(&bits[0], &expected, sizeof expected);
  memcpy(&bits[1], &got, sizeof got);
  if (isnan(expected) ? !isnan(got) : bits[0] != bits[1]) {
    fail_msg("fmod(%a, %a) is %a, expected %a", (double)p, (double)q, (double)got,
             (double)expected);
  }
}

static void expect_f64(double p, double q) {
  const double expected = fmod(p, q), got = olstm__remainder_f64(p, q);
  uint64_t bits[2];
  memcpy(&bits[0], &expected, sizeof expected);
  memcpy(&bits[1], &got, sizeof got);
  if (isnan(expected) ? !isnan(got) : bits[0] != bits[1]) {
    fail_msg("fmod(%a, %a) is %a, expected %a", p, q, got, expected);
  }
}

static void gives_the_bits_of_fmod(void** state) {
  uint64_t seed = 88172645463325252U;
  (void)state;
  for (int i = 0; i < 200000; i++) {
    const uint64_t bits[2] = {draw(&seed), draw(&seed)};
    uint32_t words[2] = {(uint32_t)(bits[0] >> 16), (uint32_t)(bits[1] >> 16)};
    float p = 0, q = 0;
    // Every fourth divisor is subnormal.
    if (i % 4 == 0) words[1] &= 0x807fffffU;
    memcpy(&p, &words[0], sizeof p);
    memcpy(&q, &words[1], sizeof q);
    expect_f32(p, q);
  }
  for (int i = 0; i < 20000; i++) {
    uint64_t bits[2] = {draw(&seed), draw(&seed)};
    double p = 0, q = 0;
    if (i % 4 == 0) bits[1] &= 0x800fffffffffffffU;
    memcpy(&p, &bits[0], sizeof p);
    memcpy(&q, &bits[1], sizeof q);
    expect_f64(p, q);
  }
}

static void gives_what_fmod_gives_of_special_values(void** state) {
  const double values[] = {0.0,   -0.0,   1.0,  -1.0,     5e-324,    -5e-324, 3e-308,
                           1e308, 4096.5, 4097, INFINITY, -INFINITY, NAN};
  (void)state;
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
      expect_f64(values[i], values[j]);
      expect_f32((float)values[i], (float)values[j]);
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_the_bits_of_fmod),
      cmocka_unit_test(gives_what_fmod_gives_of_special_values),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
