// op/shape/constant_of_shape.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void fills_with_a_float_zero_by_default(void** state) {
  (void)state;
  op_text_expect("ConstantOfShape-9", "i64[2] 2 3", "f32[2,3] 0 0 0 0 0 0");
  op_text_expect("ConstantOfShape-9", "i64[0]", "f32[] 0");
  op_text_expect("ConstantOfShape-9", "i64[2] 0 3", "f32[0,3]");
}

static void fills_with_any_value(void** state) {
  (void)state;
  op_text_expect("ConstantOfShape-9 value=f32[1]{2.5}", "i64[1] 3", "f32[3] 2.5 2.5 2.5");
  op_text_expect("ConstantOfShape-9 value=i64[1]{-7}", "i64[1] 2", "i64[2] -7 -7");
  op_text_expect("ConstantOfShape-20 value=bool[1]{1}", "i64[1] 3", "bool[3] 1 1 1");
  op_text_expect("ConstantOfShape-20 value=f16[]{3}", "i64[1] 3", "f16[3] 3 3 3");
}

static void refuses_shapes_and_values_that_cannot_be(void** state) {
  (void)state;
  op_text_expect_failure("ConstantOfShape-9", "i64[1] -1", OLSTM_STATUS_INVALID_VALUE,
                         "ConstantOfShape 'node': shape [-1] has a negative dimension");
  op_text_expect_failure(
      "ConstantOfShape-9", "i64[1] 9223372036854775807", OLSTM_STATUS_INVALID_VALUE,
      "ConstantOfShape 'node': output shape [9223372036854775807] is too large");
  op_text_expect_failure(
      "ConstantOfShape-9 value=f32[2]{1 2}", "i64[1] 1", OLSTM_STATUS_INVALID_MODEL,
      "ConstantOfShape 'node': attribute value has shape [2], expected "
      "one element");
  op_text_expect_failure(
      "ConstantOfShape-9", "?i64[1] 1", OLSTM_STATUS_NEEDS_DATA,
      "ConstantOfShape 'node': the values of input 'x0' are not known yet");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fills_with_a_float_zero_by_default),
      cmocka_unit_test(fills_with_any_value),
      cmocka_unit_test(refuses_shapes_and_values_that_cannot_be),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
