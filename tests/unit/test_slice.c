// op/shape/slice.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void attributes_slice_before_opset_10(void** state) {
  (void)state;
  op_text_expect("Slice-1 axes=[1] starts=[1] ends=[3]", "f32[2,4] 0..",
                 "f32[2,2] 1 2 5 6");
  op_text_expect("Slice-9 starts=[-1,0] ends=[2147483647,2]", "i32[2,3] 0..",
                 "i32[1,2] 3 4");
  op_text_expect_failure("Slice-9 starts=[0]", "f32[1] 0", OLSTM_STATUS_INVALID_MODEL,
                         "Slice 'node': attribute ends is missing");
}

static void inputs_slice_from_opset_10_on(void** state) {
  (void)state;
  op_text_expect("Slice-10", "f32[4] 0..; i32[1] 1; i32[1] 3", "f32[2] 1 2");
  op_text_expect(
      "Slice-13",
      "f32[2,3,2] 0..; i64[3] 1 0 -1; i64[3] 3 9223372036854775807 2147483647; "
      "i64[3] 1 0 2",
      "f32[2,2,1] 3 5 9 11");
  op_text_expect("Slice-13", "f32[4] 0..; i64[1] 0; i64[1] 4; _; i64[1] 3", "f32[2] 0 3");
}

static void negative_steps_walk_backwards(void** state) {
  (void)state;
  op_text_expect(
      "Slice-13",
      "f32[4] 0..; i64[1] -1; i64[1] -9223372036854775808; i64[1] 0; i64[1] -1",
      "f32[4] 3 2 1 0");
  op_text_expect("Slice-13", "u8[5] 0..; i64[1] 20; i64[1] 0; i64[1] 0; i64[1] -2",
                 "u8[2] 4 2");
  op_text_expect("Slice-13",
                 "i64[2,2] 0..; i64[2] 9 9; i64[2] -9 -9; i64[2] 0 1; i64[2] -1 -1",
                 "i64[2,2] 3 2 1 0");
}

static void extreme_bounds_are_clamped(void** state) {
  (void)state;
  op_text_expect(
      "Slice-13",
      "f32[3] 0..; i64[1] -9223372036854775808; i64[1] 9223372036854775807; _; "
      "i64[1] 9223372036854775807",
      "f32[1] 0");
  op_text_expect(
      "Slice-13",
      "f32[3] 0..; i64[1] 9223372036854775807; i64[1] -9223372036854775808; _; "
      "i64[1] -9223372036854775808",
      "f32[1] 2");
  op_text_expect("Slice-13", "f32[3] 0..; i64[1] 2; i64[1] 1", "f32[0]");
  op_text_expect("Slice-13", "f32[3] 0..; i64[1] 100; i64[1] 200", "f32[0]");
  op_text_expect("Slice-13", "f32[0,2]; i64[1] -1; i64[1] 5; i64[1] 0; i64[1] -1",
                 "f32[0,2]");
}

static void the_whole_is_a_view(void** state) {
  (void)state;
  op_text_expect_view("Slice-13", "f32[2,2] 0..; i64[1] 0; i64[1] 2", "f32[2,2] 0..");
  op_text_expect_copy("Slice-13", "f32[2,2] 0..; i64[1] 0; i64[1] 1", "f32[1,2] 0 1");
}

static void refuses_what_means_nothing(void** state) {
  (void)state;
  op_text_expect_failure("Slice-13", "f32[2] 0..; i64[1] 0; i64[1] 2; _; i64[1] 0",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Slice 'node': steps has a 0 for axis 0");
  op_text_expect_failure("Slice-13", "f32[2] 0..; i64[1] 0; i64[2] 2 2",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Slice 'node': ends has 2 values, expected 1 as starts has");
  op_text_expect_failure("Slice-13", "f32[2,2] 0..; i64[2] 0 0; i64[2] 2 2; i64[2] 0 -2",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Slice 'node': axes names axis 0 twice");
  op_text_expect_failure("Slice-13", "f32[2] 0..; ?i64[1] 0; i64[1] 2",
                         OLSTM_STATUS_NEEDS_DATA,
                         "Slice 'node': the values of input 'x1' are not known yet");
  op_text_expect_failure(
      "Slice-13", "f32[2] 0..; f32[1] 0; i64[1] 2", OLSTM_STATUS_DTYPE_MISMATCH,
      "Slice 'node': input 'x1' has dtype float, which opset 13 has no "
      "meaning for");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(attributes_slice_before_opset_10),
      cmocka_unit_test(inputs_slice_from_opset_10_on),
      cmocka_unit_test(negative_steps_walk_backwards),
      cmocka_unit_test(extreme_bounds_are_clamped),
      cmocka_unit_test(the_whole_is_a_view),
      cmocka_unit_test(refuses_what_means_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
