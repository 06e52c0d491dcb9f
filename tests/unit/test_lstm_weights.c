// op/lstm/lstm_weights.c: gates come out in the order asked for.
#include "op/lstm/lstm_weights.h"

#include "op/math/real.h"
#include "tests/support/test_main.h"

/// Rows i i o o f f c c (H = 2) of 3 columns; element (r,c) is 10*r + c.
static void transposes_and_reorders_gates(void** state) {
  float from[8 * 3];
  float to[3 * 8];
  static const int kRows[] = {0, 1, 4, 5, 6, 7, 2, 3};  // i i f f c c o o
  (void)state;
  for (int r = 0; r < 8; r++) {
    for (int c = 0; c < 3; c++) from[r * 3 + c] = (float)(10 * r + c);
  }
  olstm__lstm_transpose_gates(&olstm__gate_order_ifco, OLSTM_DTYPE_FLOAT, from, 2, 3, to);
  for (int c = 0; c < 3; c++) {
    for (int g = 0; g < 8; g++) assert_true(to[c * 8 + g] == (float)(10 * kRows[g] + c));
  }
}

static void sums_both_biases(void** state) {
  double from[16];
  float to[8];
  static const int kRows[] = {0, 1, 4, 5, 6, 7, 2, 3};
  (void)state;
  for (int i = 0; i < 16; i++) from[i] = i < 8 ? i : 100 * (i - 8);
  olstm__lstm_sum_bias(&olstm__gate_order_ifco, OLSTM_DTYPE_DOUBLE, from, 2, to);
  for (int g = 0; g < 8; g++) assert_true(to[g] == (float)(101 * kRows[g]));
}

static void reads_16_bit_weights(void** state) {
  const olstm__gate_order zrh = {3, {0, 1, 2, 0}};
  uint16_t from[3];
  float to[3];
  (void)state;
  for (int i = 0; i < 3; i++) olstm__real_store(OLSTM_DTYPE_FLOAT16, from, i, 0.5 * i);
  olstm__lstm_transpose_gates(&zrh, OLSTM_DTYPE_FLOAT16, from, 1, 1, to);
  assert_true(to[0] == 0 && to[1] == 0.5F && to[2] == 1);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(transposes_and_reorders_gates),
      cmocka_unit_test(sums_both_biases),
      cmocka_unit_test(reads_16_bit_weights),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
