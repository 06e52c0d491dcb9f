// The domain of operators that only fusion creates; model files do not have it. Shared by
// the passes that create such nodes and the operators that run them.
#ifndef OLSTM_OP_FUSED_H_
#define OLSTM_OP_FUSED_H_

#include "olstm/node.h"

#define OLSTM__FUSED_DOMAIN "olstm.fused"

/// The domain's opset version. LSTM, GRU and RNN nodes keep ONNX's instead.
enum { OLSTM__FUSED_OPSET = 1 };

/// The order of axes of x, y and the states in memory. Values of the attributes x_layout
/// (the first two) and y_layout.
typedef enum olstm__lstm_layout {
  /// x [T,N,I], y [T,D,N,H], states [D,N,H]: ONNX layout 0.
  OLSTM__LAYOUT_TIME_MAJOR,
  /// x [N,T,I], y [N,T,D,H], states [N,D,H]: ONNX layout 1, Keras.
  OLSTM__LAYOUT_BATCH_MAJOR,
  /// y [T,N,D,H]: time-major with the directions concatenated. Not for states.
  OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED
} olstm__lstm_layout;

/// MaskedLSTM, MaskedGRU and MaskedRNN (op/lstm/lstm_masked_op.h): slots are
/// OLSTM_RECURRENT_* but for a mask in place of sequence_lens, initial_y in place of P,
/// and one output more.
enum {
  OLSTM__MASKED_MASK = OLSTM_RECURRENT_SEQUENCE_LENS,
  OLSTM__MASKED_INITIAL_Y = OLSTM_RECURRENT_P,
  OLSTM__MASKED_INPUT_COUNT = OLSTM_RECURRENT_INPUT_COUNT,
  OLSTM__MASKED_LAST_Y = OLSTM_RECURRENT_OUTPUT_COUNT,
  OLSTM__MASKED_OUTPUT_COUNT
};

/// The outputs of StepMask (op/lstm/step_mask_op.c).
enum {
  OLSTM__STEP_MASK_X,
  OLSTM__STEP_MASK_MASK,
  OLSTM__STEP_MASK_LENS,
  OLSTM__STEP_MASK_OUTPUT_COUNT
};

#endif  // OLSTM_OP_FUSED_H_
