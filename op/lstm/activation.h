// The activations that ONNX gives recurrent cells, with their alpha and beta.
#ifndef OLSTM_OP_LSTM_ACTIVATION_H_
#define OLSTM_OP_LSTM_ACTIVATION_H_

#include <stdbool.h>

typedef enum olstm__activation_kind {
  OLSTM__ACTIVATION_RELU,
  OLSTM__ACTIVATION_TANH,
  OLSTM__ACTIVATION_SIGMOID,
  OLSTM__ACTIVATION_AFFINE,            // alpha * x + beta
  OLSTM__ACTIVATION_LEAKY_RELU,        // x < 0 ? alpha * x : x
  OLSTM__ACTIVATION_THRESHOLDED_RELU,  // x > alpha ? x : 0
  OLSTM__ACTIVATION_SCALED_TANH,       // alpha * tanh(beta * x)
  OLSTM__ACTIVATION_HARD_SIGMOID,      // min(max(alpha * x + beta, 0), 1)
  OLSTM__ACTIVATION_ELU,               // x < 0 ? alpha * (exp(x) - 1) : x
  OLSTM__ACTIVATION_SOFTSIGN,          // x / (1 + |x|)
  OLSTM__ACTIVATION_SOFTPLUS           // log(1 + exp(x))
} olstm__activation_kind;

typedef struct olstm__activation {
  olstm__activation_kind kind;
  float alpha;
  float beta;
} olstm__activation;

/// Finds an activation by ONNX's name, whatever the case, with the default alpha and beta
/// of the ONNX operator of that name. out_takes_*: whether it consumes an entry of
/// activation_alpha and activation_beta. False when unknown.
bool olstm__activation_find(const char* name, olstm__activation* out_activation,
                            bool* out_takes_alpha, bool* out_takes_beta);

/// The value at x: the definition, in double.
double olstm__activation_apply(const olstm__activation* activation, double x);

#endif  // OLSTM_OP_LSTM_ACTIVATION_H_
