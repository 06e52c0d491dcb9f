// Checks shapes and dtypes of the recurrent operators' inputs, and gives those of their
// outputs. Knows attributes, not kernels.
#ifndef OLSTM_OP_LSTM_LSTM_SHAPES_H_
#define OLSTM_OP_LSTM_LSTM_SHAPES_H_

#include "op/lstm/lstm_spec.h"

/// T, N, I, H; OLSTM__SIZE_UNKNOWN where no known tensor has it.
typedef struct olstm__lstm_sizes {
  int64_t steps, batch, input_size, hidden_size;
  /// Of all tensors but sequence_lens; UNDEFINED while none is known.
  olstm_dtype dtype;
} olstm__lstm_sizes;

enum { OLSTM__SIZE_UNKNOWN = -1 };

/// Checks the tensors whose descs are known, and reads sizes and dtype from them.
///
/// descs: OLSTM_RECURRENT_INPUT_COUNT entries, NULL where an input is absent or not known
/// yet: at create the constants, later all. dtypes: set of OLSTM_DTYPE_BITs that X may
/// have. Errors: SHAPE_MISMATCH, DTYPE_MISMATCH, with the node's and the tensor's name.
olstm_status olstm__lstm_shapes_check(const olstm_node* node,
                                      const olstm__lstm_attributes* attributes,
                                      uint64_t dtypes,
                                      const olstm_tensor_desc* const* descs,
                                      olstm__lstm_sizes* out_sizes, olstm_error* error);

/// Shape of output `index` (OLSTM_RECURRENT_Y, ...). False when its bytes do not fit.
bool olstm__lstm_output_desc(const olstm__lstm_attributes* attributes,
                             const olstm__lstm_sizes* sizes, size_t index,
                             olstm_tensor_desc* out_desc);

#endif  // OLSTM_OP_LSTM_LSTM_SHAPES_H_
