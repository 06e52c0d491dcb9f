// Recurrent layers with a mask for every step, as Keras defines them: a masked step
// leaves the state as it is and repeats the output before it. Domain olstm.fused, version
// 1: fusion makes it of a recognised Loop; files do not have it.
//
// Inputs:  X [T,N,I], W, R, B as in ONNX, mask [T,N] or [T,N,1] bool (false: masked),
//          initial_h [1,N,H], initial_c [1,N,H] (MaskedLSTM), initial_y [N,H]: the output
//          of masked steps before the first one that is not.
// Outputs: Y [T,1,N,H], Y_h [1,N,H], Y_c [1,N,H] (MaskedLSTM), last_y [N,H].
// Attributes as in ONNX LSTM, GRU and RNN of opset 14, forward alone; and x_layout,
// y_layout and mask_layout: 1 where X, Y or the mask is batch-major ([N,T,I], [N,T,1,H],
// [N,T]).
#ifndef OLSTM_OP_LSTM_LSTM_MASKED_OP_H_
#define OLSTM_OP_LSTM_LSTM_MASKED_OP_H_

#include "olstm/plugin.h"

olstm_status olstm__lstm_masked_op_create(const olstm_operator* self,
                                          const olstm_create_args* args,
                                          void** out_instance, olstm_error* error);
olstm_status olstm__lstm_masked_op_infer(const void* instance,
                                         const olstm_infer_args* args,
                                         olstm_tensor_desc* out_outputs,
                                         olstm_error* error);
olstm_status olstm__lstm_masked_op_prepare(void* instance, const olstm_prepare_args* args,
                                           olstm_prepared* out_prepared,
                                           olstm_error* error);
olstm_status olstm__lstm_masked_op_run(const void* instance, const void* handle,
                                       const olstm_run_args* args, olstm_error* error);
void olstm__lstm_masked_op_release(void* instance, void* handle);
void olstm__lstm_masked_op_destroy(void* instance);

#endif  // OLSTM_OP_LSTM_LSTM_MASKED_OP_H_
