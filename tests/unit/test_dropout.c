// op/shape/dropout: Identity, and Dropout in inference.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void identity_is_a_view(void** state) {
  (void)state;
  op_text_expect_view("Identity-1", "i64[2] 1 2", "i64[2] 1 2");
  op_text_expect_view("Identity-25", "f32[0,2]", "f32[0,2]");
}

static void dropout_lets_everything_through(void** state) {
  (void)state;
  op_text_expect_view("Dropout-7 ratio=0.5", "f32[2] 1 2", "f32[2] 1 2");
  op_text_expect_view("Dropout-13 seed=3", "f64[2] 1 2; f32[] 0.9; bool[] 0",
                      "f64[2] 1 2");
  op_text_expect_view("Dropout-6 is_test=1", "f32[2] 1 2", "f32[2] 1 2");
}

static void the_mask_keeps_all(void** state) {
  (void)state;
  op_text_expect_copy("Dropout-7 outputs=2", "f32[2] 3 4", "f32[2] 3 4; f32[2] 1 1");
  op_text_expect_copy("Dropout-7 outputs=2", "f16[2] 3 4", "f16[2] 3 4; f16[2] 1 1");
  op_text_expect_copy("Dropout-10 outputs=2", "f32[2] 3 4", "f32[2] 3 4; bool[2] 1 1");
  op_text_expect_copy("Dropout-22 outputs=_1", "f32[2] 3 4", "_; bool[2] 1 1");
}

static void training_is_refused_by_name(void** state) {
  (void)state;
  op_text_expect_failure("Dropout-13", "f32[1] 0; _; bool[] 1", OLSTM_STATUS_UNSUPPORTED,
                         "Dropout 'node': training_mode=true is not supported");
  op_text_expect_failure("Dropout-13", "f32[1] 0; _; ?bool[] 0", OLSTM_STATUS_NEEDS_DATA,
                         "Dropout 'node': the values of input 'x2' are not known yet");
  op_text_expect_failure("Dropout-6", "f32[1] 0", OLSTM_STATUS_UNSUPPORTED,
                         "Dropout 'node': is_test=0 (training) is not supported");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(identity_is_a_view),
      cmocka_unit_test(dropout_lets_everything_through),
      cmocka_unit_test(the_mask_keeps_all),
      cmocka_unit_test(training_is_refused_by_name),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
