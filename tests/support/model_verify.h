// Checks what onnx_proto/model.h promises of a loaded model: an oracle for tests and
// fuzzing.
#ifndef OLSTM_TESTS_SUPPORT_MODEL_VERIFY_H_
#define OLSTM_TESTS_SUPPORT_MODEL_VERIFY_H_

#include "olstm/model.h"

/// NULL, or which promise the model breaks.
const char* olstm_model_verify(const olstm_model* model);

#endif  // OLSTM_TESTS_SUPPORT_MODEL_VERIFY_H_
