// op/lstm/lstm_kernel_dnnl.c and op/dnnl_compat.c: what oneDNN's primitive can express,
// it computes like the reference, on one thread; the rest it declines, with the reason.
#include "op/lstm/lstm_kernel.h"

#include <dirent.h>
#include <string.h>

#include "op/dnnl_compat.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

static void compare(const char* text) {
  olstm_lstm_case expected;
  olstm_lstm_case got;
  olstm_lstm_case_init(&expected, text);
  olstm_lstm_case_init(&got, text);
  olstm_lstm_case_must_run(&expected, "reference");
  olstm_lstm_case_must_run(&got, "onednn");
  assert_string_equal(got.kernel, "onednn");
  olstm_lstm_case_must_agree(&got, &expected, 1e-4, 2e-5);
  olstm_lstm_case_deinit(&expected);
  olstm_lstm_case_deinit(&got);
}

static void opens_the_library(void** state) {
  (void)state;
  assert_null(olstm__dnnl_why_absent());
}

static void agrees_with_the_reference_on_random_problems(void** state) {
  char text[512];
  (void)state;
  for (uint64_t seed = 1; seed <= 500; seed++) {
    olstm_lstm_case_draw_plain(seed, "", text);
    compare(text);
  }
}

static void does_without_bias(void** state) {
  (void)state;
  compare("LSTM T4 N3 I5 H6");
}

static void takes_one_initial_state_without_the_other(void** state) {
  (void)state;
  compare("LSTM T4 N3 I5 H6 B h0");
  compare("LSTM T4 N3 I5 H6 B c0 bidirectional layout=1");
}

static void gives_one_final_state_without_the_other(void** state) {
  (void)state;
  compare("LSTM T4 N3 I5 H6 B -Yh");
  compare("LSTM T4 N3 I5 H6 B -Yc bidirectional layout=1");
  compare("LSTM T4 N3 I5 H6 B -Yh -Yc");
}

static void packs_weights_that_the_graph_computes(void** state) {
  (void)state;
  compare("LSTM T4 N3 I5 H6 B P dynamic bidirectional");
}

static void check_declines(const char* text, const char* reason) {
  const olstm_lstm_case_options options = {.kernel = "onednn"};
  char expected[128];
  olstm_lstm_case layer;
  olstm_error error = {""};
  olstm_lstm_case_init(&layer, text);
  assert_int_equal(olstm_lstm_case_run(&layer, &options, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  (void)snprintf(expected, sizeof expected, "%s 'n': kernel onednn declines: %s",
                 layer.node.op_type, reason);
  assert_string_equal(error.message, expected);
  olstm_lstm_case_deinit(&layer);
}

static void declines_with_a_reason(void** state) {
  (void)state;
  check_declines("LSTM clip=1", "clip");
  check_declines("LSTM input_forget=1", "input_forget");
  check_declines("LSTM lens", "sequence_lens");
  check_declines("LSTM dtype=double", "dtypes other than float");
  check_declines("LSTM act=Sigmoid,Tanh,Relu", "activations other than the defaults");
  check_declines("LSTM bidirectional act=Sigmoid,Tanh,Tanh,Relu,Tanh,Tanh",
                 "activations other than the defaults");
  check_declines("GRU", "cells other than LSTM");
  check_declines("RNN", "cells other than LSTM");
  check_declines("LSTM I0", "tensors without elements");
}

static size_t count_threads(void) {
  size_t count = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (tasks && readdir(tasks)) count++;
  if (tasks) (void)closedir(tasks);
  return count;  // 0 where there is no /proc
}

static void starts_no_threads(void** state) {
  (void)state;
  const size_t before = count_threads();
  compare("LSTM T3 N70 I65 H128 B bidirectional");
  assert_int_equal(count_threads(), before);
}

static void gives_the_same_bits_every_time(void** state) {
  olstm_lstm_case first;
  olstm_lstm_case second;
  (void)state;
  olstm_lstm_case_init(&first, "LSTM T9 N5 I33 H48 B h0 c0 bidirectional");
  olstm_lstm_case_init(&second, "LSTM T9 N5 I33 H48 B h0 c0 bidirectional");
  olstm_lstm_case_must_run(&first, "onednn");
  olstm_lstm_case_must_run(&second, "onednn");
  olstm_lstm_case_must_agree(&first, &second, 0, 0);
  olstm_lstm_case_deinit(&first);
  olstm_lstm_case_deinit(&second);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_the_library),
      cmocka_unit_test(agrees_with_the_reference_on_random_problems),
      cmocka_unit_test(does_without_bias),
      cmocka_unit_test(takes_one_initial_state_without_the_other),
      cmocka_unit_test(gives_one_final_state_without_the_other),
      cmocka_unit_test(packs_weights_that_the_graph_computes),
      cmocka_unit_test(declines_with_a_reason),
      cmocka_unit_test(starts_no_threads),
      cmocka_unit_test(gives_the_same_bits_every_time),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
