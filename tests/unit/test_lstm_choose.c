// op/lstm/lstm_choose.c: the table of kernels, forced and free choice, and every kernel
// against the reference on random problems of the whole spec.
#include "op/lstm/lstm_choose.h"

#include <string.h>

#include "op/lstm/lstm_problem.h"
#include "op/lstm/lstm_spec.h"
#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

static olstm__lstm_problem plain_problem(void) {
  const olstm__lstm_layouts layouts = {OLSTM__LAYOUT_TIME_MAJOR, OLSTM__LAYOUT_TIME_MAJOR,
                                       OLSTM__LAYOUT_TIME_MAJOR};
  olstm__lstm_spec spec;
  olstm__lstm_problem problem;
  olstm__lstm_spec_init(OLSTM__CELL_LSTM, &spec);
  olstm__lstm_problem_init(&spec, OLSTM_DTYPE_FLOAT, 5, 2, 3, 4, &layouts, &problem);
  return problem;
}

static void knows_its_kernels_by_name(void** state) {
  char asked_for[] = "reference";
  const char* name = "none";
  (void)state;
  assert_true(olstm__lstm_kernel_find(NULL, &name));
  assert_null(name);
  assert_true(olstm__lstm_kernel_find("auto", &name));
  assert_null(name);
  assert_true(olstm__lstm_kernel_find(asked_for, &name));
  asked_for[0] = '\0';
  assert_string_equal(name, "reference");
  assert_false(olstm__lstm_kernel_find("Reference", &name));
  for (size_t k = 0; olstm__lstm_kernel_at(k); k++) {
    assert_true(olstm__lstm_kernel_find(olstm__lstm_kernel_at(k)->name, &name));
  }
}

static void takes_the_kernel_that_is_asked_for(void** state) {
  const olstm__lstm_problem problem = plain_problem();
  olstm__lstm_choice choice;
  (void)state;
  assert_int_equal(olstm__lstm_choose(&problem, "reference", &choice, NULL),
                   OLSTM_STATUS_OK);
  assert_string_equal(choice.kernel->name, "reference");
  assert_string_equal(choice.reason, "asked for");
}

