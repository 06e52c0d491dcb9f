// The failure that belongs to memory that an arena did not give.
#ifndef OLSTM_ONNX_PROTO_MEMORY_FAIL_H_
#define OLSTM_ONNX_PROTO_MEMORY_FAIL_H_

#include "base/arena.h"
#include "olstm/status.h"

/// To be returned when an allocation from `arena`, or a charge, has just failed.
/// Errors: LIMIT_EXCEEDED (max_memory), OUT_OF_MEMORY.
olstm_status olstm__memory_fail(const olstm__arena* arena, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_MEMORY_FAIL_H_
