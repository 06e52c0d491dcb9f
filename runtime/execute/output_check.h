// Output buffers that the caller brings.
#ifndef OLSTM_RUNTIME_EXECUTE_OUTPUT_CHECK_H_
#define OLSTM_RUNTIME_EXECUTE_OUTPUT_CHECK_H_

#include "olstm/status.h"
#include "olstm/tensor.h"

/// Fails unless a caller's output buffer has the desc of what is to be written to it.
/// Errors: DTYPE_MISMATCH, SHAPE_MISMATCH (name the output).
olstm_status olstm__output_check(const char* name, const olstm_tensor_desc* given,
                                 const olstm_tensor_desc* expected, olstm_error* error);

#endif  // OLSTM_RUNTIME_EXECUTE_OUTPUT_CHECK_H_
