// op/lstm/lstm_spec.c: every attribute of LSTM, GRU and RNN, as their opset versions
// define them, and the message for each that is wrong.
#include "op/lstm/lstm_spec.h"

#include <string.h>

#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

static olstm__cell cell_of(const olstm_lstm_case* layer) {
  if (strcmp(layer->node.op_type, "LSTM") == 0) return OLSTM__CELL_LSTM;
  return strcmp(layer->node.op_type, "GRU") == 0 ? OLSTM__CELL_GRU : OLSTM__CELL_RNN;
}

static olstm__lstm_attributes parse(const char* text) {
  olstm_lstm_case layer;
  olstm__lstm_attributes attributes;
  olstm_error error = {""};
  olstm_lstm_case_init(&layer, text);
  const olstm_status status = olstm__lstm_attributes_parse(
      &layer.node, layer.node.opset_version, cell_of(&layer), &attributes, &error);
  if (status != OLSTM_STATUS_OK) fail_msg("'%s': %s", text, error.message);
  olstm_lstm_case_deinit(&layer);
  return attributes;
}

static void refuse(const char* text, olstm_status code, const char* message) {
  olstm_lstm_case layer;
  olstm__lstm_attributes attributes;
  olstm_error error = {""};
  olstm_lstm_case_init(&layer, text);
  assert_int_equal(olstm__lstm_attributes_parse(&layer.node, layer.node.opset_version,
                                                cell_of(&layer), &attributes, &error),
                   code);
  assert_string_equal(error.message, message);
  olstm_lstm_case_deinit(&layer);
}

static void counts_gates_and_activations(void** state) {
  (void)state;
  assert_int_equal(olstm__cell_gate_count(OLSTM__CELL_LSTM), 4);
  assert_int_equal(olstm__cell_gate_count(OLSTM__CELL_GRU), 3);
  assert_int_equal(olstm__cell_gate_count(OLSTM__CELL_RNN), 1);
  assert_int_equal(olstm__cell_activation_count(OLSTM__CELL_LSTM), 3);
  assert_int_equal(olstm__cell_activation_count(OLSTM__CELL_GRU), 2);
  assert_int_equal(olstm__cell_activation_count(OLSTM__CELL_RNN), 1);
}

static void fills_in_the_defaults(void** state) {
  (void)state;
  const olstm__lstm_attributes lstm = parse("LSTM hidden_size=none");
  assert_int_equal(lstm.hidden_size, 0);
  assert_int_equal(lstm.layouts.x, OLSTM__LAYOUT_TIME_MAJOR);
  assert_int_equal(lstm.spec.direction_count, 1);
  assert_false(lstm.spec.is_reverse[0]);
  assert_false(lstm.spec.has_clip);
  assert_false(lstm.spec.input_forget);
  assert_int_equal(lstm.spec.activations[0][0].kind, OLSTM__ACTIVATION_SIGMOID);
  assert_int_equal(lstm.spec.activations[0][1].kind, OLSTM__ACTIVATION_TANH);
  assert_int_equal(lstm.spec.activations[0][2].kind, OLSTM__ACTIVATION_TANH);
  const olstm__lstm_attributes gru = parse("GRU");
  assert_int_equal(gru.hidden_size, 4);
  assert_false(gru.spec.linear_before_reset);
  assert_int_equal(gru.spec.activations[0][0].kind, OLSTM__ACTIVATION_SIGMOID);
  assert_int_equal(gru.spec.activations[0][1].kind, OLSTM__ACTIVATION_TANH);
  const olstm__lstm_attributes rnn = parse("RNN");
  assert_int_equal(rnn.spec.activations[0][0].kind, OLSTM__ACTIVATION_TANH);
}

static void reads_all_three_directions(void** state) {
  (void)state;
  assert_false(parse("LSTM forward").spec.is_reverse[0]);
  const olstm__lstm_attributes reverse = parse("GRU reverse");
  assert_int_equal(reverse.spec.direction_count, 1);
  assert_true(reverse.spec.is_reverse[0]);
  const olstm__lstm_attributes both = parse("RNN bidirectional");
  assert_int_equal(both.spec.direction_count, 2);
  assert_false(both.spec.is_reverse[0]);
  assert_true(both.spec.is_reverse[1]);
}

