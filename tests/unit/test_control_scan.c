// runtime/control_scan: axes and directions of opset 9 on, batches of opset 8.
#include "runtime/execute/control.h"
#include "tests/support/fake_ops.h"
#include "tests/support/model_fixture.h"

#define MODEL(name) OLSTM_TEST_DATA "/control/" name ".onnx"

static void scans_along_any_axis_in_both_directions(void** state) {
  const float s[] = {100, 200};
  const float p[] = {1, 2, 3, 10, 20, 30};
  const float q[] = {1, 2, 3, 4, 5, 6};
  // a += column t of p; q runs backward, and products are stacked backward.
  const float last[] = {106, 260};
  const float sums[] = {101, 103, 106, 210, 230, 260};
  const float products[] = {3 * 1, 30 * 2, 2 * 3, 20 * 4, 1 * 5, 10 * 6};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("scan_axes"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, s, MODEL_SHAPE(2));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, p, MODEL_SHAPE(2, 3));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, q, MODEL_SHAPE(3, 2));
  for (int run = 0; run < 2; run++) {
    model_must_run(&fixture);
    model_expect(&fixture, 0, "[2]", last);
    model_expect(&fixture, 1, "[2,3]", sums);
    model_expect(&fixture, 2, "[3,2]", products);
  }
  model_end(&fixture);
}

static void scans_nothing(void** state) {
  const float s[] = {100, 200};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("scan_axes"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_FLOAT, s, MODEL_SHAPE(2));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, NULL, MODEL_SHAPE(2, 0));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, NULL, MODEL_SHAPE(0, 2));
  model_must_run(&fixture);
  model_expect(&fixture, 0, "[2]", s);
  model_expect_shape(&fixture, 1, "[2,0]");
  model_expect_shape(&fixture, 2, "[0,2]");
  model_end(&fixture);
}

static void runs_each_row_of_a_batch_for_its_own_length(void** state) {
  const int64_t lens[] = {3, 0, 2};
  const float s[] = {100, 200, 300};
  const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  // Backward from each row's own last step.
  const float last[] = {106, 200, 315};
  const float sums[] = {103, 105, 106, 0, 0, 0, 308, 315, 0};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("scan_batch"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, lens, MODEL_SHAPE(3));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, s, MODEL_SHAPE(3, 1));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(3, 3, 1));
  model_must_run(&fixture);
  model_expect(&fixture, 0, "[3,1]", last);
  model_expect(&fixture, 1, "[3,3,1]", sums);
  model_end(&fixture);
}

static void states_of_a_batch_may_have_any_rank(void** state) {
  // [2,1,2,3]: two rows, to each of which its own three numbers are added.
  static const float kStart[] = {1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60};
  static const float kRows[] = {1, 1, 1, 100, 200, 300};
  const olstm_tensor inputs[] = {{{OLSTM_DTYPE_FLOAT, 4, {2, 1, 2, 3}}, (void*)kStart},
                                 {{OLSTM_DTYPE_FLOAT, 2, {2, 3}}, (void*)kRows}};
  olstm_fake_session fake;
  olstm_tensor output = {.data = NULL};
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "opset 8\ninput s float[N,1,2,3]\ninput x float[N,T]\n"
      "graph b\ninput old float[1,2,3]\ninput e float[]\nnode Add old,e -> new\n"
      "output new\nend\nnode Scan _,s,x -> y body=@b num_scan_inputs=1\noutput y\n",
      NULL, &fake));
  assert_int_equal(olstm_context_run(context, inputs, 2, &output, 1, NULL),
                   OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&output.desc).text, "[2,1,2,3]");
  for (int i = 0; i < 12; i++) {
    assert_true(((const float*)output.data)[i] == kStart[i] + (i < 6 ? 3 : 600));
  }
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

static void refuses_lengths_outside_the_sequence(void** state) {
  const int64_t lens[] = {3, 4, 2};
  const float s[] = {100, 200, 300};
  const float x[9] = {0};
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("scan_batch"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, lens, MODEL_SHAPE(3));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, s, MODEL_SHAPE(3, 1));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, x, MODEL_SHAPE(3, 3, 1));
  assert_int_equal(model_run(&fixture), OLSTM_STATUS_INVALID_VALUE);
  assert_string_equal(fixture.error.message,
                      "Scan 'scan_last': sequence_lens has 4, expected 0..3");
  model_end(&fixture);
}

static void takes_an_empty_batch(void** state) {
  model_fixture fixture;
  (void)state;
  model_start(&fixture, MODEL("scan_batch"), NULL);
  model_input(&fixture, 0, OLSTM_DTYPE_INT64, NULL, MODEL_SHAPE(0));
  model_input(&fixture, 1, OLSTM_DTYPE_FLOAT, NULL, MODEL_SHAPE(0, 1));
  model_input(&fixture, 2, OLSTM_DTYPE_FLOAT, NULL, MODEL_SHAPE(0, 3, 1));
  model_must_run(&fixture);
  model_expect_shape(&fixture, 0, "[0,1]");
  model_expect_shape(&fixture, 1, "[0,3,1]");
  model_end(&fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scans_along_any_axis_in_both_directions),
      cmocka_unit_test(scans_nothing),
      cmocka_unit_test(runs_each_row_of_a_batch_for_its_own_length),
      cmocka_unit_test(states_of_a_batch_may_have_any_rank),
      cmocka_unit_test(refuses_lengths_outside_the_sequence),
      cmocka_unit_test(takes_an_empty_batch),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
