#include "op/lstm/quantized_matrix.h"

#include <math.h>
#include <string.h>

/// Scale and zero point as DynamicQuantizeLinear defines them for a range that includes
/// 0.
typedef struct quantization {
  float scale;
  int32_t zero_point;
} quantization;

static quantization find_quantization(const float* values, int64_t count) {
  float low = 0;
  float high = 0;
  for (int64_t i = 0; i < count; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  const float scale = low == high ? 1.0F : (high - low) / 255.0F;
  const float zero_point = rintf(-low / scale);
  // An infinite range has no scale; NaN fails the comparisons.
  const bool fits = zero_point >= 0 && zero_point <= 255;
  return (quantization){scale, fits ? (int32_t)zero_point : 0};
}

static void quantize(const quantization* q, const float* values, int64_t count,
                     uint8_t* out) {
  for (int64_t i = 0; i < count; i++) {
    const float value = rintf(values[i] / q->scale) + (float)q->zero_point;
    out[i] = value >= 255 ? 255 : value >= 0 ? (uint8_t)value : 0;
  }
}

/// sums[j] += a * b[j]
static void add_row_signed(int32_t a, const int8_t* b, int64_t n, int32_t* sums) {
  for (int64_t j = 0; j < n; j++) sums[j] += a * b[j];
}

static void add_row_unsigned(int32_t a, const uint8_t* b, int64_t n, int32_t* sums) {
  for (int64_t j = 0; j < n; j++) sums[j] += a * b[j];
}

static int32_t zero_point_at(const olstm__quantized_matrix* b, int64_t j) {
  const int64_t index = b->zero_point_count > 1 ? j : 0;
  if (!b->zero_points) return 0;
  return b->is_signed ? ((const int8_t*)b->zero_points)[index]
                      : ((const uint8_t*)b->zero_points)[index];
}

static void multiply_row(const olstm__quantized_matrix* b, const quantization* q,
                         const uint8_t* a, bool accumulate, float* c, int32_t* sums) {
  int32_t total = 0;
  memset(sums, 0, (size_t)b->n * sizeof *sums);
  for (int64_t p = 0; p < b->k; p++) {
    const int32_t value = a[p] - q->zero_point;
    total += value;
    if (value == 0) continue;
    if (b->is_signed) {
      add_row_signed(value, (const int8_t*)b->data + p * b->n, b->n, sums);
    } else {
      add_row_unsigned(value, (const uint8_t*)b->data + p * b->n, b->n, sums);
    }
  }
  for (int64_t j = 0; j < b->n; j++) {
    const float scale = q->scale * b->scales[b->scale_count > 1 ? j : 0];
    const float product = scale * (float)(sums[j] - total * zero_point_at(b, j));
    c[j] = accumulate ? c[j] + product : product;
  }
}

void olstm__quantized_product(const olstm__quantized_matrix* b, int64_t m, const float* a,
                              bool accumulate, float* c, uint8_t* quantized,
                              int32_t* sums) {
  const quantization q = find_quantization(a, m * b->k);
  quantize(&q, a, m * b->k, quantized);
  for (int64_t i = 0; i < m; i++) {
    multiply_row(b, &q, quantized + i * b->k, accumulate, c + i * b->n, sums);
  }
}
