// tools/conform/feature_matrix.h: which feature a case that is not right counts against.
#include "tools/conform/feature_matrix.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test_main.h"

enum { kMaxCases = 64 };

/// A report of one runtime from "NAME KIND" lines.
typedef struct small_report {
  char names[kMaxCases][OLSTM__CASE_NAME_BYTES];
  olstm__reported_case cases[kMaxCases];
  olstm__runtime_report runtime;
  olstm__conform_report report;
  olstm__feature_matrix matrix;
} small_report;

static olstm__verdict verdict_of(const char* kind) {
  int v = 0;
  while (strcmp(olstm__verdict_kind((olstm__verdict)v), kind) != 0) v++;
  return (olstm__verdict)v;
}

static void make_matrix(small_report* small, const char* lines) {
  char kind[16];
  int used = 0;
  olstm_error error;
  memset(small, 0, sizeof *small);
  small->runtime.cases = small->cases;
  small->report = (olstm__conform_report){1, &small->runtime};
  for (; sscanf(lines, " %159s %15s%n", small->names[small->runtime.count], kind,
                &used) == 2;
       lines += used) {
    olstm__reported_case* c = &small->cases[small->runtime.count];
    c->name = small->names[small->runtime.count++];
    c->op_type = "Conv";
    c->result.verdict = verdict_of(kind);
  }
  assert_int_equal(olstm__feature_matrix_init(&small->report, &small->matrix, &error), 0);
}

/// All rows, "FEATURE: TEXT\n" each, as they stand.
static void expect_rows(const char* lines, const char* expected) {
  small_report small;
  char text[4096] = "";
  make_matrix(&small, lines);
  for (size_t i = 0; i < small.matrix.row_count; i++) {
    const olstm__matrix_row* row = &small.matrix.rows[i];
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s %s: %s\n", row->op_type,
                   row->feature, olstm__matrix_cell_text(&row->cells[0]).text);
  }
  olstm__feature_matrix_deinit(&small.matrix);
  assert_string_equal(text, expected);
}

static void a_feature_that_fails_alone_is_named(void** state) {
  (void)state;
  expect_rows(
      "lstm_forward pass  lstm_forward_layout_1 pass  lstm_forward_clip_all wrong "
      "lstm_forward_clip_all_layout_1 wrong",
      "LSTM forward: pass\n"
      "LSTM clip_all: wrong (forward) 0/2\n"
      "LSTM layout_1: pass 1/2\n");
}

static void directions_are_named_unless_all_fail(void** state) {
  (void)state;
  expect_rows(
      "gru_forward pass gru_reverse pass gru_bidirectional pass "
      "gru_forward_sequence_lens pass gru_reverse_sequence_lens crash "
      "gru_bidirectional_sequence_lens timeout "
      "gru_forward_layout_1 refused gru_reverse_layout_1 refused "
      "gru_bidirectional_layout_1 refused",
      "GRU forward: pass\n"
      "GRU reverse: pass\n"
      "GRU bidirectional: pass\n"
      "GRU sequence_lens: crash (reverse, bidirectional) 1/3\n"
      "GRU layout_1: refused 0/3\n");
}

static void two_that_fail_only_together_are_partly(void** state) {
  (void)state;
  expect_rows(
      "lstm_forward pass lstm_forward_initial_h pass lstm_forward_layout_1 pass "
      "lstm_forward_initial_h_layout_1 error",
      "LSTM forward: pass\n"
      "LSTM initial_h: partly 1/2 error\n"
      "LSTM layout_1: partly 1/2 error\n");
}

/// Right alone, and not with anything else: it is not all the others' fault.
static void pairs_count_against_what_fails_more_often(void** state) {
  (void)state;
  expect_rows(
      "rnn_forward pass rnn_forward_clip_some pass rnn_forward_no_bias pass "
      "rnn_forward_initial_h pass rnn_forward_layout_1 pass rnn_forward_relu pass "
      "rnn_forward_no_bias_clip_some wrong rnn_forward_initial_h_clip_some wrong "
      "rnn_forward_clip_some_layout_1 wrong rnn_forward_clip_some_relu wrong "
      "rnn_forward_no_bias_initial_h pass rnn_forward_no_bias_layout_1 pass "
      "rnn_forward_no_bias_relu pass rnn_forward_initial_h_layout_1 pass "
      "rnn_forward_initial_h_relu pass rnn_forward_layout_1_relu pass",
      "RNN forward: pass\n"
      "RNN no_bias: pass 4/5\n"
      "RNN initial_h: pass 4/5\n"
      "RNN clip_some: partly 1/5 wrong\n"
      "RNN layout_1: pass 4/5\n"
      "RNN relu: pass 4/5\n");
}

