// op/reduce/softmax_op.c: what the axis means before and since opset 13, and dtypes.
#include <math.h>

#include "op/math/half.h"
#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void run_axis(const char* op_type, int32_t opset, int64_t axis,
                     const olstm_tensor* x, op_fixture* out_fixture) {
  const olstm_attribute attribute = {
      .name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = axis};
  *out_fixture = (op_fixture){.op_type = op_type,
                              .opset_version = opset,
                              .attribute_count = 1,
                              .attributes = &attribute,
                              .input_count = 1,
                              .inputs = {x}};
  assert_int_equal(op_fixture_run(out_fixture), OLSTM_STATUS_OK);
}

/// Sums of exp over the elements that share `group`, straight from the definition.
static void expect_groups(const op_fixture* fixture, const float* x, int count,
                          int (*group)(int)) {
  const float* y = fixture->outputs[0].data;
  for (int i = 0; i < count; i++) {
    double sum = 0;
    for (int j = 0; j < count; j++) sum += group(i) == group(j) ? exp((double)x[j]) : 0;
    assert_float_equal(y[i], exp((double)x[i]) / sum, 1e-6);
  }
}

static int first_axis(int index) {
  return index / 12;
}
static int middle_axis(int index) {
  return index / 12 * 4 + index % 4;
}
static int last_axis(int index) {
  return index / 4;
}

static const float kValues[24] = {1,  -2,   3,  .5f, 0, 7, -8, 9,   1, 1,  2, 3,
                                  -1, -.5f, -2, 4,   4, 0, 88, -88, 5, 10, 6, 1};

static void before_opset_13_the_dimensions_from_axis_on_count_as_one(void** state) {
  const olstm_tensor x = OP_TENSOR(FLOAT, kValues, 3, 2, 3, 4);
  op_fixture fixture;
  (void)state;
  run_axis("Softmax", 12, 1, &x, &fixture);
  expect_groups(&fixture, kValues, 24, first_axis);
  op_fixture_deinit(&fixture);
  run_axis("Softmax", 11, -1, &x, &fixture);
  expect_groups(&fixture, kValues, 24, last_axis);
  op_fixture_deinit(&fixture);
}

static void since_opset_13_the_axis_stands_alone(void** state) {
  const olstm_tensor x = OP_TENSOR(FLOAT, kValues, 3, 2, 3, 4);
  op_fixture fixture;
  (void)state;
  run_axis("Softmax", 13, 1, &x, &fixture);
  expect_groups(&fixture, kValues, 24, middle_axis);
  op_fixture_deinit(&fixture);
  run_axis("Softmax", 13, 2, &x, &fixture);
  expect_groups(&fixture, kValues, 24, last_axis);
  op_fixture_deinit(&fixture);
}

static void log_softmax_is_exact_where_softmax_is_zero(void** state) {
  const float values[] = {0, 1000};
  const olstm_tensor row = OP_TENSOR(FLOAT, values, 2, 1, 2);
  const olstm_tensor column = OP_TENSOR(FLOAT, values, 3, 1, 2, 1);
  op_fixture fixture;
  (void)state;
  run_axis("LogSoftmax", 13, 1, &row, &fixture);
  assert_float_equal(((float*)fixture.outputs[0].data)[0], -1000, 0);
  assert_float_equal(((float*)fixture.outputs[0].data)[1], 0, 0);
  op_fixture_deinit(&fixture);
  run_axis("LogSoftmax", 13, 1, &column, &fixture);
  assert_float_equal(((float*)fixture.outputs[0].data)[0], -1000, 0);
  op_fixture_deinit(&fixture);
}

static void hardmax_picks_the_first_of_equals(void** state) {
  const double values[] = {1, 3, 3, 2, 2, 2};
  const double expected[] = {0, 1, 0, 1, 0, 0};
  const olstm_tensor x = OP_TENSOR(DOUBLE, values, 2, 2, 3);
  op_fixture fixture;
  (void)state;
  run_axis("Hardmax", 13, -1, &x, &fixture);
  assert_memory_equal(fixture.outputs[0].data, expected, sizeof expected);
  op_fixture_deinit(&fixture);
}

static void float16_is_computed_in_float(void** state) {
  const uint16_t values[] = {0x3c00, 0x4000, 0x4200, 0x3c00, 0x4000, 0x4200};
  const float expected[] = {0.09003057f, 0.24472847f, 0.66524096f};
  const olstm_tensor x = OP_TENSOR(FLOAT16, values, 2, 2, 3);
  op_fixture fixture;
  (void)state;
  run_axis("Softmax", 13, -1, &x, &fixture);
  for (int i = 0; i < 6; i++) {
    assert_int_equal(((uint16_t*)fixture.outputs[0].data)[i],
                     olstm__float_to_float16(expected[i % 3]));
  }
  op_fixture_deinit(&fixture);
}

