// Recurrent layers that exporters wrote as Loops, Scans and unrolled cells become LSTM,
// GRU and RNN nodes.
#ifndef OLSTM_RUNTIME_CONVERT_LAYER_CONVERT_H_
#define OLSTM_RUNTIME_CONVERT_LAYER_CONVERT_H_

#include "olstm/runtime.h"

#include "onnx_proto/encode_model.h"
#include "runtime/convert/convert_report.h"

/// options: limits on constants that are computed meanwhile. Errors: those of sessions,
/// but for operators that olstm does not have: then nothing is changed, and the report
/// says so.
olstm_status olstm__layers_convert(olstm__encode_model* model,
                                   const olstm_session_options* options,
                                   olstm__convert_report* report, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_LAYER_CONVERT_H_
