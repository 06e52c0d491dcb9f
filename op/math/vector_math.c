#include "op/math/vector_math.h"

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

void olstm__vector_softmax_rows_f32(bool is_log, int64_t rows, int64_t count,
                                    const float* x, float* y) {
  table()->softmax_rows(is_log, rows, count, x, y);
}

void olstm__vector_softmax_columns_f32(bool is_log, int64_t rows, int64_t columns,
                                       const float* x, float* y) {
  table()->softmax_columns(is_log, rows, columns, x, y);
}
