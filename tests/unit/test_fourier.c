// op/signal: transforms against their definition, summed in long double; what ONNX's data
// does not cover of DFT, STFT and windows.
#include "op/signal/fourier.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void define(int64_t n, bool inverse, const double* x, double* y) {
  for (int64_t k = 0; k < n; k++) {
    long double re = 0, im = 0;
    for (int64_t t = 0; t < n; t++) {
      const long double angle = (inverse ? 2 : -2) *
                                3.14159265358979323846264338327950288L *
                                (long double)(k * t % n) / (long double)n;
      re += x[2 * t] * cosl(angle) - x[2 * t + 1] * sinl(angle);
      im += x[2 * t] * sinl(angle) + x[2 * t + 1] * cosl(angle);
    }
    y[2 * k] = (double)re;
    y[2 * k + 1] = (double)im;
  }
}

static void every_length_is_what_the_definition_says(void** state) {
  static double x[2 * 1200], y[2 * 1200], expected[2 * 1200];
  static const int64_t kLong[] = {97, 100, 128, 257, 320, 400, 512, 513, 1024, 1103};
  (void)state;
  for (int64_t i = 1; i <= 40 + (int64_t)(sizeof kLong / sizeof *kLong); i++) {
    const int64_t n = i <= 40 ? i : kLong[i - 41];
    for (int inverse = 0; inverse < 2; inverse++) {
      olstm__fourier fourier;
      size_t table_bytes = 0, scratch_bytes = 0;
      assert_true(olstm__fourier_bytes(n, &table_bytes, &scratch_bytes));
      void* table = malloc(table_bytes);
      void* scratch = malloc(scratch_bytes + 1);
      assert_true(table && scratch);
      for (int64_t k = 0; k < 2 * n; k++) x[k] = y[k] = sin(1.7 * (double)(k * k % 101));
      olstm__fourier_init(&fourier, n, table, scratch);
      olstm__fourier_run(&fourier, inverse, y, scratch);
      define(n, inverse, x, expected);
      for (int64_t k = 0; k < 2 * n; k++) {
        assert_true(fabs(y[k] - expected[k]) < 1e-12 * (double)n);
      }
      free(table);
      free(scratch);
    }
  }
}

static void lengths_that_are_none_are_refused(void** state) {
  size_t a = 0, b = 0;
  (void)state;
  assert_false(olstm__fourier_bytes(0, &a, &b));
  assert_false(olstm__fourier_bytes(-1, &a, &b));
  assert_false(olstm__fourier_bytes(INT64_MAX, &a, &b));
}

static void dft_pads_cuts_and_takes_any_axis(void** state) {
  (void)state;
  // 1, 2: sum 3, difference -1.
  op_text_expect("DFT-17", "f32[1,2,1] 1 2", "f32[1,2,2] 3 0 -1 0");
  op_text_expect("DFT-20", "f64[1,2,1] 1 2", "f64[1,2,2] 3 0 -1 0");
  op_text_expect("DFT-20", "f32[1,3,1] 1 2 9; i64[] 2", "f32[1,2,2] 3 0 -1 0");
  op_text_expect("DFT-17", "f32[1,2,1] 1 2; i64[] 4", "f32[1,4,2] 3 0 1 -2 -1 0 1 2");
  op_text_expect("DFT-17 onesided=1", "f32[1,2,1] 1 2; i32[1] 4",
                 "f32[1,3,2] 3 0 1 -2 -1 0");
  op_text_expect("DFT-17 axis=0", "f32[2,2,1] 1 10 2 20",
                 "f32[2,2,2] 3 0 30 0 -1 0 -10 0");
  op_text_expect("DFT-20", "f32[2,2,1] 1 10 2 20; _; i64[] 0",
                 "f32[2,2,2] 3 0 30 0 -1 0 -10 0");
  op_text_expect("DFT-17 inverse=1", "f32[1,2,2] 3 0 -1 0", "f32[1,2,2] 1 0 2 0");
  op_text_expect("DFT-17 inverse=1 axis=-2", "f16[1,3,2] 6 0 0 0 0 0",
                 "f16[1,3,2] 2 0 2 0 2 0");
}

