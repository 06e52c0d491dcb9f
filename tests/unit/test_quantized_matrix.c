// op/lstm/quantized_matrix.c against its definition: quantise, subtract zero points,
// multiply, scale.
#include "op/lstm/quantized_matrix.h"

#include <math.h>

#include "tests/support/test_main.h"

enum { M = 3, K = 4, N = 5 };

static const float kA[M * K] = {0.5F,  -1.0F, 2.1F, 0.25F, 0,       1.5F,
                                -0.5F, 0.75F, 1.0F, 1.0F,  -0.125F, 0};

/// ONNX's DynamicQuantizeLinear over the whole of kA, whose range is -1..2.1.
static double quantized_a(int i) {
  const double scale = (float)(3.1F / 255.0F);
  const double zero = nearbyint(1.0 / scale);
  const double q = nearbyint((double)kA[i] / scale) + zero;
  return scale * ((q < 0 ? 0 : q > 255 ? 255 : q) - zero);
}

static void check(const olstm__quantized_matrix* b) {
  float c[M * N];
  uint8_t bytes[M * K];
  int32_t sums[N];
  for (int i = 0; i < M * N; i++) c[i] = 100;
  for (int pass = 0; pass < 2; pass++) {
    olstm__quantized_product(b, M, kA, pass == 1, c, bytes, sums);
    for (int i = 0; i < M; i++) {
      for (int j = 0; j < N; j++) {
        double expected = 0;
        for (int p = 0; p < K; p++) {
          const int64_t at = p * N + j;
          const int64_t z = b->zero_point_count > 1 ? j : 0;
          const double data =
              b->is_signed ? ((const int8_t*)b->data)[at] : ((const uint8_t*)b->data)[at];
          const double zero = !b->zero_points ? 0
                              : b->is_signed  ? ((const int8_t*)b->zero_points)[z]
                                              : ((const uint8_t*)b->zero_points)[z];
          expected += quantized_a(i * K + p) *
                      (double)b->scales[b->scale_count > 1 ? j : 0] * (data - zero);
        }
        expected *= pass + 1;
        assert_true(fabs((double)c[i * N + j] - expected) < 1e-4 * (1 + fabs(expected)));
      }
    }
  }
}

static const float kScales[N] = {0.01F, 0.02F, 0.005F, 0.5F, 0.03F};

static void multiplies_by_signed_weights(void** state) {
  static const int8_t kData[K * N] = {1, -2, 3,   -128, 127, 5, 6, -7, 8,  9,
                                      0, 11, -12, 13,   14,  1, 0, 0,  -3, 2};
  const olstm__quantized_matrix b = {K, N, true, kData, kScales, 1, NULL, 0};
  (void)state;
  check(&b);
}

static void multiplies_by_unsigned_weights_with_zero_points(void** state) {
  static const uint8_t kData[K * N] = {1, 200, 3,   128, 127, 5, 6, 255, 8, 9,
                                       0, 11,  120, 13,  14,  1, 0, 0,   3, 2};
  static const uint8_t kZeros[N] = {128, 100, 0, 255, 7};
  const olstm__quantized_matrix one = {K, N, false, kData, kScales, 1, kZeros, 1};
  const olstm__quantized_matrix each = {K, N, false, kData, kScales, N, kZeros, N};
  (void)state;
  check(&one);
  check(&each);
}

/// NaN is quantized as the least value is, and takes no part in the range.
static void nan_is_the_least_value(void** state) {
  static const int8_t kData[K * N] = {1, -2, 3,   -128, 127, 5, 6, -7, 8,  9,
                                      0, 11, -12, 13,   14,  1, 0, 0,  -3, 2};
  const olstm__quantized_matrix b = {K, N, true, kData, kScales, 1, NULL, 0};
  float a[M * K], with_nan[M * K], c[M * N], expected[M * N];
  uint8_t bytes[M * K];
  int32_t sums[N];
  (void)state;
  for (int i = 0; i < M * K; i++) a[i] = with_nan[i] = kA[i];
  a[5] = -1.0F;
  with_nan[5] = NAN;
  olstm__quantized_product(&b, M, a, false, expected, bytes, sums);
  olstm__quantized_product(&b, M, with_nan, false, c, bytes, sums);
  assert_int_equal(bytes[5], 0);
  assert_memory_equal(c, expected, sizeof c);
}

static void zeros_give_zeros(void** state) {
  static const int8_t kData[2] = {100, -100};
  const float a[2] = {0, 0};
  const olstm__quantized_matrix b = {1, 2, true, kData, kScales, 1, NULL, 0};
  float c[4];
  uint8_t bytes[2];
  int32_t sums[2];
  (void)state;
  olstm__quantized_product(&b, 2, a, false, c, bytes, sums);
  for (int i = 0; i < 4; i++) assert_true(c[i] == 0);
}

static void the_longest_sum_does_not_overflow(void** state) {
  static uint8_t data[OLSTM__QUANTIZED_MAX_K];
  static float a[OLSTM__QUANTIZED_MAX_K];
  static uint8_t bytes[OLSTM__QUANTIZED_MAX_K];
  const float scale = 1;
  const olstm__quantized_matrix b = {
      OLSTM__QUANTIZED_MAX_K, 1, false, data, &scale, 1, NULL, 0};
  float c = 0;
  int32_t sum = 0;
  (void)state;
  for (int i = 0; i < OLSTM__QUANTIZED_MAX_K; i++) {
    data[i] = 255;
    a[i] = 255;
  }
  olstm__quantized_product(&b, 1, a, false, &c, bytes, &sum);
  assert_true(fabs((double)c / (255.0 * 255.0 * OLSTM__QUANTIZED_MAX_K) - 1) < 1e-6);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(multiplies_by_signed_weights),
      cmocka_unit_test(multiplies_by_unsigned_weights_with_zero_points),
      cmocka_unit_test(nan_is_the_least_value),
      cmocka_unit_test(zeros_give_zeros),
      cmocka_unit_test(the_longest_sum_does_not_overflow),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
