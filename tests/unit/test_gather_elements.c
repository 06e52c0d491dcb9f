// op/gather/gather_elements.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void gathers_single_elements(void** state) {
  (void)state;
  op_text_expect("GatherElements-11 axis=1", "f32[2,2] 1 2 3 4; i64[2,2] 0 0 1 0",
                 "f32[2,2] 1 1 4 3");
  op_text_expect("GatherElements-13", "i8[3,3] 1..; ?i32[2,3] -1 -2 0 -2 0 0",
                 "i8[2,3] 7 5 3 4 2 3");
  op_text_expect("GatherElements-13 axis=1", "f32[2,2,2] 0..; i64[2,1,2] 1 0 0 1",
                 "f32[2,1,2] 2 1 4 7");
}

static void long_rows_go_block_by_block(void** state) {
  (void)state;
  op_text_expect("GatherElements-13 axis=1", "f32[1,300] 0..; i64[1,300] 0..",
                 "f32[1,300] 0..");
  op_text_expect("GatherElements-13 axis=1", "u16[1,300] 0..; i32[1,300] 0..",
                 "u16[1,300] 0..");
  op_text_expect("GatherElements-13 axis=1", "f64[1,300] 0..; i64[1,300] -300 1..",
                 "f64[1,300] 0..");
  op_text_expect("GatherElements-13", "i8[2,4] 0..; i32[1,4] -1 1 0 -2",
                 "i8[1,4] 4 5 2 3");
  op_text_expect_failure(
      "GatherElements-13 axis=1", "f32[1,299] 0..; i64[1,300] 0..",
      OLSTM_STATUS_INVALID_VALUE,
      "GatherElements 'node': input 'x1' has 299 at position 299, expected -299..298");
}

static void indices_may_be_fewer_than_the_data(void** state) {
  (void)state;
  op_text_expect("GatherElements-13", "f32[3,3] 0..; i64[1,2] 2 1", "f32[1,2] 6 4");
  op_text_expect("GatherElements-13", "f32[3,3] 0..; i64[0,2]", "f32[0,2]");
}

static void refuses_what_lies_outside(void** state) {
  (void)state;
  op_text_expect_failure(
      "GatherElements-13", "f32[2,2] 0..; i64[1,2] 0 2", OLSTM_STATUS_INVALID_VALUE,
      "GatherElements 'node': input 'x1' has 2 at position 1, expected -2..1");
  op_text_expect_failure(
      "GatherElements-13", "f32[2,2] 0..; i64[1,3] 0 0 0", OLSTM_STATUS_SHAPE_MISMATCH,
      "GatherElements 'node': input 'x1' has shape [1,3], expected at most that of 'x0' "
      "[2,2] but for axis 0");
  op_text_expect_failure("GatherElements-13", "f32[] 0; i64[] 0",
                         OLSTM_STATUS_INVALID_VALUE,
                         "GatherElements 'node': axis is 0, expected 0..-1");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gathers_single_elements),
      cmocka_unit_test(long_rows_go_block_by_block),
      cmocka_unit_test(indices_may_be_fewer_than_the_data),
      cmocka_unit_test(refuses_what_lies_outside),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
