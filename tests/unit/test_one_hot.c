// op/gather/one_hot.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void a_new_last_axis_has_one_on(void** state) {
  (void)state;
  op_text_expect("OneHot-11", "?i64[2] 0 2; i64[] 3; ?f32[2] 0 1",
                 "f32[2,3] 1 0 0 0 0 1");
  op_text_expect("OneHot-9", "f32[1] 1; f32[1] 2; i32[2] 5 7", "i32[1,2] 5 7");
  op_text_expect("OneHot-11", "i32[] 1; i32[] 2; bool[2] 0 1", "bool[2] 0 1");
}

static void the_axis_may_be_anywhere(void** state) {
  (void)state;
  op_text_expect("OneHot-11 axis=0", "i64[2] 1 0; i64[] 2; i8[2] 0 1", "i8[2,2] 0 1 1 0");
  op_text_expect("OneHot-11 axis=-2", "i64[1,2] 1 0; i64[] 2; f64[2] 0 1",
                 "f64[1,2,2] 0 1 1 0");
}

static void indices_outside_are_all_off(void** state) {
  (void)state;
  op_text_expect("OneHot-11", "i64[4] -1 -2 2 -3; i64[] 2; f32[2] 0 1",
                 "f32[4,2] 0 1 1 0 0 0 0 0");
}

static void refuses_what_means_nothing(void** state) {
  (void)state;
  op_text_expect_failure("OneHot-11", "i64[1] 0; ?i64[] 2; f32[2] 0 1",
                         OLSTM_STATUS_NEEDS_DATA,
                         "OneHot 'node': the values of input 'x1' are not known yet");
  op_text_expect_failure("OneHot-11", "i64[1] 0; i64[] -2; f32[2] 0 1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "OneHot 'node': input 'x1' is -2, expected a positive depth");
  op_text_expect_failure("OneHot-11", "i64[1] 0; i64[] 2; f32[3] 0 1 2",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "OneHot 'node': input 'x2' has shape [3], expected [2]");
  op_text_expect_failure("OneHot-11 axis=2", "i64[1] 0; i64[] 2; f32[2] 0 1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "OneHot 'node': axis is 2, expected -2..1");
  op_text_expect_failure(
      "OneHot-11", "i64[2] 0 0; i64[] 9223372036854775807; f32[2] 0 1",
      OLSTM_STATUS_INVALID_VALUE,
      "OneHot 'node': output shape [2,9223372036854775807] is too large");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_last_axis_has_one_on),
      cmocka_unit_test(the_axis_may_be_anywhere),
      cmocka_unit_test(indices_outside_are_all_off),
      cmocka_unit_test(refuses_what_means_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