/// What fails alone in one direction explains pairs in those where it is right by chance.
static void a_fault_in_one_direction_explains_pairs_of_others(void** state) {
  (void)state;
  expect_rows(
      "lstm_forward pass lstm_reverse pass lstm_forward_clip_all wrong "
      "lstm_reverse_clip_all pass lstm_reverse_initial_c pass "
      "lstm_reverse_initial_c_clip_all wrong",
      "LSTM forward: pass\n"
      "LSTM reverse: pass\n"
      "LSTM initial_c: pass 1/2\n"
      "LSTM clip_all: wrong (forward, reverse) 1/3\n");
}

static void what_fails_without_the_feature_says_nothing_of_it(void** state) {
  (void)state;
  expect_rows(
      "lstm_forward error lstm_forward_y_alone pass lstm_forward_peepholes error "
      "lstm_forward_peepholes_y_alone pass lstm_forward_clip_all error "
      "lstm_forward_clip_all_y_alone wrong lstm_forward_double error",
      "LSTM forward: error 0/1\n"
      "LSTM peepholes: pass 1/2\n"
      "LSTM clip_all: wrong (forward) 0/2\n"
      "LSTM double: masked 0/1\n"
      "LSTM y_alone: pass 2/3\n");
}

static void open_cases_have_no_verdict(void** state) {
  (void)state;
  expect_rows(
      "lstm_forward pass lstm_forward_no_steps open lstm_forward_initial_h pass "
      "lstm_forward_initial_h_no_steps crash",
      "LSTM forward: pass\n"
      "LSTM initial_h: partly 1/2 crash\n"
      "LSTM no_steps: crash (forward) 0/1\n");
}

static void other_cases_are_rows_of_their_operators(void** state) {
  (void)state;
  expect_rows("test_conv pass test_conv_2 refused lstm_random_1_0001 pass",
              "LSTM random mixtures: pass\n"
              "Conv : partly 1/2 refused\n");
}

static void parts_are_those_that_cells_count(void** state) {
  small_report small;
  (void)state;
  make_matrix(&small,
              "lstm_forward pass lstm_forward_clip_all wrong lstm_forward_layout_1 pass "
              "lstm_forward_clip_all_layout_1 wrong");
  assert_int_equal(olstm__feature_matrix_part(&small.matrix, 0, 0, 0),
                   OLSTM__PART_PASSED);
  assert_int_equal(olstm__feature_matrix_part(&small.matrix, 0, 0, 1), OLSTM__PART_NONE);
  assert_int_equal(olstm__feature_matrix_part(&small.matrix, 1, 0, 1),
                   OLSTM__PART_BLAMED);
  assert_int_equal(olstm__feature_matrix_part(&small.matrix, 1, 0, 3),
                   OLSTM__PART_BLAMED);
  assert_int_equal(olstm__feature_matrix_part(&small.matrix, 2, 0, 3),
                   OLSTM__PART_EXPLAINED);
  olstm__feature_matrix_deinit(&small.matrix);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_feature_that_fails_alone_is_named),
      cmocka_unit_test(directions_are_named_unless_all_fail),
      cmocka_unit_test(two_that_fail_only_together_are_partly),
      cmocka_unit_test(pairs_count_against_what_fails_more_often),
      cmocka_unit_test(a_fault_in_one_direction_explains_pairs_of_others),
      cmocka_unit_test(what_fails_without_the_feature_says_nothing_of_it),
      cmocka_unit_test(open_cases_have_no_verdict),
      cmocka_unit_test(other_cases_are_rows_of_their_operators),
      cmocka_unit_test(parts_are_those_that_cells_count),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
