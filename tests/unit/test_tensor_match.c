// tools/tensor_match.h: verdicts as numpy.testing.assert_allclose gives them.
#include "tools/tensor_match.h"

#include <math.h>
#include <string.h>

#include "tests/support/test_main.h"

static const olstm__tolerance kTolerance = {.rtol = 1e-3, .atol = 1e-7};

static bool match_floats(float actual, float expected, olstm_error* reason) {
  const olstm_tensor a = {{OLSTM_DTYPE_FLOAT, 1, {1}}, &actual};
  const olstm_tensor b = {{OLSTM_DTYPE_FLOAT, 1, {1}}, &expected};
  return olstm__tensor_match(&a, &b, &kTolerance, reason);
}

static void tolerance_scales_with_what_is_expected(void** state) {
  olstm_error reason;
  (void)state;
  assert_true(match_floats(1.0009F, 1.0F, &reason));
  assert_false(match_floats(1.0011F, 1.0F, &reason));
  assert_true(match_floats(0.9e-7F, 0.0F, &reason));
  assert_false(match_floats(1.1e-7F, 0.0F, &reason));
}

static void nan_equals_nan_alone(void** state) {
  olstm_error reason;
  (void)state;
  assert_true(match_floats(NAN, NAN, &reason));
  assert_false(match_floats(NAN, 1.0F, &reason));
  assert_false(match_floats(1.0F, NAN, &reason));
  assert_string_equal(reason.message,
                      "1 of 1 elements differ, most at [0]: expected nan, got 1");
}

static void infinities_equal_themselves_alone(void** state) {
  olstm_error reason;
  (void)state;
  assert_true(match_floats(INFINITY, INFINITY, &reason));
  assert_false(match_floats(INFINITY, -INFINITY, &reason));
  assert_false(match_floats(3e38F, INFINITY, &reason));
}

static void bfloat16_may_be_off_by_its_last_bit(void** state) {
  // 0.816406 and its neighbours; the next one is 0.4% away.
  uint16_t actual = 0x3f52;
  uint16_t expected = 0x3f51;
  olstm_error reason;
  const olstm_tensor a = {{OLSTM_DTYPE_BFLOAT16, 0, {0}}, &actual};
  const olstm_tensor b = {{OLSTM_DTYPE_BFLOAT16, 0, {0}}, &expected};
  (void)state;
  assert_true(olstm__tensor_match(&a, &b, &kTolerance, &reason));
  expected = 0x3f4f;
  assert_false(olstm__tensor_match(&a, &b, &kTolerance, &reason));
}

static void integers_must_be_equal(void** state) {
  int64_t actual = INT64_MAX;
  int64_t expected = INT64_MAX - 1;
  olstm_error reason;
  const olstm_tensor a = {{OLSTM_DTYPE_INT64, 0, {0}}, &actual};
  const olstm_tensor b = {{OLSTM_DTYPE_INT64, 0, {0}}, &expected};
  (void)state;
  assert_false(olstm__tensor_match(&a, &b, &kTolerance, &reason));
  expected = actual;
  assert_true(olstm__tensor_match(&a, &b, &kTolerance, &reason));
}

static void bytes_may_be_off_where_the_tolerance_says_so(void** state) {
  const olstm__tolerance one = {.rtol = 1e-3, .atol = 1e-7, .bytes = 1};
  uint8_t actual = 200;
  uint8_t expected = 201;
  olstm_error reason;
  const olstm_tensor a = {{OLSTM_DTYPE_UINT8, 1, {1}}, &actual};
  const olstm_tensor b = {{OLSTM_DTYPE_UINT8, 1, {1}}, &expected};
  (void)state;
  assert_true(olstm__tensor_match(&a, &b, &one, &reason));
  assert_false(olstm__tensor_match(&a, &b, &kTolerance, &reason));
  expected = 202;
  assert_false(olstm__tensor_match(&a, &b, &one, &reason));
}

static void names_both_dtypes_and_both_shapes(void** state) {
  float values[2] = {0};
  olstm_error reason;
  const olstm_tensor a = {{OLSTM_DTYPE_FLOAT, 1, {2}}, values};
  const olstm_tensor b = {{OLSTM_DTYPE_FLOAT, 2, {1, 2}}, values};
  const olstm_tensor c = {{OLSTM_DTYPE_INT32, 1, {2}}, values};
  (void)state;
  assert_false(olstm__tensor_match(&a, &b, &kTolerance, &reason));
  assert_string_equal(reason.message, "shape: expected [1,2], got [2]");
  assert_false(olstm__tensor_match(&a, &c, &kTolerance, &reason));
  assert_string_equal(reason.message, "dtype: expected int32, got float");
}

static void names_the_worst_element(void** state) {
  float actual[4] = {1, 2, 3, 4};
  float expected[4] = {1, 2.5F, 9, 4};
  olstm_error reason;
  const olstm_tensor a = {{OLSTM_DTYPE_FLOAT, 2, {2, 2}}, actual};
  const olstm_tensor b = {{OLSTM_DTYPE_FLOAT, 2, {2, 2}}, expected};
  (void)state;
  assert_false(olstm__tensor_match(&a, &b, &kTolerance, &reason));
  assert_string_equal(reason.message,
                      "2 of 4 elements differ, most at [1,0]: expected 9, got 3");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tolerance_scales_with_what_is_expected),
      cmocka_unit_test(nan_equals_nan_alone),
      cmocka_unit_test(infinities_equal_themselves_alone),
      cmocka_unit_test(bfloat16_may_be_off_by_its_last_bit),
      cmocka_unit_test(integers_must_be_equal),
      cmocka_unit_test(bytes_may_be_off_where_the_tolerance_says_so),
      cmocka_unit_test(names_both_dtypes_and_both_shapes),
      cmocka_unit_test(names_the_worst_element),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
