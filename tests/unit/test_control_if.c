// runtime/control_if: branches of other shapes, with captures and constants as outputs.
#include "runtime/execute/control.h"
#include "tests/support/model_fixture.h"

#define MODEL(name) OLSTM_TEST_DATA "/control/" name ".onnx"

static void runs_the_branch_that_the_condition_names(void** state) {
  const float x[] = {1, 2};
  const float then_y[] = {-1, -2};
  const float else_y[] = {1, 2, 1, 2};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("if_shapes"), NULL);
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(2));
  for (int run = 0; run < 4; run++) {
    const uint8_t condition = run % 2;
    model_input(&fixture, 0, OLSTM_DTYPE_BOOL, &condition, MODEL_SCALAR);
    model_must_run(&fixture);
    model_expect(&fixture, 0, condition ? "[2]" : "[4]", condition ? then_y : else_y);
  }
  model_end(&fixture);
}

static void gives_captures_and_constants_as_they_are(void** state) {
  const float x[] = {7};
  const float three[] = {1, 2, 3};
  const float negative[] = {-1, -2, -3};
  model_fixture fixture;
  uint8_t condition = 1;
  (void)state;
  model_start(&fixture, MODEL("if_captures"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_BOOL, &condition, MODEL_SHAPE(1));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(1));
  model_must_run(&fixture);
  model_expect(&fixture, 0, "[1]", x);
  model_expect(&fixture, 1, "[3]", three);
  condition = 0;
  model_must_run(&fixture);
  model_expect(&fixture, 0, "[3]", three);
  model_expect(&fixture, 1, "[3]", negative);
  model_end(&fixture);
}

static void runs_inside_a_loop(void** state) {
  const int64_t x = 6;
  const int64_t one = 1;
  const int64_t path[] = {3, 10, 5, 16, 8, 4, 2, 1};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("if_in_loop"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, &x, MODEL_SCALAR);
  for (int run = 0; run < 2; run++) {
    model_must_run(&fixture);
    model_expect_int64(&fixture, 0, "[]", &one);
    model_expect_int64(&fixture, 1, "[8]", path);
  }
  model_end(&fixture);
}

static void refuses_a_condition_of_many_elements(void** state) {
  const float x[] = {7};
  const uint8_t conditions[] = {1, 0};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("if_shapes"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_BOOL, conditions, MODEL_SHAPE(2));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(1));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  model_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_the_branch_that_the_condition_names),
      cmocka_unit_test(gives_captures_and_constants_as_they_are),
      cmocka_unit_test(runs_inside_a_loop),
      cmocka_unit_test(refuses_a_condition_of_many_elements),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
