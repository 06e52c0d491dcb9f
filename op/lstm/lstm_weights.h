// Converts recurrent weights from one order of gates and axes to another. Float and
// double; the 16-bit dtypes become float.
#ifndef OLSTM_OP_LSTM_LSTM_WEIGHTS_H_
#define OLSTM_OP_LSTM_LSTM_WEIGHTS_H_

#include "op/lstm/lstm_kernel.h"

/// An order of gates: entry g is the ONNX position of the gate at index g.
typedef struct olstm__gate_order {
  int32_t count;
  int32_t onnx[OLSTM__MAX_GATES];
} olstm__gate_order;

/// i f c o: of oneDNN, and of Keras.
extern const olstm__gate_order olstm__gate_order_ifco;

/// ONNX's rows [G*H, columns] as [columns, G, H]:
/// to[c][g][h] = from[order[g]*H + h][c]. `from` is one direction's, of any real dtype;
/// to is float.
void olstm__lstm_transpose_gates(const olstm__gate_order* order, olstm_dtype dtype,
                                 const void* from, int64_t hidden, int64_t columns,
                                 float* to);

/// One direction's Wb + Rb: to[g][h] = from[order[g]*H + h] + from[(G + order[g])*H + h].
void olstm__lstm_sum_bias(const olstm__gate_order* order, olstm_dtype dtype,
                          const void* from, int64_t hidden, float* to);

/// Keras' kernel [columns, 4*H], gates i f c o, as one direction of ONNX's W or R [4*H,
/// columns].
void olstm__lstm_matrix_from_keras(const float* kernel, int64_t hidden, int64_t columns,
                                   float* to);

/// Keras' bias [4*H] as one direction of ONNX's B [8*H]; the recurrent half is zeros.
void olstm__lstm_bias_from_keras(const float* bias, int64_t hidden, float* to);

#endif  // OLSTM_OP_LSTM_LSTM_WEIGHTS_H_
