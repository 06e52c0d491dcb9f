// op/shape/split.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void splits_into_equal_parts(void** state) {
  (void)state;
  op_text_expect("Split-2 outputs=2", "f32[4] 0..", "f32[2] 0 1; f32[2] 2 3");
  op_text_expect("Split-13 axis=-1 outputs=4", "f32[2,4] 0..",
                 "f32[2,1] 0 4; f32[2,1] 1 5; f32[2,1] 2 6; f32[2,1] 3 7");
  op_text_expect("Split-13 outputs=2", "i64[0,2]", "i64[0,2]; i64[0,2]");
}

static void splits_by_given_sizes(void** state) {
  (void)state;
  op_text_expect("Split-11 axis=1 split=[1,2] outputs=2", "u8[2,3] 0..",
                 "u8[2,1] 0 3; u8[2,2] 1 2 4 5");
  op_text_expect("Split-13 outputs=3", "f32[3] 0..; i64[3] 0 1 2",
                 "f32[0]; f32[1] 0; f32[2] 1 2");
}

static void the_last_of_num_outputs_may_be_smaller(void** state) {
  (void)state;
  op_text_expect("Split-18 num_outputs=4 outputs=4", "f32[7] 0..",
                 "f32[2] 0 1; f32[2] 2 3; f32[2] 4 5; f32[1] 6");
  op_text_expect_failure(
      "Split-18 num_outputs=4 outputs=4", "f32[5] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "Split 'node': input 'x0' has shape [5], axis 0 does not split into 4");
  op_text_expect_failure(
      "Split-18 outputs=2", "f32[4] 0..", OLSTM_STATUS_INVALID_MODEL,
      "Split 'node': has neither an input split nor an attribute num_outputs");
  op_text_expect_failure(
      "Split-18 num_outputs=2 outputs=2", "f32[4] 0..; i64[2] 2 2",
      OLSTM_STATUS_INVALID_MODEL,
      "Split 'node': has both an input split and an attribute num_outputs");
  op_text_expect_failure(
      "Split-18 num_outputs=3 outputs=2", "f32[4] 0..", OLSTM_STATUS_INVALID_MODEL,
      "Split 'node': num_outputs is 3, expected 2 as there are outputs");
}

static void an_absent_output_is_left_out(void** state) {
  (void)state;
  op_text_expect("Split-13 outputs=_1", "f32[4] 0..", "_; f32[2] 2 3");
}

static void one_output_is_a_view(void** state) {
  (void)state;
  op_text_expect_view("Split-13", "f32[4] 0..", "f32[4] 0..");
}

static void refuses_sizes_that_do_not_add_up(void** state) {
  (void)state;
  op_text_expect_failure("Split-13 outputs=2", "f32[3] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
                         "Split 'node': input 'x0' has shape [3], axis 0 does not split "
                         "into 2");
  op_text_expect_failure("Split-13 outputs=2", "f32[3] 0..; i64[2] 1 1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Split 'node': the sizes in split sum up to 2, expected 3");
  op_text_expect_failure("Split-13 outputs=2", "f32[3] 0..; i64[2] 4 -1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Split 'node': split has 4 at position 0, expected 0..3");
  op_text_expect_failure("Split-13 outputs=2", "f32[3] 0..; i64[3] 1 1 1",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Split 'node': input 'x1' has shape [3], expected [2] as there "
                         "are outputs");
  op_text_expect_failure("Split-11 split=[1,2] outputs=3", "f32[3] 0..",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Split 'node': split has 2 values, expected 3 as there are "
                         "outputs");
  op_text_expect_failure("Split-13 outputs=2", "f32[3] 0..; ?i64[2] 1 2",
                         OLSTM_STATUS_NEEDS_DATA,
                         "Split 'node': the values of input 'x1' are not known yet");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(splits_into_equal_parts),
      cmocka_unit_test(splits_by_given_sizes),
      cmocka_unit_test(the_last_of_num_outputs_may_be_smaller),
      cmocka_unit_test(an_absent_output_is_left_out),
      cmocka_unit_test(one_output_is_a_view),
      cmocka_unit_test(refuses_sizes_that_do_not_add_up),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
