// tools/element.h: bit patterns from IEEE 754 and from numpy.float16.
#include "tools/element.h"

#include <math.h>
#include <string.h>

#include "tests/support/test_main.h"

static double get_half(uint16_t bits) {
  const olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT16, 1, {1}}, &bits};
  return olstm__element_get(&tensor, 0);
}

static uint16_t set(olstm_dtype dtype, double value) {
  uint16_t bits = 0;
  const olstm_tensor tensor = {{dtype, 1, {1}}, &bits};
  olstm__element_set(&tensor, 0, value);
  return bits;
}

static void reads_halves(void** state) {
  (void)state;
  assert_true(get_half(0x3c00) == 1.0);
  assert_true(get_half(0xc000) == -2.0);
  assert_true(get_half(0x7bff) == 65504.0);
  assert_true(get_half(0x0001) == ldexp(1.0, -24));
  assert_true(isinf(get_half(0xfc00)));
  assert_true(isnan(get_half(0x7e01)));
}

static void every_half_survives_a_round_trip(void** state) {
  (void)state;
  for (uint32_t bits = 0; bits < 0x10000; bits++) {
    const double value = get_half((uint16_t)bits);
    if (!isnan(value)) assert_int_equal(set(OLSTM_DTYPE_FLOAT16, value), bits);
  }
}

static void rounds_halves_to_nearest_even(void** state) {
  (void)state;
  assert_int_equal(set(OLSTM_DTYPE_FLOAT16, 1.0 + 0x1p-11), 0x3c00);
  assert_int_equal(set(OLSTM_DTYPE_FLOAT16, 1.0 + 0x3p-11), 0x3c02);
  assert_int_equal(set(OLSTM_DTYPE_FLOAT16, 65519.9), 0x7bff);
  assert_int_equal(set(OLSTM_DTYPE_FLOAT16, 65520.0), 0x7c00);
  assert_int_equal(set(OLSTM_DTYPE_FLOAT16, 0x1p-25), 0x0000);
}

static void rounds_bfloat16_to_nearest_even(void** state) {
  (void)state;
  assert_int_equal(set(OLSTM_DTYPE_BFLOAT16, 1.0), 0x3f80);
  assert_int_equal(set(OLSTM_DTYPE_BFLOAT16, 1.0 + 0x1p-8), 0x3f80);
  assert_int_equal(set(OLSTM_DTYPE_BFLOAT16, 1.0 + 0x3p-8), 0x3f82);
}

static void prints_large_integers_in_full(void** state) {
  int64_t value = INT64_MAX;
  const olstm_tensor tensor = {{OLSTM_DTYPE_INT64, 0, {0}}, &value};
  char text[40];
  (void)state;
  olstm__element_print(&tensor, 0, text);
  assert_string_equal(text, "9223372036854775807");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_halves),
      cmocka_unit_test(every_half_survives_a_round_trip),
      cmocka_unit_test(rounds_halves_to_nearest_even),
      cmocka_unit_test(rounds_bfloat16_to_nearest_even),
      cmocka_unit_test(prints_large_integers_in_full),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
