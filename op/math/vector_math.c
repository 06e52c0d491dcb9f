#include "op/math/vector_math.h"

#include <math.h>

#include "op/math/cpu.h"
#include "op/math/vector_math_table.h"

static const olstm__vector_math_table* table(void) {
#if defined(__x86_64__)
  const olstm__cpu_features* cpu = olstm__cpu_get();
  if (cpu->avx512) return &olstm__vector_math_f32_avx512;
  if (cpu->avx2_fma) return &olstm__vector_math_f32_avx2;
#endif
  return &olstm__vector_math_f32_plain;
}

void olstm__vector_exp_f32(size_t count, const float* x, float* y) {
  table()->exp(count, x, 0, y);
}

void olstm__vector_exp_shifted_f32(size_t count, const float* x, float shift, float* y) {
  table()->exp(count, x, shift, y);
}

void olstm__vector_sigmoid_f32(size_t count, const float* x, float* y) {
  table()->sigmoid(count, x, 0, y);
}

void olstm__vector_tanh_f32(size_t count, const float* x, float* y) {
  table()->tanh(count, x, 0, y);
}

void olstm__vector_erf_f32(size_t count, const float* x, float* y) {
  table()->erf(count, x, 0, y);
}

// libm's where vectors are not worth it.
#if defined(__x86_64__)
#define RUN_DOUBLES(name)                          \
  if (olstm__cpu_get()->avx2_fma) {                \
    olstm__double_math_f64_avx2.name(count, x, y); \
    return;                                        \
  }
#else
#define RUN_DOUBLES(name)
#endif
#define DOUBLES(name, expression)                                             \
  void olstm__vector_##name##_f64(size_t count, const double* x, double* y) { \
    RUN_DOUBLES(name)                                                         \
    for (size_t i = 0; i < count; i++) y[i] = (expression);                   \
  }
DOUBLES(exp, exp(x[i]))
DOUBLES(sigmoid, 1 / (1 + exp(-x[i])))
DOUBLES(tanh, tanh(x[i]))
DOUBLES(sin, sin(x[i]))
DOUBLES(cos, cos(x[i]))

void olstm__vector_softmax_rows_f32(bool is_log, int64_t rows, int64_t count,
                                    const float* x, float* y) {
  table()->softmax_rows(is_log, rows, count, x, y);
}

void olstm__vector_softmax_columns_f32(bool is_log, int64_t rows, int64_t columns,
                                       const float* x, float* y) {
  table()->softmax_columns(is_log, rows, columns, x, y);
}
