// op/elementwise/variadic_op.c and where_op.c: any number of operands, broadcasting.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void any_number_of_operands_is_taken_in(void** state) {
  (void)state;
  op_text_expect_view("Sum-8", "f32[2] 1 2", "f32[2] 1 2");
  op_text_expect("Sum-8", "f32[2] 1 2; f32[2] 10 20; f32[1] 100", "f32[2] 111 122");
  op_text_expect("Mean-13", "f32[2] 1 2; f32[2,1] 4 7; f32[] 1",
                 "f32[2,2] 2 2.3333333 3 3.3333333");
  op_text_expect("Min-12", "i32[3] 3 2 1; i32[3] 1 4 4; i32[3] 2 5 0", "i32[3] 1 2 0");
  op_text_expect("Max-13", "u64[1] 18446744073709551615; u64[1] 1",
                 "u64[1] 18446744073709551615");
  op_text_expect("Mean-8", "f16[2] 1 2; f16[2] 3 4", "f16[2] 2 3");
}

static void nan_wins_over_numbers(void** state) {
  (void)state;
  op_text_expect("Max-13", "f32[2] nan 1; f32[2] 2 nan", "f32[2] nan nan");
  op_text_expect("Min-13", "f64[2] nan 1; f64[2] 2 nan", "f64[2] nan nan");
}

static void an_absent_operand_is_refused(void** state) {
  (void)state;
  op_text_expect_failure("Sum-13", "f32[1] 0; _; f32[1] 0", OLSTM_STATUS_INVALID_MODEL,
                         "Sum 'node': input 1 is missing");
}

static void where_picks_by_a_mask(void** state) {
  (void)state;
  op_text_expect("Where-9", "bool[2,2] 1 0 0 1; f32[2,2] 1 2 3 4; f32[] 9",
                 "f32[2,2] 1 9 9 4");
  op_text_expect("Where-16", "bool[2,1] 1 0; i64[3] 1 2 3; i64[2,1] 8 9",
                 "i64[2,3] 1 2 3 9 9 9");
  op_text_expect("Where-9", "bool[1] 0; bool[2] 1 1; bool[2] 0 1", "bool[2] 0 1");
  op_text_expect("Where-9", "bool[2] 1 0; i16[2] 1 2; i16[2] 3 4", "i16[2] 1 4");
  op_text_expect_failure("Where-9", "f32[1] 0; f32[1] 0; f32[1] 0",
                         OLSTM_STATUS_DTYPE_MISMATCH,
                         "Where 'node': input 'x0' has dtype float, which opset 9 has no "
                         "meaning for");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_number_of_operands_is_taken_in),
      cmocka_unit_test(nan_wins_over_numbers),
      cmocka_unit_test(an_absent_operand_is_refused),
      cmocka_unit_test(where_picks_by_a_mask),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