static void refuses_an_unknown_kernel(void** state) {
  const olstm__lstm_problem problem = plain_problem();
  olstm__lstm_choice choice;
  olstm_error error;
  (void)state;
  assert_int_equal(olstm__lstm_choose(&problem, "cuda", &choice, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "no kernel 'cuda'");
}

static void falls_back_to_float_where_no_kernel_has_the_precision(void** state) {
  olstm__lstm_problem problem = plain_problem();
  olstm__lstm_choice choice;
  (void)state;
  problem.precision = OLSTM_PRECISION_INT8;
  assert_int_equal(olstm__lstm_choose(&problem, "reference", &choice, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(choice.precision, OLSTM_PRECISION_F32);
  assert_string_equal(
      choice.reason,
      "asked for; computes in float: it does not have the precision asked for");
}

static void always_finds_a_kernel_and_gives_a_reason(void** state) {
  olstm__lstm_problem problem = plain_problem();
  olstm__lstm_choice choice;
  (void)state;
  for (int32_t precision = OLSTM_PRECISION_F32; precision <= OLSTM_PRECISION_INT8;
       precision++) {
    problem.precision = precision;
    assert_int_equal(olstm__lstm_choose(&problem, NULL, &choice, NULL), OLSTM_STATUS_OK);
    assert_true(strlen(choice.reason) > 0);
  }
}

/// Runs the line with every kernel that takes it; the reference is what they must agree
/// with.
static void compare_kernels(const char* text, double rtol, double atol) {
  olstm_lstm_case expected;
  olstm_lstm_case got;
  olstm_lstm_case_init(&expected, text);
  olstm_lstm_case_init(&got, text);
  olstm_lstm_case_must_run(&expected, "reference");
  for (size_t k = 0; olstm__lstm_kernel_at(k); k++) {
    const olstm_lstm_case_options options = {.kernel = olstm__lstm_kernel_at(k)->name};
    olstm_error error = {""};
    const olstm_status status = olstm_lstm_case_run(&got, &options, &error);
    if (status == OLSTM_STATUS_UNSUPPORTED && strstr(error.message, " declines: ")) {
      continue;
    }
    if (status != OLSTM_STATUS_OK) fail_msg("'%s': %s", text, error.message);
    olstm_lstm_case_must_agree(&got, &expected, rtol, atol);
  }
  olstm_lstm_case_must_run(&got, NULL);
  olstm_lstm_case_must_agree(&got, &expected, rtol, atol);
  olstm_lstm_case_deinit(&expected);
  olstm_lstm_case_deinit(&got);
}

static void compare_random(const char* cell, const char* extra, uint64_t count,
                           double rtol, double atol) {
  char text[512];
  for (uint64_t seed = 1; seed <= count; seed++) {
    olstm_lstm_case_draw(seed, cell, extra, text);
    compare_kernels(text, rtol, atol);
  }
}

static void kernels_agree_on_random_float_lstms(void** state) {
  (void)state;
  compare_random("LSTM", "", 400, 1e-4, 2e-5);
}

static void kernels_agree_on_random_double_lstms(void** state) {
  (void)state;
  compare_random("LSTM", "dtype=double", 200, 1e-11, 1e-12);
}

static void kernels_agree_on_random_16_bit_lstms(void** state) {
  (void)state;
  compare_random("LSTM", "dtype=float16", 100, 2e-2, 1e-2);
  compare_random("LSTM", "dtype=bfloat16 opset=22", 100, 1e-1, 8e-2);
}

static void kernels_agree_on_random_grus(void** state) {
  (void)state;
  compare_random("GRU", "", 300, 1e-4, 2e-5);
  compare_random("GRU", "dtype=double", 100, 1e-11, 1e-12);
  compare_random("GRU", "dtype=float16", 50, 2e-2, 1e-2);
}

static void kernels_agree_on_random_rnns(void** state) {
  (void)state;
  compare_random("RNN", "", 300, 1e-4, 2e-5);
  compare_random("RNN", "dtype=double", 100, 1e-11, 1e-12);
  compare_random("RNN", "dtype=float16", 50, 2e-2, 1e-2);
}

/// Sizes at which kernels change their ways: long sequences, many rows, wide layers.
static void kernels_agree_on_larger_problems(void** state) {
  static const char* const kLines[] = {
      "LSTM T40 N1 I40 H64 B",
      "LSTM T20 N32 I3 H30 B h0 c0",
      "LSTM T3 N70 I65 H100 B bidirectional lens",
      "LSTM T4 N9 I130 H256 B reverse P layout=1",
      "LSTM T2 N200 I16 H16 B h0 c0",
      "LSTM T1 N1 I512 H512 B h0 c0",
      "GRU T20 N33 I8 H70 B lbr=1 h0",
      "GRU T20 N33 I8 H70 B bidirectional lens",
      "RNN T30 N17 I20 H130 B bidirectional lens",
  };
  (void)state;
  for (size_t i = 0; i < sizeof kLines / sizeof kLines[0]; i++) {
    compare_kernels(kLines[i], 1e-4, 2e-5);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(knows_its_kernels_by_name),
      cmocka_unit_test(takes_the_kernel_that_is_asked_for),
      cmocka_unit_test(refuses_an_unknown_kernel),
      cmocka_unit_test(falls_back_to_float_where_no_kernel_has_the_precision),
      cmocka_unit_test(always_finds_a_kernel_and_gives_a_reason),
      cmocka_unit_test(kernels_agree_on_random_float_lstms),
      cmocka_unit_test(kernels_agree_on_random_double_lstms),
      cmocka_unit_test(kernels_agree_on_random_16_bit_lstms),
      cmocka_unit_test(kernels_agree_on_random_grus),
      cmocka_unit_test(kernels_agree_on_random_rnns),
      cmocka_unit_test(kernels_agree_on_larger_problems),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
