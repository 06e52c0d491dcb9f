// What a model computes of constants alone becomes constants.
#ifndef OLSTM_RUNTIME_CONVERT_CONSTANT_CONVERT_H_
#define OLSTM_RUNTIME_CONVERT_CONSTANT_CONVERT_H_

#include "olstm/runtime.h"

#include "onnx_proto/encode_model.h"
#include "runtime/convert/convert_report.h"

/// Folds nodes of the main graph as sessions do, with their limits: results of up to 1
/// MB, or no larger than what they are computed of. What quantizes and dequantizes stays,
/// since runtimes look for it, and so does what is computed of that.
///
/// Errors: those of sessions, but for operators that olstm does not have: then nothing is
/// changed, and the report says so.
olstm_status olstm__constants_convert(olstm__encode_model* model,
                                      const olstm_session_options* options,
                                      olstm__convert_report* report, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_CONSTANT_CONVERT_H_
