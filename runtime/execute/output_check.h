// Checks output buffers that the caller brings.
#ifndef OLSTM_RUNTIME_EXECUTE_OUTPUT_CHECK_H_
#define OLSTM_RUNTIME_EXECUTE_OUTPUT_CHECK_H_

#include "olstm/status.h"
#include "olstm/tensor.h"

/// Checks that a caller's buffer has the desc of the output. Errors: DTYPE_MISMATCH,
/// SHAPE_MISMATCH (name the output).
olstm_status olstm__output_check(const char* name, const olstm_tensor_desc* given,
                                 const olstm_tensor_desc* expected, olstm_error* error);

#endif  // OLSTM_RUNTIME_EXECUTE_OUTPUT_CHECK_H_