static void refuses_another_direction(void** state) {
  (void)state;
  refuse("LSTM direction=foward", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': direction is 'foward', expected forward, reverse or bidirectional");
}

static void reads_clip(void** state) {
  (void)state;
  const olstm__lstm_attributes attributes = parse("LSTM clip=2.5");
  assert_true(attributes.spec.has_clip);
  assert_true(attributes.spec.clip == 2.5F);
}

static void refuses_a_clip_that_is_not_above_zero_and_finite(void** state) {
  (void)state;
  refuse("LSTM clip=0", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': clip is 0, expected a finite value above 0");
  refuse("GRU clip=-1", OLSTM_STATUS_INVALID_MODEL,
         "GRU 'n': clip is -1, expected a finite value above 0");
  refuse("RNN clip=inf", OLSTM_STATUS_INVALID_MODEL,
         "RNN 'n': clip is inf, expected a finite value above 0");
  refuse("LSTM clip=nan", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': clip is nan, expected a finite value above 0");
}

static void reads_flags(void** state) {
  (void)state;
  assert_true(parse("LSTM input_forget=1").spec.input_forget);
  assert_false(parse("LSTM input_forget=0").spec.input_forget);
  assert_true(parse("GRU lbr=1").spec.linear_before_reset);
  assert_true(parse("GRU lbr=-3").spec.linear_before_reset);
  assert_false(parse("GRU lbr=0").spec.linear_before_reset);
  assert_int_equal(parse("RNN layout=1").layouts.x, OLSTM__LAYOUT_BATCH_MAJOR);
}

static void refuses_flags_that_are_neither_0_nor_1(void** state) {
  (void)state;
  refuse("LSTM input_forget=2", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': input_forget is 2, expected 0 or 1");
  refuse("LSTM layout=-1", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': layout is -1, expected 0 or 1");
}

static void refuses_a_hidden_size_below_1(void** state) {
  (void)state;
  refuse("LSTM hidden_size=0", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': hidden_size is 0, expected 1 or more");
  refuse("LSTM hidden_size=-4", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': hidden_size is -4, expected 1 or more");
}

static void knows_attributes_by_opset_version(void** state) {
  (void)state;
  (void)parse("LSTM opset=1 output_sequence=1");
  (void)parse("LSTM opset=6 output_sequence=0 -Y");
  (void)parse("GRU opset=3 lbr=1");
  (void)parse("LSTM opset=22 layout=1");
  refuse("LSTM opset=7 output_sequence=1", OLSTM_STATUS_UNSUPPORTED,
         "LSTM 'n': unknown attribute 'output_sequence' (opset 7)");
  refuse("LSTM opset=13 layout=1", OLSTM_STATUS_UNSUPPORTED,
         "LSTM 'n': unknown attribute 'layout' (opset 13)");
  refuse("GRU opset=1 lbr=1", OLSTM_STATUS_UNSUPPORTED,
         "GRU 'n': unknown attribute 'linear_before_reset' (opset 1)");
}

static void knows_attributes_by_cell(void** state) {
  (void)state;
  refuse("LSTM lbr=1", OLSTM_STATUS_UNSUPPORTED,
         "LSTM 'n': unknown attribute 'linear_before_reset' (opset 14)");
  refuse("GRU input_forget=1", OLSTM_STATUS_UNSUPPORTED,
         "GRU 'n': unknown attribute 'input_forget' (opset 14)");
  refuse("RNN int:projection=1", OLSTM_STATUS_UNSUPPORTED,
         "RNN 'n': unknown attribute 'projection' (opset 14)");
}

static void output_sequence_promises_y(void** state) {
  (void)state;
  refuse("LSTM opset=1 output_sequence=1 -Y", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': output_sequence is 1, but output Y is missing");
}

static void refuses_attributes_of_another_kind(void** state) {
  (void)state;
  refuse("LSTM int:clip=3", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': attribute clip is INT, expected FLOAT");
  refuse("LSTM int:activations=3", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': attribute activations is INT, expected STRINGS");
  refuse("LSTM int:activation_alpha=3", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': attribute activation_alpha is INT, expected FLOATS");
}

static void reads_activations_of_each_direction(void** state) {
  (void)state;
  const olstm__lstm_attributes a =
      parse("LSTM bidirectional act=Relu,tanh,SIGMOID,Softsign,Softplus,Elu");
  assert_int_equal(a.spec.activations[0][0].kind, OLSTM__ACTIVATION_RELU);
  assert_int_equal(a.spec.activations[0][1].kind, OLSTM__ACTIVATION_TANH);
  assert_int_equal(a.spec.activations[0][2].kind, OLSTM__ACTIVATION_SIGMOID);
  assert_int_equal(a.spec.activations[1][0].kind, OLSTM__ACTIVATION_SOFTSIGN);
  assert_int_equal(a.spec.activations[1][1].kind, OLSTM__ACTIVATION_SOFTPLUS);
  assert_int_equal(a.spec.activations[1][2].kind, OLSTM__ACTIVATION_ELU);
}

static void refuses_an_unknown_activation(void** state) {
  (void)state;
  refuse("LSTM act=Sigmoid,Swish,Tanh", OLSTM_STATUS_UNSUPPORTED,
         "LSTM 'n': unknown activation 'Swish'");
}

static void refuses_another_number_of_activations(void** state) {
  (void)state;
  refuse("LSTM act=Sigmoid,Tanh", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': activations has 2 names, expected 3 for 1 direction");
  refuse("LSTM bidirectional act=Sigmoid,Tanh,Tanh", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': activations has 3 names, expected 6 for 2 directions");
  refuse("GRU act=Sigmoid,Tanh,Tanh", OLSTM_STATUS_INVALID_MODEL,
         "GRU 'n': activations has 3 names, expected 2 for 1 direction");
  refuse("RNN act=Relu,Relu", OLSTM_STATUS_INVALID_MODEL,
         "RNN 'n': activations has 2 names, expected 1 for 1 direction");
}

static void takes_the_rnn_default_of_two_names_for_one_direction(void** state) {
  (void)state;
  const olstm__lstm_attributes a = parse("RNN act=Tanh,Tanh");
  assert_int_equal(a.spec.activations[0][0].kind, OLSTM__ACTIVATION_TANH);
}

static void gives_alpha_and_beta_in_order_to_those_that_take_one(void** state) {
  (void)state;
  // One value for three activations: only the first takes one.
  const olstm__lstm_attributes one =
      parse("LSTM act=HardSigmoid,Tanh,Tanh alpha=0.25 beta=0.75");
  assert_true(one.spec.activations[0][0].alpha == 0.25F);
  assert_true(one.spec.activations[0][0].beta == 0.75F);
  // Sigmoid is passed over; Affine takes both, LeakyRelu alpha alone.
  const olstm__lstm_attributes more =
      parse("LSTM act=Sigmoid,LeakyRelu,Affine alpha=0.3,2 beta=0.5");
  assert_true(more.spec.activations[0][1].alpha == 0.3F);
  assert_true(more.spec.activations[0][2].alpha == 2);
  assert_true(more.spec.activations[0][2].beta == 0.5F);
  // The second direction goes on where the first ended; then come the defaults.
  const olstm__lstm_attributes both =
      parse("GRU bidirectional act=Elu,Tanh,Elu,LeakyRelu alpha=0.5,0.25");
  assert_true(both.spec.activations[0][0].alpha == 0.5F);
  assert_true(both.spec.activations[1][0].alpha == 0.25F);
  assert_true(both.spec.activations[1][1].alpha == 0.01F);
}

static void refuses_alpha_and_beta_that_nothing_takes(void** state) {
  (void)state;
  refuse("LSTM alpha=0.5", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': activation_alpha has 1 values, expected at most 0: so many of its "
         "activations take one");
  refuse("LSTM act=HardSigmoid,Elu,Tanh beta=0.5,1", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': activation_beta has 2 values, expected at most 1: so many of its "
         "activations take one");
}

static void refuses_alpha_that_is_not_finite(void** state) {
  (void)state;
  refuse("LSTM act=Elu,Elu,Elu alpha=1,nan,1", OLSTM_STATUS_INVALID_MODEL,
         "LSTM 'n': activation_alpha[1] is nan, expected a finite value");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_gates_and_activations),
      cmocka_unit_test(fills_in_the_defaults),
      cmocka_unit_test(reads_all_three_directions),
      cmocka_unit_test(refuses_another_direction),
      cmocka_unit_test(reads_clip),
      cmocka_unit_test(refuses_a_clip_that_is_not_above_zero_and_finite),
      cmocka_unit_test(reads_flags),
      cmocka_unit_test(refuses_flags_that_are_neither_0_nor_1),
      cmocka_unit_test(refuses_a_hidden_size_below_1),
      cmocka_unit_test(knows_attributes_by_opset_version),
      cmocka_unit_test(knows_attributes_by_cell),
      cmocka_unit_test(output_sequence_promises_y),
      cmocka_unit_test(refuses_attributes_of_another_kind),
      cmocka_unit_test(reads_activations_of_each_direction),
      cmocka_unit_test(refuses_an_unknown_activation),
      cmocka_unit_test(refuses_another_number_of_activations),
      cmocka_unit_test(takes_the_rnn_default_of_two_names_for_one_direction),
      cmocka_unit_test(gives_alpha_and_beta_in_order_to_those_that_take_one),
      cmocka_unit_test(refuses_alpha_and_beta_that_nothing_takes),
      cmocka_unit_test(refuses_alpha_that_is_not_finite),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
