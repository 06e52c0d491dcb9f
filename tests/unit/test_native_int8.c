// The native kernel's products in 8 bits against the reference kernel, on values that 8
// bits and a scale hold: nothing is rounded on the way into a product then.
#include <math.h>

#include "tests/support/lstm_problems.h"
#include "tests/support/test_main.h"

/// Integers of -127..127, times a power of two: `rows` rows of `count`, each of which has
/// one of the two ends, which makes its scale that power.
static void draw_bytes(olstm_tensor* tensor, int64_t rows, float scale, uint32_t seed) {
  float* values = tensor->data;
  const int64_t count = olstm_tensor_desc_count(&tensor->desc) / rows;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < count; i++) {
      seed = seed * 1664525U + 1013904223U;
      values[r * count + i] = scale * (float)((int32_t)(seed >> 16) % 255 - 127);
    }
    values[r * count + (int64_t)seed % count] = scale * (r % 2 ? 127.0F : -127.0F);
  }
}

/// One step (T1) in 8 bits and by the reference kernel; they agree.
static void check_exact(const char* text) {
  olstm_lstm_case layer, expected;
  olstm_error error;
  const olstm_lstm_case_options options = {.kernel = "native",
                                           .precision = OLSTM_PRECISION_INT8};
  olstm_lstm_case* both[] = {&layer, &expected};
  for (int i = 0; i < 2; i++) {
    olstm_tensor* tensors = both[i]->tensors;
    olstm_lstm_case_init(both[i], text);
    const int64_t columns =
        olstm_tensor_desc_count(&tensors[OLSTM_RECURRENT_W].desc) / both[i]->inputs;
    draw_bytes(&tensors[OLSTM_RECURRENT_W], columns, 0x1p-11F, 1);
    draw_bytes(&tensors[OLSTM_RECURRENT_R], columns, 0x1p-12F, 2);
    draw_bytes(&tensors[OLSTM_RECURRENT_X], both[i]->rows, 0x1p-6F, 3);
    draw_bytes(&tensors[OLSTM_RECURRENT_INITIAL_H], both[i]->rows * both[i]->directions,
               0x1p-7F, 4);
  }
  if (olstm_lstm_case_run(&layer, &options, &error) != OLSTM_STATUS_OK) {
    fail_msg("'%s': %s", text, error.message);
  }
  olstm_lstm_case_must_run(&expected, "reference");
  olstm_lstm_case_must_agree(&layer, &expected, 1e-5, 2e-6);
  olstm_lstm_case_deinit(&layer);
  olstm_lstm_case_deinit(&expected);
}

static void one_row_is_exact(void** state) {
  (void)state;
  check_exact("LSTM T1 N1 I1 H32 B h0 c0");
  check_exact("LSTM T1 N1 I20 H64 B h0 c0");
  check_exact("LSTM T1 N1 I61 H130 B h0 c0 reverse");
  check_exact("RNN T1 N1 I35 H77 B h0");
}

static void every_number_of_rows_is_exact(void** state) {
  char text[64];
  (void)state;
  for (int rows = 2; rows <= 14; rows++) {
    (void)snprintf(text, sizeof text, "LSTM T1 N%d I%d H%d B h0 c0", rows, 15 + rows,
                   45 + 3 * rows);
    check_exact(text);
  }
}

static void every_cell_is_exact(void** state) {
  (void)state;
  check_exact("LSTM T1 N7 I19 H50 B h0 c0 bidirectional P");
  check_exact("GRU T1 N7 I19 H50 B h0 lbr=1");
  check_exact("RNN T1 N8 I19 H50 B h0 bidirectional");
}

/// Sums that are as large as they get: all bytes at the ends of their range.
static void the_largest_sums_are_exact(void** state) {
  olstm_lstm_case layer;
  olstm_error error;
  const olstm_lstm_case_options options = {.kernel = "native",
                                           .precision = OLSTM_PRECISION_INT8};
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    olstm_lstm_case_init(&layer, "RNN T1 N5 I1030 H40 act=Affine alpha=1");
    float* w = layer.tensors[OLSTM_RECURRENT_W].data;
    float* x = layer.tensors[OLSTM_RECURRENT_X].data;
    for (int64_t i = 0; i < 40 * 1030; i++) w[i] = (float)sign * 127 * 0x1p-10F;
    for (int64_t i = 0; i < 5 * 1030; i++) x[i] = i / 1030 % 2 ? -127.0F : 127.0F;
    if (olstm_lstm_case_run(&layer, &options, &error) != OLSTM_STATUS_OK) {
      fail_msg("%s", error.message);
    }
    for (int64_t n = 0; n < 5; n++) {
      const double expected = sign * (n % 2 ? -1.0 : 1.0) * 127 * 127 * 1030 * 0x1p-10;
      for (int64_t h = 0; h < 40; h++) {
        const double y = olstm_lstm_case_y(&layer, 0, 0, n, h);
        assert_true(fabs(y - expected) <= 1e-6 * fabs(expected));
      }
    }
    olstm_lstm_case_deinit(&layer);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_row_is_exact),
      cmocka_unit_test(every_number_of_rows_is_exact),
      cmocka_unit_test(every_cell_is_exact),
      cmocka_unit_test(the_largest_sums_are_exact),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
