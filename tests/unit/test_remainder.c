// The same bits as fmod's, whatever the exponents.
#include "op/elementwise/remainder.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "op/elementwise/binary_kernel.h"
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

static void expect_rest(double p, double q, double got) {
  const double expected = fmod(p, q);
  uint64_t bits[2];
  memcpy(&bits[0], &expected, sizeof expected);
  memcpy(&bits[1], &got, sizeof got);
  if (isnan(expected) ? !isnan(got) : bits[0] != bits[1]) {
    fail_msg("fmod(%a, %a) is %a, expected %a", p, q, got, expected);
  }
}

static void expect_f64(double p, double q) {
  expect_rest(p, q, olstm__remainder_f64(p, q));
}

/// Groups of which none, some or all have a quotient too large for one product.
static void arrays_give_the_bits_of_fmod(void** state) {
  enum { kCount = 1003 };
  static double p[kCount], q[kCount], y[kCount];
  const olstm__binary_kernel run =
      olstm__binary_kernel_find(OLSTM__BINARY_FMOD, OLSTM__COMPUTE_F64);
  uint64_t seed = 362436069;
  (void)state;
  for (int round = 0; round < 40; round++) {
    for (int i = 0; i < kCount; i++) {
      const int reach = round % 4 == 0   ? 2
                        : round % 4 == 1 ? 50
                        : round % 4 == 2 ? 60
                                         : 900;
      const double divisor = (double)(draw(&seed) >> 11) + 1;
      q[i] = ldexp(i % 3 ? divisor : -divisor, (int)(draw(&seed) % 40));
      // Near a multiple of the divisor, or anywhere.
      const double multiple = floor((double)(draw(&seed) >> 40));
      p[i] = i % 2 ? multiple * q[i]
                   : ldexp((double)(draw(&seed) >> 11), (int)(draw(&seed) % 64) % reach);
      if (i % 5 == 0) p[i] = -p[i];
      if (round % 8 == 7 && i % 97 == 0) q[i] = i % 2 ? INFINITY : 0;
    }
    assert_true(run(kCount, p, 1, q, 1, y));
    for (int i = 0; i < kCount; i++) expect_rest(p[i], q[i], y[i]);
    assert_true(run(kCount, p, 1, q, 0, y));
    for (int i = 0; i < kCount; i++) expect_rest(p[i], q[0], y[i]);
    // In place.
    memcpy(y, p, sizeof y);
    assert_true(run(kCount, y, 1, q, 1, y));
    for (int i = 0; i < kCount; i++) expect_rest(p[i], q[i], y[i]);
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
      cmocka_unit_test(arrays_give_the_bits_of_fmod),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
