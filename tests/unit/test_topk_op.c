// op/reduce/topk_op.c
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void k_is_an_attribute_then_an_input(void** state) {
  (void)state;
  op_text_expect("TopK-1 k=2 outputs=2", "f32[1,4] 3 1 4 2",
                 "f32[1,2] 4 3; i64[1,2] 2 0");
  op_text_expect("TopK-10 outputs=2", "f32[1,4] 3 1 4 2; i64[1] 2",
                 "f32[1,2] 4 3; i64[1,2] 2 0");
  op_text_expect("TopK-11 largest=0 outputs=2", "i8[4] 3 -1 4 2; i64[1] 3",
                 "i8[3] -1 2 3; i64[3] 1 3 0");
}

static void works_along_any_axis(void** state) {
  (void)state;
  op_text_expect("TopK-11 axis=0 outputs=2", "f64[3,2] 1 6 5 2 3 4; i64[1] 2",
                 "f64[2,2] 5 6 3 4; i64[2,2] 1 0 2 2");
  op_text_expect("TopK-11 axis=-2 outputs=_1", "f32[2,1] 1 2; i64[1] 1", "_; i64[1,1] 1");
}

static void ties_go_to_the_lower_index(void** state) {
  (void)state;
  op_text_expect("TopK-11 outputs=2", "f32[6] 1 2 1 2 1 2; i64[1] 5",
                 "f32[5] 2 2 2 1 1; i64[5] 1 3 5 0 2");
  op_text_expect("TopK-11 sorted=0 outputs=2", "u8[3] 7 7 7; i64[1] 2",
                 "u8[2] 7 7; i64[2] 0 1");
}

static void long_rows_are_sorted(void** state) {
  (void)state;
  op_text_expect("TopK-11 outputs=2", "i32[1000] 0..; i64[1] 3",
                 "i32[3] 999 998 997; i64[3] 999 998 997");
  op_text_expect("TopK-11 largest=0 outputs=2", "f32[300] 0..; i64[1] 300",
                 "f32[300] 0..; i64[300] 0..");
}

static void k_of_zero_gives_nothing_and_too_large_is_refused(void** state) {
  (void)state;
  op_text_expect("TopK-11 outputs=2", "f32[2] 1 2; i64[1] 0", "f32[0]; i64[0]");
  op_text_expect_failure("TopK-11 outputs=2", "f32[2] 1 2; i64[1] 3",
                         OLSTM_STATUS_INVALID_VALUE,
                         "TopK 'node': K is 3, but input 'x0' has shape [2]");
  op_text_expect_failure("TopK-11 outputs=2", "f32[2] 1 2; ?i64[1] 1",
                         OLSTM_STATUS_NEEDS_DATA,
                         "TopK 'node': the values of input 'x1' are not known yet");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(k_is_an_attribute_then_an_input),
      cmocka_unit_test(works_along_any_axis),
      cmocka_unit_test(ties_go_to_the_lower_index),
      cmocka_unit_test(long_rows_are_sorted),
      cmocka_unit_test(k_of_zero_gives_nothing_and_too_large_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
