// op/lstm/lstm_problem.c: strides say where ONNX's and Keras' layouts have their
// elements.
#include "op/lstm/lstm_problem.h"

#include "op/lstm/lstm_spec.h"
#include "tests/support/test_main.h"

static olstm__lstm_problem make(olstm__lstm_layout x, olstm__lstm_layout y,
                                olstm__lstm_layout states) {
  const olstm__lstm_layouts layouts = {x, y, states};
  olstm__lstm_spec spec;
  olstm__lstm_problem problem;
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &spec);
  spec.direction_count = 2;
  // T=5 N=3 I=7 H=4 D=2
  olstm__lstm_problem_init(&spec, OLSTM_DTYPE_FLOAT, 5, 3, 7, 4, &layouts, &problem);
  return problem;
}

static void check(olstm__lstm_strides strides, int64_t step, int64_t row,
                  int64_t direction) {
  assert_int_equal(strides.step, step);
  assert_int_equal(strides.row, row);
  assert_int_equal(strides.direction, direction);
}

static void strides_of_layout_0(void** state) {
  (void)state;
  const olstm__lstm_problem problem =
      make(OLSTM__LAYOUT_TIME_MAJOR, OLSTM__LAYOUT_TIME_MAJOR, OLSTM__LAYOUT_TIME_MAJOR);
  check(problem.x, 3 * 7, 7, 0);
  check(problem.y, 2 * 3 * 4, 4, 3 * 4);
  check(problem.state, 0, 4, 3 * 4);
}

static void strides_of_layout_1(void** state) {
  (void)state;
  const olstm__lstm_problem problem = make(
      OLSTM__LAYOUT_BATCH_MAJOR, OLSTM__LAYOUT_BATCH_MAJOR, OLSTM__LAYOUT_BATCH_MAJOR);
  check(problem.x, 7, 5 * 7, 0);
  check(problem.y, 2 * 4, 5 * 2 * 4, 4);
  check(problem.state, 0, 2 * 4, 4);
}

static void each_tensor_may_have_its_own_layout(void** state) {
  (void)state;
  const olstm__lstm_problem problem =
      make(OLSTM__LAYOUT_BATCH_MAJOR, OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED,
           OLSTM__LAYOUT_TIME_MAJOR);
  check(problem.x, 7, 5 * 7, 0);
  check(problem.y, 3 * 2 * 4, 2 * 4, 4);
  check(problem.state, 0, 4, 3 * 4);
}

static void starts_with_nothing_optional(void** state) {
  (void)state;
  const olstm__lstm_problem problem =
      make(OLSTM__LAYOUT_TIME_MAJOR, OLSTM__LAYOUT_TIME_MAJOR, OLSTM__LAYOUT_TIME_MAJOR);
  assert_int_equal(problem.steps, 5);
  assert_int_equal(problem.batch, 3);
  assert_int_equal(problem.input_size, 7);
  assert_int_equal(problem.hidden_size, 4);
  assert_int_equal(problem.thread_count, 1);
  assert_int_equal(problem.precision, OLSTM_PRECISION_F32);
  assert_false(problem.has_bias || problem.has_lens || problem.has_initial_h ||
               problem.has_initial_c || problem.has_peepholes);
  assert_false(problem.wants_y || problem.wants_y_h || problem.wants_y_c);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strides_of_layout_0),
      cmocka_unit_test(strides_of_layout_1),
      cmocka_unit_test(each_tensor_may_have_its_own_layout),
      cmocka_unit_test(starts_with_nothing_optional),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
