// op/shape/concat.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void joins_along_any_axis(void** state) {
  (void)state;
  op_text_expect("Concat-4 axis=0", "f32[1,2] 1 2; f32[2,2] 3 4 5 6",
                 "f32[3,2] 1 2 3 4 5 6");
  op_text_expect("Concat-11 axis=-1", "f32[2,1] 1 2; f32[2,2] 3 4 5 6",
                 "f32[2,3] 1 3 4 2 5 6");
  op_text_expect("Concat-13 axis=1", "u8[2,1,3] 0..; u8[2,1,3] 6..",
                 "u8[2,2,3] 0 1 2 6 7 8 3 4 5 9 10 11");
  op_text_expect("Concat-13 axis=0", "i64[1] 7; i64[0]; i64[1] 8", "i64[2] 7 8");
}

static void elements_of_two_inputs_come_in_turns(void** state) {
  (void)state;
  op_text_expect("Concat-13 axis=1", "f32[9,1] 0..; f32[9,1] 10..",
                 "f32[9,2] 0 10 1 11 2 12 3 13 4 14 5 15 6 16 7 17 8 18");
  op_text_expect("Concat-13 axis=-1", "i32[3,1] 0..; i32[3,1] 10..",
                 "i32[3,2] 0 10 1 11 2 12");
  op_text_expect("Concat-13 axis=1", "f16[2,2] 0..; f16[2,2] 10..",
                 "f16[2,4] 0 1 10 11 2 3 12 13");
  op_text_expect("Concat-13 axis=1", "f32[2,1] 0..; f32[2,1] 10..; f32[2,1] 20..",
                 "f32[2,3] 0 10 20 1 11 21");
}

static void one_input_is_a_view(void** state) {
  (void)state;
  op_text_expect_view("Concat-13 axis=0", "i64[2] 7 8", "i64[2] 7 8");
}

static void opset_1_has_a_default_axis(void** state) {
  (void)state;
  op_text_expect("Concat-1", "f32[1,1] 1; f32[1,1] 2", "f32[1,2] 1 2");
  op_text_expect_failure("Concat-4", "f32[1,1] 1", OLSTM_STATUS_INVALID_MODEL,
                         "Concat 'node': attribute axis is missing");
}

static void refuses_what_does_not_fit(void** state) {
  (void)state;
  op_text_expect_failure("Concat-13 axis=0", "f32[1,2] 1 2; f32[1,3] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Concat 'node': input 'x1' has shape [1,3], expected that of "
                         "'x0' [1,2] but for axis 0");
  op_text_expect_failure("Concat-13 axis=0", "f32[1] 1; i64[1] 0",
                         OLSTM_STATUS_DTYPE_MISMATCH,
                         "Concat 'node': input 'x1' has dtype int64, expected float as "
                         "input 'x0' has");
  op_text_expect_failure("Concat-13 axis=2", "f32[1,2] 1 2", OLSTM_STATUS_INVALID_VALUE,
                         "Concat 'node': axis is 2, expected -2..1");
  op_text_expect_failure("Concat-13 axis=0", "f32[1] 1; _", OLSTM_STATUS_INVALID_MODEL,
                         "Concat 'node': input 1 is missing");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(joins_along_any_axis),
      cmocka_unit_test(elements_of_two_inputs_come_in_turns),
      cmocka_unit_test(one_input_is_a_view),
      cmocka_unit_test(opset_1_has_a_default_axis),
      cmocka_unit_test(refuses_what_does_not_fit),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
