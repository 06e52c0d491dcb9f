// op/shape/squeeze: Squeeze and Unsqueeze.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void squeeze_takes_axes_away(void** state) {
  (void)state;
  op_text_expect_view("Squeeze-9 axes=[1]", "f32[2,1,3] 0..", "f32[2,3] 0..");
  op_text_expect_view("Squeeze-13", "f32[1,2,1] 0..; i64[2] -1 0", "f32[2] 0..");
  op_text_expect("Squeeze-13", "i64[1] 5; i64[1] 0", "i64[] 5");
  op_text_expect("Squeeze-13", "i64[1,1] 5; i64[0]", "i64[1,1] 5");
}

static void squeeze_without_axes_takes_every_one(void** state) {
  (void)state;
  op_text_expect("Squeeze-1", "f32[1,2,1,3] 0..", "f32[2,3] 0..");
  op_text_expect("Squeeze-13", "f32[1,1] 7", "f32[] 7");
  op_text_expect("Squeeze-13", "f32[1,2]  0..; _", "f32[2] 0..");
}

static void squeeze_refuses_what_is_not_one(void** state) {
  (void)state;
  op_text_expect_failure(
      "Squeeze-11 axes=[0]", "f32[2,1] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "Squeeze 'node': input 'x0' has shape [2,1], expected 1 at axis 0");
  op_text_expect_failure("Squeeze-11 axes=[1,-1]", "f32[2,1] 0..",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Squeeze 'node': axes names axis 1 twice");
  op_text_expect_failure("Squeeze-11 axes=[2]", "f32[2,1] 0..",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Squeeze 'node': axes is 2, expected -2..1");
  op_text_expect_failure("Squeeze-13 axes=[1]", "f32[2,1] 0..", OLSTM_STATUS_UNSUPPORTED,
                         "Squeeze 'node': unknown attribute 'axes' (opset 13)");
  op_text_expect_failure("Squeeze-13", "f32[2,1] 0..; ?i64[1] 1", OLSTM_STATUS_NEEDS_DATA,
                         "Squeeze 'node': the values of input 'x1' are not known yet");
}

static void unsqueeze_puts_axes_in(void** state) {
  (void)state;
  op_text_expect_view("Unsqueeze-1 axes=[0,2]", "f32[3] 0..", "f32[1,3,1] 0..");
  op_text_expect_view("Unsqueeze-13", "f32[2,3] 0..; i64[2] -1 1", "f32[2,1,3,1] 0..");
  op_text_expect("Unsqueeze-13", "u8[] 4; i64[1] 0", "u8[1] 4");
}

static void unsqueeze_refuses_axes_beyond_the_output(void** state) {
  (void)state;
  op_text_expect_failure("Unsqueeze-13", "f32[3] 0..; i64[1] 2",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Unsqueeze 'node': axes is 2, expected -2..1");
  op_text_expect_failure("Unsqueeze-11", "f32[3] 0..", OLSTM_STATUS_INVALID_MODEL,
                         "Unsqueeze 'node': attribute axes is missing");
  op_text_expect_failure("Unsqueeze-13", "f32[1,1,1,1,1,1,1,1] 0; i64[1] 0",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Unsqueeze 'node': the output has rank 9, olstm runs at most 8");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(squeeze_takes_axes_away),
      cmocka_unit_test(squeeze_without_axes_takes_every_one),
      cmocka_unit_test(squeeze_refuses_what_is_not_one),
      cmocka_unit_test(unsqueeze_puts_axes_in),
      cmocka_unit_test(unsqueeze_refuses_axes_beyond_the_output),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
