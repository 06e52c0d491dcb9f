// op/shape/reverse_sequence.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void reverses_the_first_steps_of_every_row(void** state) {
  (void)state;
  op_text_expect("ReverseSequence-10 time_axis=0 batch_axis=1",
                 "f32[4,3] 0 4 8 1 5 9 2 6 10 3 7 11; ?i64[3] 4 3 0",
                 "f32[4,3] 3 6 8 2 5 9 1 4 10 0 7 11");
  op_text_expect("ReverseSequence-10 time_axis=1 batch_axis=0",
                 "u8[2,3,2] 0..; i64[2] 2 1", "u8[2,3,2] 2 3 0 1 4 5 6 7 8 9 10 11");
}

static void lengths_out_of_range_are_refused(void** state) {
  (void)state;
  op_text_expect_failure(
      "ReverseSequence-10", "f32[2,1] 0..; i64[1] 3", OLSTM_STATUS_INVALID_VALUE,
      "ReverseSequence 'node': input 'x1' has 3 at position 0, expected 0..2");
  op_text_expect_failure(
      "ReverseSequence-10", "f32[2,1] 0..; i64[1] -1", OLSTM_STATUS_INVALID_VALUE,
      "ReverseSequence 'node': input 'x1' has -1 at position 0, expected 0..2");
}

static void refuses_other_axes_and_shapes(void** state) {
  (void)state;
  op_text_expect_failure("ReverseSequence-10 time_axis=1", "f32[2,1] 0..; i64[1] 1",
                         OLSTM_STATUS_INVALID_MODEL,
                         "ReverseSequence 'node': batch_axis is 1 and time_axis 1, "
                         "expected 0 and 1 or 1 and 0");
  op_text_expect_failure(
      "ReverseSequence-10", "f32[2,1] 0..; i64[2] 1 1", OLSTM_STATUS_SHAPE_MISMATCH,
      "ReverseSequence 'node': input 'x1' has shape [2], expected [1]");
  op_text_expect_failure("ReverseSequence-10", "f32[2] 0..; i64[2] 1 1",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "ReverseSequence 'node': input 'x0' has shape [2], expected at "
                         "least 2 dimensions");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reverses_the_first_steps_of_every_row),
      cmocka_unit_test(lengths_out_of_range_are_refused),
      cmocka_unit_test(refuses_other_axes_and_shapes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
