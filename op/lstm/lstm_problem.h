// Builds the problem that kernels see out of a spec, sizes and layouts. Knows nothing of
// nodes, so that everything that runs a recurrent layer shares it.
#ifndef OLSTM_OP_LSTM_LSTM_PROBLEM_H_
#define OLSTM_OP_LSTM_LSTM_PROBLEM_H_

#include "op/lstm/lstm_kernel.h"

/// How the axes of x and y, or of the states, follow each other in memory.
typedef enum olstm__lstm_layout {
  /// x [T,N,I], y [T,D,N,H], states [D,N,H]: ONNX layout 0.
  OLSTM__LAYOUT_TIME_MAJOR,
  /// x [N,T,I], y [N,T,D,H], states [N,D,H]: ONNX layout 1, Keras.
  OLSTM__LAYOUT_BATCH_MAJOR,
  /// y [T,N,D,H]: time-major with the directions concatenated. Not for states.
  OLSTM__LAYOUT_TIME_MAJOR_CONCATENATED
} olstm__lstm_layout;

/// The layouts of one problem.
typedef struct olstm__lstm_layouts {
  olstm__lstm_layout x, y, state;
} olstm__lstm_layouts;

/// Fills in spec, dtype, sizes and strides for one thread at precision F32; has_* and
/// wants_* are false: the caller sets what there is. The bytes of x, y and the states
/// must be known to fit.
void olstm__lstm_problem_init(const olstm__lstm_spec* spec, olstm_dtype dtype,
                              int64_t steps, int64_t rows, int64_t inputs, int64_t hidden,
                              const olstm__lstm_layouts* layouts,
                              olstm__lstm_problem* out_problem);

#endif  // OLSTM_OP_LSTM_LSTM_PROBLEM_H_
