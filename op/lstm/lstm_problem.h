// Builds the problem that kernels see out of a spec, sizes and layouts. Knows nothing of
// nodes, so that everything that runs a recurrent layer shares it.
#ifndef OLSTM_OP_LSTM_LSTM_PROBLEM_H_
#define OLSTM_OP_LSTM_LSTM_PROBLEM_H_

#include "op/lstm/lstm_spec.h"

/// Fills in spec, dtype, sizes and strides for one thread at precision F32; has_* and
/// wants_* are false: the caller sets what there is. The bytes of x, y and the states
/// must be known to fit.
void olstm__lstm_problem_init(const olstm__lstm_spec* spec, olstm_dtype dtype,
                              int64_t steps, int64_t batch, int64_t input_size,
                              int64_t hidden_size, const olstm__lstm_layouts* layouts,
                              olstm__lstm_problem* out_problem);

/// Units of work (op/op_work.h) of a run whose weights are packed.
uint64_t olstm__lstm_problem_work(const olstm__lstm_problem* problem);

#endif  // OLSTM_OP_LSTM_LSTM_PROBLEM_H_
