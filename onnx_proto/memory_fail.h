// The status and message for a failed allocation from an arena.
#ifndef OLSTM_ONNX_PROTO_MEMORY_FAIL_H_
#define OLSTM_ONNX_PROTO_MEMORY_FAIL_H_

#include "base/arena.h"
#include "olstm/status.h"

/// To be returned directly after a failed allocation from `arena`, or a failed charge.
/// Errors: LIMIT_EXCEEDED (max_memory), OUT_OF_MEMORY.
olstm_status olstm__memory_fail(const olstm__arena* arena, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_MEMORY_FAIL_H_
