// What an LSTM, GRU or RNN node says by its attributes: read, checked, and every one that
// is not known refused. Knows nothing of tensors, shapes or kernels.
#ifndef OLSTM_OP_LSTM_LSTM_SPEC_H_
#define OLSTM_OP_LSTM_LSTM_SPEC_H_

#include "op/lstm/lstm_kernel.h"

/// The attributes of one node.
typedef struct olstm__lstm_attributes {
  olstm__lstm_spec spec;
  /// H, or 0 when the node leaves it to R.
  int64_t hidden_size;
  /// 0: X is [T,N,I]; 1: X is [N,T,I]; the other tensors accordingly.
  int32_t layout;
} olstm__lstm_attributes;

/// G: gates of a cell.
int32_t olstm__cell_gate_count(olstm__cell cell);

/// Activation functions of a cell, each direction.
int32_t olstm__cell_activation_count(olstm__cell cell);

/// The spec of a cell with default attributes: forward, default activations.
void olstm__lstm_spec_init(olstm__cell cell, olstm__lstm_spec* out_spec);

/// Reads the attributes of `node` as its opset version defines them.
///
/// Errors: INVALID_MODEL (a value that ONNX does not allow), UNSUPPORTED (an unknown
/// attribute or activation), by name.
olstm_status olstm__lstm_attributes_parse(const olstm_node* node, olstm__cell cell,
                                          olstm__lstm_attributes* out_attributes,
                                          olstm_error* error);

#endif  // OLSTM_OP_LSTM_LSTM_SPEC_H_
