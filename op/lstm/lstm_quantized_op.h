// com.microsoft DynamicQuantizeLSTM: ONNX's LSTM with 8-bit weights; X and h are
// quantised while running, each product with one scale, and multiplied as integers.
//
// Inputs:  as LSTM's eight, but W [D,I,4*H] and R [D,H,4*H] are int8 or uint8; then
// W_scale,
//          W_zero_point, R_scale, R_zero_point, each [D] or [D,4*H].
// Outputs and attributes: as LSTM of opset 7.
#ifndef OLSTM_OP_LSTM_LSTM_QUANTIZED_OP_H_
#define OLSTM_OP_LSTM_LSTM_QUANTIZED_OP_H_

#include "olstm/plugin.h"

olstm_status olstm__lstm_quantized_op_create(const olstm_operator* self,
                                             const olstm_create_args* args,
                                             void** out_instance, olstm_error* error);
olstm_status olstm__lstm_quantized_op_infer(const void* instance,
                                            const olstm_infer_args* args,
                                            olstm_tensor_desc* out_outputs,
                                            olstm_error* error);
olstm_status olstm__lstm_quantized_op_prepare(void* instance,
                                              const olstm_prepare_args* args,
                                              olstm_prepared* out_prepared,
                                              olstm_error* error);
olstm_status olstm__lstm_quantized_op_run(const void* instance, const void* handle,
                                          const olstm_run_args* args, olstm_error* error);

#endif  // OLSTM_OP_LSTM_LSTM_QUANTIZED_OP_H_
