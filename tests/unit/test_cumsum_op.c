// op/reduce/cumsum_op.c
#include <stdio.h>

#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void adds_up_along_any_axis(void** state) {
  (void)state;
  op_text_expect("CumSum-11", "f32[2,3] 1 2 3 4 5 6; i32[] 1", "f32[2,3] 1 3 6 4 9 15");
  op_text_expect("CumSum-14", "f64[2,3] 1 2 3 4 5 6; ?i64[1] -2", "f64[2,3] 1 2 3 5 7 9");
  op_text_expect("CumSum-14", "f16[3] 1 2 3; i64[] 0", "f16[3] 1 3 6");
}

static void exclusive_and_reverse_combine(void** state) {
  (void)state;
  op_text_expect("CumSum-11 exclusive=1", "f32[3] 1 2 3; i32[] 0", "f32[3] 0 1 3");
  op_text_expect("CumSum-11 reverse=1", "f32[3] 1 2 3; i32[] 0", "f32[3] 6 5 3");
  op_text_expect("CumSum-11 reverse=1 exclusive=1", "f32[3] 1 2 3; i32[] 0",
                 "f32[3] 5 3 0");
  op_text_expect("CumSum-11 exclusive=1", "f32[3,2] 1 2 3 4 5 6; i32[] 0",
                 "f32[3,2] 0 0 1 2 4 6");
  op_text_expect("CumSum-11 reverse=1 exclusive=1", "i8[3,2] 1 2 3 4 5 6; i32[] 0",
                 "i8[3,2] 8 10 5 6 0 0");
  op_text_expect("CumSum-11 reverse=1", "i64[3,2] 1 2 3 4 5 6; i32[] 0",
                 "i64[3,2] 9 12 8 10 5 6");
  op_text_expect("CumSum-11 exclusive=1", "f32[0,2]; i32[] 0", "f32[0,2]");
}

static void long_rows_go_on_where_they_are_converted(void** state) {
  // 300 elements, of which 256 are converted at a time.
  enum { kCount = 300 };
  char ones[4000], forward[4000], backward[4000];
  int used[3];
  (void)state;
  used[0] = snprintf(ones, sizeof ones, "i16[%d]", kCount);
  used[1] = snprintf(forward, sizeof forward, "i16[%d]", kCount);
  used[2] = snprintf(backward, sizeof backward, "i16[%d]", kCount);
  for (int i = 0; i < kCount; i++) {
    used[0] += snprintf(ones + used[0], sizeof ones - (size_t)used[0], " 1");
    used[1] +=
        snprintf(forward + used[1], sizeof forward - (size_t)used[1], " %d", i + 1);
    used[2] += snprintf(backward + used[2], sizeof backward - (size_t)used[2], " %d",
                        kCount - 1 - i);
  }
  (void)snprintf(ones + used[0], sizeof ones - (size_t)used[0], "; i32[] 0");
  op_text_expect("CumSum-11", ones, forward);
  op_text_expect("CumSum-11 reverse=1 exclusive=1", ones, backward);
}

static void integers_wrap(void** state) {
  (void)state;
  op_text_expect("CumSum-11", "i32[2] 2147483647 1; i32[] 0",
                 "i32[2] 2147483647 -2147483648");
  op_text_expect("CumSum-11", "u32[2] 4294967295 2; i32[] 0", "u32[2] 4294967295 1");
}

static void products_start_from_one(void** state) {
  (void)state;
  op_text_expect("CumProd-26", "f32[2,3] 1 2 3 4 5 6; i32[] 1",
                 "f32[2,3] 1 2 6 4 20 120");
  op_text_expect("CumProd-26 exclusive=1 reverse=1", "i32[3] 2 3 4; i64[] 0",
                 "i32[3] 12 4 1");
}

static void an_axis_out_of_range_is_refused(void** state) {
  (void)state;
  op_text_expect_failure("CumSum-11", "f32[2] 1 2; i32[] 1", OLSTM_STATUS_INVALID_VALUE,
                         "CumSum 'node': axis is 1, expected -1..0");
  op_text_expect_failure("CumSum-11", "f32[2] 1 2; i32[2] 0 0",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "CumSum 'node': input 'x1' has shape [2], expected a scalar");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(adds_up_along_any_axis),
      cmocka_unit_test(exclusive_and_reverse_combine),
      cmocka_unit_test(long_rows_go_on_where_they_are_converted),
      cmocka_unit_test(integers_wrap),
      cmocka_unit_test(products_start_from_one),
      cmocka_unit_test(an_axis_out_of_range_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
