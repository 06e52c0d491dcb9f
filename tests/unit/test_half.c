// op/math/half.h: every bit pattern survives, and rounding is to nearest even.
#include "op/math/half.h"

#include <math.h>

#include "tests/support/test_main.h"

static void every_float16_survives_a_round_trip(void** state) {
  (void)state;
  for (uint32_t half = 0; half < 0x10000u; half++) {
    const float value = olstm__float16_to_float((uint16_t)half);
    if ((half & 0x7fffu) > 0x7c00u) {
      assert_true(isnan(value));
      assert_true(isnan(olstm__float16_to_float(olstm__float_to_float16(value))));
    } else {
      assert_int_equal(olstm__float_to_float16(value), half);
    }
  }
}

static void every_bfloat16_survives_a_round_trip(void** state) {
  (void)state;
  for (uint32_t brain = 0; brain < 0x10000u; brain++) {
    const float value = olstm__bfloat16_to_float((uint16_t)brain);
    if ((brain & 0x7fffu) > 0x7f80u) {
      assert_true(isnan(olstm__bfloat16_to_float(olstm__float_to_bfloat16(value))));
    } else {
      assert_int_equal(olstm__float_to_bfloat16(value), brain);
    }
  }
}

static void float16_values_are_those_of_ieee_754(void** state) {
  (void)state;
  assert_true(olstm__float16_to_float(0x3c00) == 1.0f);
  assert_true(olstm__float16_to_float(0xc000) == -2.0f);
  assert_true(olstm__float16_to_float(0x7bff) == 65504.0f);
  assert_true(olstm__float16_to_float(0x0400) == 0x1p-14f);
  assert_true(olstm__float16_to_float(0x0001) == 0x1p-24f);
  assert_true(olstm__float16_to_float(0xfc00) == -INFINITY);
}

/// Between every two neighbours lies a tie, which goes to the even one.
static void float16_rounds_to_nearest_even(void** state) {
  (void)state;
  for (uint32_t half = 0; half < 0x7bffu; half++) {
    const float low = olstm__float16_to_float((uint16_t)half);
    const float high = olstm__float16_to_float((uint16_t)(half + 1));
    const float middle = low + (high - low) / 2;
    assert_int_equal(olstm__float_to_float16(middle), half + (half & 1u));
    assert_int_equal(olstm__float_to_float16(nextafterf(middle, 0.0f)), half);
    assert_int_equal(olstm__float_to_float16(nextafterf(middle, INFINITY)), half + 1);
  }
  assert_int_equal(olstm__float_to_float16(65519.0f), 0x7bff);
  assert_int_equal(olstm__float_to_float16(65520.0f), 0x7c00);
  assert_int_equal(olstm__float_to_float16(-1e30f), 0xfc00);
}

static void bfloat16_rounds_to_nearest_even(void** state) {
  (void)state;
  assert_int_equal(olstm__float_to_bfloat16(0x1.01p0f), 0x3f80);
  assert_int_equal(olstm__float_to_bfloat16(0x1.03p0f), 0x3f82);
  assert_int_equal(olstm__float_to_bfloat16(0x1.010002p0f), 0x3f81);
  assert_int_equal(olstm__float_to_bfloat16(3.4e38f), 0x7f80);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_float16_survives_a_round_trip),
      cmocka_unit_test(every_bfloat16_survives_a_round_trip),
      cmocka_unit_test(float16_values_are_those_of_ieee_754),
      cmocka_unit_test(float16_rounds_to_nearest_even),
      cmocka_unit_test(bfloat16_rounds_to_nearest_even),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
