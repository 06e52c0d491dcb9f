// op/shape/pad.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void pads_with_a_constant(void** state) {
  (void)state;
  op_text_expect("Pad-2 pads=[0,1,0,2] value=7.5", "f32[2,1] 1 2",
                 "f32[2,4] 7.5 1 7.5 7.5 7.5 2 7.5 7.5");
  op_text_expect("Pad-1 paddings=[1,0]", "f32[1] 3", "f32[2] 0 3");
  op_text_expect("Pad-11", "i64[2] 1 2; i64[2] 1 1; i64[] 9", "i64[4] 9 1 2 9");
  op_text_expect("Pad-13", "bool[1] 1; i64[2] 1 1", "bool[3] 0 1 0");
  op_text_expect("Pad-13", "f32[0]; i64[2] 1 1", "f32[2] 0 0");
  op_text_expect("Pad-13", "f32[] 4; i64[0]", "f32[] 4");
  // More pieces than the last axis has elements.
  op_text_expect("Pad-13", "u8[8,1] 1 2 3 4 5 6 7 8; i64[4] 1 0 2 0",
                 "u8[11,1] 0 1 2 3 4 5 6 7 8 0 0");
}

static void axes_choose_what_is_padded(void** state) {
  (void)state;
  op_text_expect("Pad-18", "f32[1,2] 1 2; i64[2] 0 1; _; i32[1] -1", "f32[1,3] 1 2 0");
  op_text_expect_failure("Pad-13", "f32[1] 1; i64[2] 0 1; _; i64[1] 0",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Pad 'node': has 4 inputs, expected at most 3");
}

static void mirrors_repeats_and_wraps(void** state) {
  (void)state;
  op_text_expect("Pad-11 mode='reflect'", "f32[3] 1 2 3; i64[2] 2 2",
                 "f32[7] 3 2 1 2 3 2 1");
  op_text_expect("Pad-11 mode='edge'", "f32[3] 1 2 3; i64[2] 2 1", "f32[6] 1 1 1 2 3 3");
  op_text_expect("Pad-19 mode='wrap'", "f32[3] 1 2 3; i64[2] 2 4",
                 "f32[9] 2 3 1 2 3 1 2 3 1");
  op_text_expect("Pad-11 mode='reflect'", "u8[2,2] 1 2 3 4; i64[4] 1 1 1 0",
                 "u8[4,3] 4 3 4 2 1 2 4 3 4 2 1 2");
  op_text_expect("Pad-11 mode='reflect'", "f32[2] 1 2; i64[2] 3 0", "f32[5] 2 1 2 1 2");
  op_text_expect("Pad-11 mode='reflect'", "f32[1] 5; i64[2] 1 1", "f32[3] 5 5 5");
}

static void negative_pads_crop(void** state) {
  (void)state;
  op_text_expect("Pad-11", "f32[4] 0..; i64[2] -1 -2", "f32[1] 1");
  op_text_expect("Pad-11", "f32[4] 0..; i64[2] -1 1", "f32[4] 1 2 3 0");
  op_text_expect("Pad-11 mode='edge'", "f32[4] 0..; i64[2] -1 1", "f32[4] 1 2 3 3");
  op_text_expect("Pad-11 mode='reflect'", "f32[4] 0..; i64[2] 1 -1", "f32[4] 1 0 1 2");
  op_text_expect_failure("Pad-11", "f32[2] 0..; i64[2] -2 -1", OLSTM_STATUS_INVALID_VALUE,
                         "Pad 'node': pads -2 and -1 at axis 0 do not fit shape [2]");
}

static void refuses_what_means_nothing(void** state) {
  (void)state;
  op_text_expect_failure("Pad-13 mode='wrap'", "f32[1] 0; i64[2] 1 1",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Pad 'node': mode='wrap' is unknown (opset 13)");
  op_text_expect_failure("Pad-13", "f32[1] 0; i64[1] 1", OLSTM_STATUS_INVALID_VALUE,
                         "Pad 'node': pads has 1 values, expected 2 for 1 axes");
  op_text_expect_failure(
      "Pad-13", "f32[1] 0; i64[2] 9223372036854775807 1", OLSTM_STATUS_INVALID_VALUE,
      "Pad 'node': pads 9223372036854775807 and 1 at axis 0 do not fit "
      "shape [1]");
  op_text_expect_failure("Pad-13", "f32[1] 0; i64[2] 2305843009213693950 1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Pad 'node': output shape [2305843009213693952] is too large");
  op_text_expect_failure("Pad-13 mode='edge'", "f32[0]; i64[2] 1 0",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Pad 'node': axis 0 of shape [0] has nothing to pad with");
  op_text_expect_failure("Pad-13", "f32[1] 0; i64[2] 1 1; i64[] 1",
                         OLSTM_STATUS_DTYPE_MISMATCH,
                         "Pad 'node': input 'x2' has dtype int64, expected float as "
                         "input 'x0' has");
  op_text_expect_failure("Pad-13", "f32[1] 0; ?i64[2] 1 1", OLSTM_STATUS_NEEDS_DATA,
                         "Pad 'node': the values of input 'x1' are not known yet");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pads_with_a_constant),
      cmocka_unit_test(axes_choose_what_is_padded),
      cmocka_unit_test(mirrors_repeats_and_wraps),
      cmocka_unit_test(negative_pads_crop),
      cmocka_unit_test(refuses_what_means_nothing),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
