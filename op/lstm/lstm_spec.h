// Reads and checks the attributes of an LSTM, GRU or RNN node, and refuses unknown ones.
// Knows nothing of tensors, shapes or kernels.
#ifndef OLSTM_OP_LSTM_LSTM_SPEC_H_
#define OLSTM_OP_LSTM_LSTM_SPEC_H_

#include "op/fused.h"
#include "op/lstm/lstm_kernel.h"

/// The layouts of one problem.
typedef struct olstm__lstm_layouts {
  olstm__lstm_layout x, y, state;
} olstm__lstm_layouts;

/// The attributes of one node.
typedef struct olstm__lstm_attributes {
  olstm__lstm_spec spec;
  /// H, or 0 where the attribute is absent: R has it then.
  int64_t hidden_size;
  /// ONNX's layout 0 or 1 for all three; nodes of domain olstm.fused have them apart, as
  /// their attributes x_layout (0, 1) and y_layout (0, 1, 2: in the enum's order) say.
  olstm__lstm_layouts layouts;
} olstm__lstm_attributes;

/// G: gates of a cell.
int32_t olstm__cell_gate_count(olstm__cell cell);

/// Activation functions of a cell, each direction.
int32_t olstm__cell_activation_count(olstm__cell cell);

/// The spec of a cell with default attributes: forward, default activations.
void olstm__lstm_spec_init(olstm__cell cell, olstm__lstm_spec* out_spec);

/// Reads the attributes of `node` as ONNX's opset version `opset` defines them.
///
/// Errors: INVALID_MODEL (a value that ONNX does not allow), UNSUPPORTED (an unknown
/// attribute or activation), by name.
olstm_status olstm__lstm_attributes_parse(const olstm_node* node, int32_t opset,
                                          olstm__cell cell,
                                          olstm__lstm_attributes* out_attributes,
                                          olstm_error* error);

#endif  // OLSTM_OP_LSTM_LSTM_SPEC_H_
