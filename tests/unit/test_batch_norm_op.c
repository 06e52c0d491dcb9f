// op/normalize/batch_norm_op.c
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

#define OPERANDS "; f32[2] 2 3; f32[2] 1 -1; f32[2] 1 2; f32[2] 4 9"

static void scales_and_shifts_each_channel(void** state) {
  (void)state;
  op_text_expect("BatchNormalization-9 epsilon=0.0", "f32[1,2,3] 1 3 5 2 5 8" OPERANDS,
                 "f32[1,2,3] 1 3 5 -1 2 5");
  op_text_expect("BatchNormalization-15 epsilon=0.0", "f32[3,2] 1 2 3 5 5 8" OPERANDS,
                 "f32[3,2] 1 -1 3 2 5 5");
  op_text_expect("BatchNormalization-7 epsilon=5.0 spatial=1 momentum=0.5",
                 "f32[1,1,1] 4; f32[1] 3; f32[1] 0; f32[1] 1; f32[1] 4", "f32[1,1,1] 3");
  op_text_expect("BatchNormalization-6 epsilon=0.0 is_test=1", "f32[1,2] 1 2" OPERANDS,
                 "f32[1,2] 1 -1");
}

static void dtypes_may_differ(void** state) {
  (void)state;
  op_text_expect("BatchNormalization-15 epsilon=0.0", "f16[1,2,2] 1 3 2 5" OPERANDS,
                 "f16[1,2,2] 1 3 -1 2");
  op_text_expect("BatchNormalization-14 epsilon=0.0",
                 "f64[1,1] 4; f64[1] 2; f64[1] 1; f64[1] 3; f64[1] 4", "f64[1,1] 2");
}

static void training_is_refused_by_name(void** state) {
  (void)state;
  op_text_expect_failure(
      "BatchNormalization-14 training_mode=1", "f32[1,2] 1 2" OPERANDS,
      OLSTM_STATUS_UNSUPPORTED,
      "BatchNormalization 'node': training_mode=1 is not supported, expected 0");
  op_text_expect_failure(
      "BatchNormalization-6", "f32[1,2] 1 2" OPERANDS, OLSTM_STATUS_UNSUPPORTED,
      "BatchNormalization 'node': is_test=0 is not supported, expected 1");
  op_text_expect_failure(
      "BatchNormalization-7 spatial=0", "f32[1,2] 1 2" OPERANDS, OLSTM_STATUS_UNSUPPORTED,
      "BatchNormalization 'node': spatial=0 is not supported, expected 1");
  op_text_expect_failure("BatchNormalization-9 outputs=3", "f32[1,2] 1 2" OPERANDS,
                         OLSTM_STATUS_UNSUPPORTED,
                         "BatchNormalization 'node': output 'y1' is for training, which "
                         "olstm does not do");
}

static void channels_that_do_not_fit_are_named(void** state) {
  (void)state;
  op_text_expect_failure("BatchNormalization-9", "f32[1,3] 1 2 3" OPERANDS,
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "BatchNormalization 'node': input 'x1' has shape [2], expected "
                         "[3] from 'x0' with shape [1,3]");
}

static void floats_of_any_length_are_as_doubles_are(void** state) {
  (void)state;
  op_text_expect_as_double("BatchNormalization-15",
                           "f32[2,3,37] ~; f32[3] ~; f32[3] ~; f32[3] ~; f32[3] 1 2 3",
                           1e-5);
  op_text_expect_as_double("BatchNormalization-15",
                           "f32[2,3,131] ~; f32[3] ~; f32[3] ~; f32[3] ~; f32[3] 1 2 3",
                           1e-5);
  op_text_expect_as_double("BatchNormalization-15",
                           "f32[5,3] ~; f32[3] ~; f32[3] ~; f32[3] ~; f32[3] 1 2 3",
                           1e-5);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scales_and_shifts_each_channel),
      cmocka_unit_test(dtypes_may_differ),
      cmocka_unit_test(training_is_refused_by_name),
      cmocka_unit_test(channels_that_do_not_fit_are_named),
      cmocka_unit_test(floats_of_any_length_are_as_doubles_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
