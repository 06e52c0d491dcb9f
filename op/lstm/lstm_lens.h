// The lengths of the rows of a recurrent layer's batch: checked, and as kernels take
// them.
#ifndef OLSTM_OP_LSTM_LSTM_LENS_H_
#define OLSTM_OP_LSTM_LSTM_LENS_H_

#include "op/op_support.h"

/// What sequence_lens holds. ONNX has int32 alone; exporters and people write int64, too.
typedef struct olstm__lstm_lens {
  int64_t batch, steps;
  bool is_wide;
} olstm__lstm_lens;

/// Checks that each length is one of 0..steps.
///
/// given: the input, NULL where there is none. room: `batch` numbers, used where they are
/// int64; NULL for the check alone. *out_lens: `given`, `room` or NULL.
/// Errors: INVALID_VALUE with the row.
olstm_status olstm__lstm_lens_read(const olstm__op_base* base,
                                   const olstm__lstm_lens* lens, const void* given,
                                   int32_t* room, const int32_t** out_lens,
                                   olstm_error* error);

#endif  // OLSTM_OP_LSTM_LSTM_LENS_H_
