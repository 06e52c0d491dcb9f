// op/shape/join_steps.c: steps that are stacked become one tensor along another axis.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void concatenates_along_an_axis(void** state) {
  (void)state;
  op_text_expect("olstm.fused:JoinSteps-1 axis=1", "f32[2,2,2] 1 2 3 4 5 6 7 8",
                 "f32[2,4] 1 2 5 6 3 4 7 8");
  op_text_expect("olstm.fused:JoinSteps-1 axis=-1", "f32[3,2,1] 1 2 3 4 5 6",
                 "f32[2,3] 1 3 5 2 4 6");
  op_text_expect("olstm.fused:JoinSteps-1 axis=-2",
                 "i64[2,2,1,3] 1 2 3 4 5 6 7 8 9 10 11 12",
                 "i64[2,2,3] 1 2 3 7 8 9 4 5 6 10 11 12");
}

static void stacks_along_a_new_axis(void** state) {
  (void)state;
  op_text_expect("olstm.fused:JoinSteps-1 axis=1 new_axis=1",
                 "f32[2,2,2] 1 2 3 4 5 6 7 8", "f32[2,2,2] 1 2 5 6 3 4 7 8");
  op_text_expect("olstm.fused:JoinSteps-1 axis=-1 new_axis=1", "bool[3,2] 1 0 0 0 1 1",
                 "bool[2,3] 1 0 1 0 0 1");
}

static void is_a_view_where_nothing_moves(void** state) {
  (void)state;
  op_text_expect_view("olstm.fused:JoinSteps-1 axis=0", "f32[2,2,1] 1 2 3 4",
                      "f32[4,1] 1 2 3 4");
  op_text_expect_view("olstm.fused:JoinSteps-1 axis=1", "f32[1,2,2] 1 2 3 4",
                      "f32[2,2] 1 2 3 4");
  op_text_expect_view("olstm.fused:JoinSteps-1 axis=1 new_axis=1", "f32[2,1,2] 1 2 3 4",
                      "f32[1,2,2] 1 2 3 4");
  op_text_expect_copy("olstm.fused:JoinSteps-1 axis=1", "f32[2,2,1] 1 2 3 4",
                      "f32[2,2] 1 3 2 4");
}

static void takes_no_steps(void** state) {
  (void)state;
  op_text_expect("olstm.fused:JoinSteps-1 axis=1", "f32[0,2,3]", "f32[2,0]");
  op_text_expect("olstm.fused:JoinSteps-1 axis=0", "f32[4,0,3]", "f32[0,3]");
  op_text_expect("olstm.fused:JoinSteps-1 axis=2 new_axis=1", "f32[0,2,3]", "f32[2,3,0]");
}

static void refuses_axes_that_are_not_there(void** state) {
  (void)state;
  op_text_expect_failure("olstm.fused:JoinSteps-1 axis=2", "f32[2,2,1] 0..",
                         OLSTM_STATUS_INVALID_VALUE,
                         "JoinSteps 'node': axis is 2, expected -2..1");
  op_text_expect_failure("olstm.fused:JoinSteps-1 axis=3 new_axis=1", "f32[2,2,1] 0..",
                         OLSTM_STATUS_INVALID_VALUE,
                         "JoinSteps 'node': axis is 3, expected -3..2");
  op_text_expect_failure(
      "olstm.fused:JoinSteps-1 axis=0", "f32[] 1", OLSTM_STATUS_SHAPE_MISMATCH,
      "JoinSteps 'node': input 'x0' has no dimensions, expected steps");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(concatenates_along_an_axis),
      cmocka_unit_test(stacks_along_a_new_axis),
      cmocka_unit_test(is_a_view_where_nothing_moves),
      cmocka_unit_test(takes_no_steps),
      cmocka_unit_test(refuses_axes_that_are_not_there),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
