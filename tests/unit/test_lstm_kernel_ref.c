// op/lstm/lstm_kernel_ref.c: the definition itself, against an independent model in numpy
// (tests/data/make_lstm_cases.py), and what the specification leaves to us.
#include <math.h>
#include <string.h>

#include "tests/data/lstm_cases.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

enum { kExpectationCount = sizeof kLstmExpectations / sizeof kLstmExpectations[0] };

static double element(const olstm_lstm_case* layer, size_t output, int64_t index) {
  const void* data = layer->outputs[output].data;
  return layer->dtype == OLSTM_DTYPE_DOUBLE ? ((const double*)data)[index]
                                            : ((const float*)data)[index];
}

static void check_expectation(const lstm_expectation* expectation) {
  olstm_lstm_case layer;
  int next = expectation->first;
  olstm_lstm_case_init(&layer, expectation->line);
  olstm_lstm_case_must_run(&layer, "reference");
  for (size_t o = 0; o < layer.node.output_count; o++) {
    if (!layer.outputs[o].data) continue;
    for (int64_t i = 0; i < olstm_tensor_desc_count(&layer.outputs[o].desc); i++) {
      const double expected = kLstmValues[next++];
      const double got = element(&layer, o, i);
      if (!(fabs(got - expected) <= 2e-6 * (1 + fabs(expected)))) {
        fail_msg("'%s': output %d [%d] is %.9g, expected %.9g", expectation->line, (int)o,
                 (int)i, got, expected);
      }
    }
  }
  assert_int_equal(next, expectation->first + expectation->count);
  olstm_lstm_case_deinit(&layer);
}

static void check_all(const char* op_type) {
  size_t checked = 0;
  for (size_t i = 0; i < kExpectationCount; i++) {
    if (strncmp(kLstmExpectations[i].line, op_type, strlen(op_type)) != 0) continue;
    check_expectation(&kLstmExpectations[i]);
    checked++;
  }
  assert_true(checked >= 7);
}

static void computes_lstm_as_the_specification_says(void** state) {
  (void)state;
  check_all("LSTM");
}

static void computes_gru_as_the_specification_says(void** state) {
  (void)state;
  check_all("GRU");
}

static void computes_rnn_as_the_specification_says(void** state) {
  (void)state;
  check_all("RNN");
}

/// One unit with every sum known: i = o = f = sigmoid(0) = 0.5, so that C only halves.
static void bounds_the_cell_on_its_way_out_but_not_where_it_is_kept(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM T1 N1 I1 H1 c0 clip=0.25 act=Sigmoid,Tanh,Affine");
  ((float*)layer.tensors[OLSTM_RECURRENT_X].data)[0] = 0;
  ((float*)layer.tensors[OLSTM_RECURRENT_INITIAL_C].data)[0] = 8;
  olstm_lstm_case_must_run(&layer, "reference");
  assert_true(element(&layer, OLSTM_RECURRENT_Y_C, 0) == 4);
  assert_true(element(&layer, OLSTM_RECURRENT_Y_H, 0) == 0.125);
  olstm_lstm_case_deinit(&layer);
}

static void passes_nan_through_in_its_own_row_only(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM T3 N2 I2 H2 B clip=0.5");
  ((float*)layer.tensors[OLSTM_RECURRENT_X].data)[olstm_lstm_case_x_at(&layer, 1, 0, 1)] =
      NAN;
  olstm_lstm_case_must_run(&layer, "reference");
  for (int64_t t = 0; t < 3; t++) {
    for (int64_t h = 0; h < 2; h++) {
      assert_int_equal(isnan(olstm_lstm_case_y(&layer, t, 0, 0, h)) != 0, t >= 1);
      assert_false(isnan(olstm_lstm_case_y(&layer, t, 0, 1, h)));
    }
  }
  olstm_lstm_case_deinit(&layer);
}

static void takes_infinity_as_the_arithmetic_says(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "RNN T1 N1 I1 H1");
  ((float*)layer.tensors[OLSTM_RECURRENT_X].data)[0] = -INFINITY;
  ((float*)layer.tensors[OLSTM_RECURRENT_W].data)[0] = 0.5F;
  olstm_lstm_case_must_run(&layer, "reference");
  assert_true(element(&layer, OLSTM_RECURRENT_Y_H, 0) == -1);
  olstm_lstm_case_deinit(&layer);
}

static void computes_on_inputs_without_features(void** state) {
  olstm_lstm_case layer;
  (void)state;
  olstm_lstm_case_init(&layer, "LSTM T2 N2 I0 H3 B h0 c0");
  olstm_lstm_case_must_run(&layer, "reference");
  assert_false(isnan(olstm_lstm_case_y(&layer, 1, 0, 1, 2)));
  olstm_lstm_case_deinit(&layer);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(computes_lstm_as_the_specification_says),
      cmocka_unit_test(computes_gru_as_the_specification_says),
      cmocka_unit_test(computes_rnn_as_the_specification_says),
      cmocka_unit_test(bounds_the_cell_on_its_way_out_but_not_where_it_is_kept),
      cmocka_unit_test(passes_nan_through_in_its_own_row_only),
      cmocka_unit_test(takes_infinity_as_the_arithmetic_says),
      cmocka_unit_test(computes_on_inputs_without_features),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