static void an_axis_out_of_range_is_refused(void** state) {
  const olstm_tensor x = OP_TENSOR(FLOAT, kValues, 2, 4, 6);
  const olstm_attribute attribute = {.name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = 2};
  op_fixture fixture = {.op_type = "Softmax",
                        .opset_version = 13,
                        .attribute_count = 1,
                        .attributes = &attribute,
                        .input_count = 1,
                        .inputs = {&x}};
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_INVALID_VALUE);
  assert_string_equal(fixture.error.message,
                      "Softmax 'node': attribute axis is 2, expected -2..1");
}

static void floats_of_any_length_are_as_doubles_are(void** state) {
  (void)state;
  static const char* const kNodes[] = {"Softmax-13 axis=-1", "LogSoftmax-13 axis=-1",
                                       "Softmax-13 axis=0", "LogSoftmax-13 axis=0"};
  static const char* const kInputs[] = {
      "f32[3,1] ~", "f32[3,7] ~", "f32[2,17] ~", "f32[33,50] ~", "f32[2,1003] ~",
      "f32[19,300] ~",
      // Few columns, which become rows, and some more.
      "f32[50,1] ~", "f32[50,2] ~", "f32[17,3] ~", "f32[40,5] ~", "f32[9,8] ~",
      "f32[1,16] ~", "f32[5,64] ~", "f32[5,65] ~", "f32[11,512] ~", "f32[3,513] ~"};
  for (size_t n = 0; n < 4; n++) {
    for (size_t i = 0; i < sizeof kInputs / sizeof kInputs[0]; i++) {
      op_text_expect_as_double(kNodes[n], kInputs[i], 1e-5);
    }
  }
}

static void many_small_slabs_are_as_doubles_are(void** state) {
  static const char* const kInputs[] = {
      "f32[40,5,3] ~",  "f32[300,9,2] ~", "f32[17,300,2] ~", "f32[16,16,1] ~",
      "f32[700,1,3] ~", "f32[20,4,7] ~",  "f32[15,4,7] ~"};
  (void)state;
  for (size_t i = 0; i < sizeof kInputs / sizeof kInputs[0]; i++) {
    op_text_expect_as_double("Softmax-13 axis=1", kInputs[i], 1e-5);
    op_text_expect_as_double("LogSoftmax-13 axis=1", kInputs[i], 1e-5);
    op_text_expect_as_double("Softmax-13 axis=2", kInputs[i], 1e-5);
  }
}

static void threads_share_slabs(void** state) {
  static const char* const kInputs[] = {"f32[901,1,97] ~", "f32[11,1,5000] ~",
                                        "f32[9,40,130] ~"};
  (void)state;
  for (size_t i = 0; i < sizeof kInputs / sizeof kInputs[0]; i++) {
    op_text_expect_as_double("Softmax-13 axis=1", kInputs[i], 1e-5);
    op_text_expect_as_double("Softmax-13 axis=2", kInputs[i], 1e-5);
    op_text_expect_as_double("LogSoftmax-13 axis=2", kInputs[i], 1e-5);
  }
}

static void every_row_is_as_if_it_were_alone(void** state) {
  (void)state;
  op_text_expect("Softmax-13 axis=1", "f32[3,2] 5 5 -inf 0 nan 1",
                 "f32[3,2] 0.5 0.5 0 1 nan nan");
  op_text_expect("Softmax-13 axis=0", "f32[2,3] 5 -inf nan 5 0 1",
                 "f32[2,3] 0.5 0 nan 0.5 1 nan");
  op_text_expect("LogSoftmax-13 axis=0",
                 "f32[2,9] -inf 1 1 1 1 1 1 1 1 0 1 1 1 1 1 1 1 1",
                 "f32[2,9] -inf -0.6931472 -0.6931472 -0.6931472 -0.6931472 -0.6931472 "
                 "-0.6931472 -0.6931472 -0.6931472 0 -0.6931472 -0.6931472 -0.6931472 "
                 "-0.6931472 -0.6931472 -0.6931472 -0.6931472 -0.6931472");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(before_opset_13_the_dimensions_from_axis_on_count_as_one),
      cmocka_unit_test(since_opset_13_the_axis_stands_alone),
      cmocka_unit_test(log_softmax_is_exact_where_softmax_is_zero),
      cmocka_unit_test(hardmax_picks_the_first_of_equals),
      cmocka_unit_test(float16_is_computed_in_float),
      cmocka_unit_test(an_axis_out_of_range_is_refused),
      cmocka_unit_test(floats_of_any_length_are_as_doubles_are),
      cmocka_unit_test(many_small_slabs_are_as_doubles_are),
      cmocka_unit_test(threads_share_slabs),
      cmocka_unit_test(every_row_is_as_if_it_were_alone),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
