// The callbacks of the recurrent operators: LSTM, GRU and RNN.
#ifndef OLSTM_OP_LSTM_LSTM_OP_H_
#define OLSTM_OP_LSTM_LSTM_OP_H_

#include "op/lstm/lstm_kernel.h"

/// What an operator's `variant` points to: which cell it is.
typedef struct olstm__lstm_variant {
  olstm__cell cell;
} olstm__lstm_variant;

olstm_status olstm__lstm_op_create(const olstm_operator* self,
                                   const olstm_create_args* args, void** out_instance,
                                   olstm_error* error);
olstm_status olstm__lstm_op_infer(const void* instance, const olstm_infer_args* args,
                                  olstm_tensor_desc* out_outputs, olstm_error* error);
olstm_status olstm__lstm_op_prepare(void* instance, const olstm_prepare_args* args,
                                    olstm_prepared* out_prepared, olstm_error* error);
olstm_status olstm__lstm_op_run(const void* instance, const void* handle,
                                const olstm_run_args* args, olstm_error* error);
void olstm__lstm_op_release(void* instance, void* handle);
void olstm__lstm_op_destroy(void* instance);

#endif  // OLSTM_OP_LSTM_LSTM_OP_H_
