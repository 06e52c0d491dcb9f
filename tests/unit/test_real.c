// op/math/real.h: storage of reals, against the formats' definitions.
#include "op/math/real.h"

#include <math.h>

#include "tests/support/test_main.h"

/// What 16 bits mean, by the definition of a binary format.
static double meaning(uint16_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * ldexp(fraction, 1 - bias - fraction_bits);
  return sign * ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

static void every_float16_means_what_ieee_says(void** state) {
  (void)state;
  for (uint32_t bits = 0; bits < 0x10000; bits++) {
    const double expected = meaning((uint16_t)bits, 5, 10);
    const double got = olstm__float16_to_float((uint16_t)bits);
    assert_true(isnan(expected) ? isnan(got) : got == expected);
    assert_int_equal(signbit(got) != 0, bits >> 15);
  }
}

static void every_float16_survives_the_round_trip(void** state) {
  (void)state;
  for (uint32_t bits = 0; bits < 0x10000; bits++) {
    const float value = olstm__float16_to_float((uint16_t)bits);
    if (isnan(value)) {
      assert_true(isnan(olstm__float16_to_float(olstm__float_to_float16(value))));
    } else {
      assert_int_equal(olstm__float_to_float16(value), bits);
      assert_int_equal(olstm__double_to_float16(value), bits);
    }
  }
}

static void every_bfloat16_survives_the_round_trip(void** state) {
  (void)state;
  for (uint32_t bits = 0; bits < 0x10000; bits++) {
    const double expected = meaning((uint16_t)bits, 8, 7);
    const float value = olstm__bfloat16_to_float((uint16_t)bits);
    if (isnan(expected)) {
      assert_true(isnan(value));
      assert_true(isnan(olstm__bfloat16_to_float(olstm__float_to_bfloat16(value))));
    } else {
      assert_true((double)value == expected);
      assert_int_equal(olstm__float_to_bfloat16(value), bits);
      assert_int_equal(olstm__double_to_bfloat16(value), bits);
    }
  }
}

/// Between two neighbours: nearer to the lower one, halfway, nearer to the upper one.
static void check_rounding(uint16_t (*round)(double), int exponent_bits,
                           int fraction_bits) {
  const uint16_t infinity = (uint16_t)(((1U << exponent_bits) - 1) << fraction_bits);
  for (uint16_t bits = 0; bits + 1 < infinity; bits++) {
    const double low = meaning(bits, exponent_bits, fraction_bits);
    const double high = meaning((uint16_t)(bits + 1), exponent_bits, fraction_bits);
    const double middle = (low + high) / 2;
    const uint16_t even = (uint16_t)(bits & 1 ? bits + 1 : bits);
    assert_int_equal(round(nextafter(middle, 0)), bits);
    assert_int_equal(round(middle), even);
    assert_int_equal(round(nextafter(middle, INFINITY)), bits + 1);
    assert_int_equal(round(-nextafter(middle, INFINITY)), 0x8000 | (bits + 1));
  }
}

static void doubles_round_once_to_the_nearest_even(void** state) {
  (void)state;
  check_rounding(olstm__double_to_float16, 5, 10);
  check_rounding(olstm__double_to_bfloat16, 8, 7);
}

static uint16_t float16_of_float(double value) {
  return olstm__float_to_float16((float)value);
}

static void floats_round_to_the_nearest_even(void** state) {
  (void)state;
  assert_int_equal(float16_of_float(1 + 0x1p-11), 0x3C00);
  assert_int_equal(float16_of_float(1 + 0x1p-11 + 0x1p-20), 0x3C01);
  assert_int_equal(float16_of_float(1 + 0x3p-11), 0x3C02);
  assert_int_equal(float16_of_float(65519), 0x7BFF);
  assert_int_equal(float16_of_float(65520), 0x7C00);
  assert_int_equal(float16_of_float(0x1p-25), 0);
  assert_int_equal(float16_of_float(0x1.8p-25), 1);
  assert_int_equal(float16_of_float(-INFINITY), 0xFC00);
  assert_int_equal(olstm__float_to_bfloat16(3.4e38F), 0x7F80);
  assert_int_equal(olstm__float_to_bfloat16(1.00390625F), 0x3F80);
}

static void overflow_gives_infinity(void** state) {
  (void)state;
  assert_int_equal(olstm__double_to_float16(1e300), 0x7C00);
  assert_int_equal(olstm__double_to_bfloat16(-1e300), 0xFF80);
  assert_int_equal(olstm__double_to_float16(-1e-300), 0x8000);
}

static void elements_of_every_real_dtype_load_and_store(void** state) {
  static const olstm_dtype kDtypes[] = {OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_DOUBLE,
                                        OLSTM_DTYPE_FLOAT16, OLSTM_DTYPE_BFLOAT16};
  static const double kThirds[] = {0x1.555556p-2, 1.0 / 3, 0x1.554p-2, 0x1.56p-2};
  double storage[4];
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    olstm__real_store(kDtypes[i], storage, 3, 1.0 / 3);
    assert_true(olstm__real_load(kDtypes[i], storage, 3) == kThirds[i]);
    assert_true(olstm__real_round(kDtypes[i], 1.0 / 3) == kThirds[i]);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_float16_means_what_ieee_says),
      cmocka_unit_test(every_float16_survives_the_round_trip),
      cmocka_unit_test(every_bfloat16_survives_the_round_trip),
      cmocka_unit_test(doubles_round_once_to_the_nearest_even),
      cmocka_unit_test(floats_round_to_the_nearest_even),
      cmocka_unit_test(overflow_gives_infinity),
      cmocka_unit_test(elements_of_every_real_dtype_load_and_store),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
