#include "op/lstm/lstm_weights.h"

#include <string.h>

#include "op/math/real.h"

const olstm__gate_order olstm__gate_order_ifco = {4, {0, 2, 3, 1}};

void olstm__lstm_transpose_gates(const olstm__gate_order* order, olstm_dtype dtype,
                                 const void* from, int64_t hidden, int64_t columns,
                                 float* to) {
  for (int64_t c = 0; c < columns; c++) {
    for (int32_t g = 0; g < order->count; g++) {
      const int64_t first = order->onnx[g] * hidden;
      for (int64_t h = 0; h < hidden; h++) {
        *to++ = (float)olstm__real_load(dtype, from, (first + h) * columns + c);
      }
    }
  }
}

void olstm__lstm_sum_bias(const olstm__gate_order* order, olstm_dtype dtype,
                          const void* from, int64_t hidden, float* to) {
  for (int32_t g = 0; g < order->count; g++) {
    const int64_t w = order->onnx[g] * hidden;
    const int64_t r = w + order->count * hidden;
    for (int64_t h = 0; h < hidden; h++) {
      *to++ = (float)(olstm__real_load(dtype, from, w + h) +
                      olstm__real_load(dtype, from, r + h));
    }
  }
}

void olstm__lstm_matrix_from_keras(const float* kernel, int64_t hidden, int64_t columns,
                                   float* to) {
  for (int32_t g = 0; g < 4; g++) {
    const int64_t row = olstm__gate_order_ifco.onnx[g] * hidden;
    for (int64_t h = 0; h < hidden; h++) {
      for (int64_t c = 0; c < columns; c++) {
        to[(row + h) * columns + c] = kernel[c * 4 * hidden + g * hidden + h];
      }
    }
  }
}

void olstm__lstm_bias_from_keras(const float* bias, int64_t hidden, float* to) {
  for (int32_t g = 0; g < 4; g++) {
    memcpy(to + olstm__gate_order_ifco.onnx[g] * hidden, bias + g * hidden,
           (size_t)hidden * sizeof(float));
  }
  memset(to + 4 * hidden, 0, 4 * (size_t)hidden * sizeof(float));
}
