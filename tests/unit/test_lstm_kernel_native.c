// The native kernel against the reference kernel, and the laws that need no expected
// values.
#include <string.h>

#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

// Runs the line on both kernels; they agree.
static void check_line(const char* text, double rtol, double atol) {
  olstm_lstm_case native;
  olstm_lstm_case reference;
  olstm_lstm_case_init(&native, text);
  olstm_lstm_case_init(&reference, text);
  olstm_lstm_case_must_run(&native, "native");
  olstm_lstm_case_must_run(&reference, "reference");
  assert_string_equal(native.kernel, "native");
  olstm_lstm_case_must_agree(&native, &reference, rtol, atol);
  olstm_lstm_case_deinit(&native);
  olstm_lstm_case_deinit(&reference);
}

static void check_drawn(const char* cell, const char* extra, int count, double rtol,
                        double atol) {
  char text[512];
  for (int seed = 0; seed < count; seed++) {
    olstm_lstm_case_draw((uint64_t)seed, cell, extra, text);
    check_line(text, rtol, atol);
  }
}

static void float_lstms_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("LSTM", "", 200, 1e-5, 2e-6);
}

static void float_grus_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("GRU", "", 120, 1e-5, 2e-6);
}

static void float_rnns_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("RNN", "", 80, 1e-5, 2e-6);
}

static void double_cells_agree_with_the_reference(void** state) {
  (void)state;
  check_drawn("LSTM", "dtype=double", 80, 1e-13, 1e-14);
  check_drawn("GRU", "dtype=double", 50, 1e-13, 1e-14);
  check_drawn("RNN", "dtype=double", 30, 1e-13, 1e-14);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(float_lstms_agree_with_the_reference),
      cmocka_unit_test(float_grus_agree_with_the_reference),
      cmocka_unit_test(float_rnns_agree_with_the_reference),
      cmocka_unit_test(double_cells_agree_with_the_reference),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
