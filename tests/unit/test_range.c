// op/shape/range: Range and EyeLike.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void range_counts_up_and_down(void** state) {
  (void)state;
  op_text_expect("Range-11", "f32[] 1; f32[] 5; f32[] 2", "f32[2] 1 3");
  op_text_expect("Range-11", "i32[] 10; i32[] 6; i32[] -3", "i32[2] 10 7");
  op_text_expect("Range-11", "i16[] 0; i16[] 3; i16[] 1", "i16[3] 0..");
  op_text_expect("Range-11", "f64[1] 0; f64[1] 1; f64[1] 0.3", "f64[4] 0 0.3 0.6 0.9");
  op_text_expect("Range-11", "i64[] 5; i64[] 5; i64[] 1", "i64[0]");
  op_text_expect("Range-11", "f32[] 5; f32[] 1; f32[] 1", "f32[0]");
}

static void range_spans_all_of_int64(void** state) {
  (void)state;
  op_text_expect("Range-11",
                 "i64[] -9223372036854775808; i64[] 9223372036854775807; i64[] "
                 "9223372036854775807",
                 "i64[3] -9223372036854775808 -1 9223372036854775806");
  op_text_expect("Range-11",
                 "i64[] 9223372036854775807; i64[] -9223372036854775808; i64[] "
                 "-9223372036854775808",
                 "i64[2] 9223372036854775807 -1");
}

static void range_refuses_what_never_ends(void** state) {
  (void)state;
  op_text_expect_failure("Range-11", "i64[] 0; i64[] 5; i64[] 0",
                         OLSTM_STATUS_INVALID_VALUE, "Range 'node': delta is 0");
  op_text_expect_failure("Range-11", "f32[] 0; f32[] inf; f32[] 1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Range 'node': the range from 0 to inf by 1 is too large");
  op_text_expect_failure("Range-11", "f32[] 0; f32[] nan; f32[] 1",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Range 'node': the range from 0 to nan by 1 is too large");
  op_text_expect_failure("Range-11", "f32[] 0; ?f32[] 3; f32[] 1",
                         OLSTM_STATUS_NEEDS_DATA,
                         "Range 'node': the values of input 'x1' are not known yet");
}

static void eye_like_has_ones_on_a_diagonal(void** state) {
  (void)state;
  op_text_expect("EyeLike-9", "?f32[2,3] 0..", "f32[2,3] 1 0 0 0 1 0");
  op_text_expect("EyeLike-9 dtype=7 k=1", "f32[2,3] 0..", "i64[2,3] 0 1 0 0 0 1");
  op_text_expect("EyeLike-22 dtype=10 k=-1", "bool[2,2] 0 0 0 0", "f16[2,2] 0 0 1 0");
  op_text_expect("EyeLike-9 k=-9223372036854775808", "i8[1,1] 3", "i8[1,1] 0");
  op_text_expect("EyeLike-9 k=9223372036854775807", "i8[1,1] 3", "i8[1,1] 0");
}

static void eye_like_refuses_what_is_no_matrix(void** state) {
  (void)state;
  op_text_expect_failure(
      "EyeLike-9", "f32[2] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "EyeLike 'node': input 'x0' has shape [2], expected 2 dimensions");
  op_text_expect_failure("EyeLike-9 dtype=8", "f32[1,1] 0", OLSTM_STATUS_UNSUPPORTED,
                         "EyeLike 'node': dtype=8 (string) is not supported");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(range_counts_up_and_down),
      cmocka_unit_test(range_spans_all_of_int64),
      cmocka_unit_test(range_refuses_what_never_ends),
      cmocka_unit_test(eye_like_has_ones_on_a_diagonal),
      cmocka_unit_test(eye_like_refuses_what_is_no_matrix),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