static void dft_says_what_is_wrong(void** state) {
  (void)state;
  op_text_expect_failure("DFT-17", "f32[1,2,3] ~", OLSTM_STATUS_SHAPE_MISMATCH,
                         "DFT 'node': input 'x0' has shape [1,2,3], expected a last "
                         "dimension of 1 or 2");
  op_text_expect_failure("DFT-17 axis=2", "f32[1,2,1] ~", OLSTM_STATUS_INVALID_VALUE,
                         "DFT 'node': axis 2 is the one of real and imaginary parts");
  op_text_expect_failure("DFT-17 inverse=1 onesided=1", "f32[1,2,1] ~",
                         OLSTM_STATUS_UNSUPPORTED,
                         "DFT 'node': onesided=1 with inverse=1 is not supported");
  op_text_expect_failure("DFT-17", "f32[1,2,1] ~; i64[] 0", OLSTM_STATUS_INVALID_VALUE,
                         "DFT 'node': a transform of 0 points");
  op_text_expect_failure("DFT-17", "f32[1,2,1] ~; i64[] -3", OLSTM_STATUS_INVALID_VALUE,
                         "DFT 'node': input 'x1' is -3, expected a size");
}

static void stft_takes_frames(void** state) {
  (void)state;
  op_text_expect("STFT-17", "f32[1,4,1] 1 2 3 5; i64[] 2; _; i64[] 2",
                 "f32[1,2,2,2] 3 0 -1 0 8 0 -2 0");
  op_text_expect("STFT-17 onesided=0", "f32[1,3,1] 1 2 3; i64[] 1; f32[2] 1 0.5",
                 "f32[1,2,2,2] 2 0 0 0 3.5 0 0.5 0");
  // As PyTorch writes them.
  op_text_expect("STFT-17", "f32[2,3] 1 2 3 4 6 9; i64[] 1; _; i64[] 2",
                 "f32[2,2,2,2] 3 0 -1 0 5 0 -1 0 10 0 -2 0 15 0 -3 0");
  op_text_expect("STFT-17 onesided=0", "f64[1,2,2] 0 1 0 2; i64[] 1; f64[2] 1 1",
                 "f64[1,1,2,2] 0 3 0 -1");
}

static void stft_says_what_is_wrong(void** state) {
  (void)state;
  op_text_expect_failure("STFT-17", "f32[1,4,1] ~; i64[] 1", OLSTM_STATUS_INVALID_MODEL,
                         "STFT 'node': neither window nor frame_length is given");
  op_text_expect_failure(
      "STFT-17", "f32[4] ~; i64[] 1; f32[2] ~", OLSTM_STATUS_SHAPE_MISMATCH,
      "STFT 'node': input 'x0' has shape [4], expected [batch, length] or "
      "[batch, length, 1 or 2]");
  op_text_expect_failure("STFT-17", "f32[1,4,1] ~; i64[] 1; f32[2] ~; i64[] 3",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "STFT 'node': the window has 2 points, frame_length is 3");
  op_text_expect_failure("STFT-17", "f32[1,4,1] ~; i64[] 0; f32[2] ~",
                         OLSTM_STATUS_INVALID_VALUE,
                         "STFT 'node': frames of 2 points, 0 apart, of a signal of 4");
}

static void windows_of_few_points(void** state) {
  (void)state;
  op_text_expect("HannWindow-17", "i32[] 4", "f32[4] 0 0.5 1 0.5");
  op_text_expect("HannWindow-17 periodic=0", "i64[] 3", "f32[3] 0 1 0");
  op_text_expect("HannWindow-17 periodic=0", "i64[] 1", "f32[1] 1");
  op_text_expect("HammingWindow-17 output_datatype=11", "i32[] 2",
                 "f64[2] 0.0869565217 1");
  op_text_expect("BlackmanWindow-17", "i32[] 2", "f32[2] 0 1");
  op_text_expect("BlackmanWindow-17", "i32[] 0", "f32[0]");
  op_text_expect_failure(
      "HannWindow-17", "i32[2] 3 4", OLSTM_STATUS_SHAPE_MISMATCH,
      "HannWindow 'node': input 'x0' has shape [2], expected a scalar");
  op_text_expect_failure(
      "HannWindow-17 output_datatype=8", "i32[] 4", OLSTM_STATUS_UNSUPPORTED,
      "HannWindow 'node': output_datatype=8 (string) is not supported");
  op_text_expect_failure("MelWeightMatrix-17",
                         "i32[] 2; i32[] 4; i32[] 0; f32[] 0; f32[] 100",
                         OLSTM_STATUS_INVALID_VALUE,
                         "MelWeightMatrix 'node': sample_rate 0, lower_edge_hertz 0 and "
                         "upper_edge_hertz 100 make no mel scale");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_length_is_what_the_definition_says),
      cmocka_unit_test(lengths_that_are_none_are_refused),
      cmocka_unit_test(dft_pads_cuts_and_takes_any_axis),
      cmocka_unit_test(dft_says_what_is_wrong),
      cmocka_unit_test(stft_takes_frames),
      cmocka_unit_test(stft_says_what_is_wrong),
      cmocka_unit_test(windows_of_few_points),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
