#include "onnx_proto/memory_fail.h"

olstm_status olstm__memory_fail(const olstm__arena* arena, olstm_error* error) {
  if (arena->over_limit) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "the model takes more than max_memory=%zu bytes", arena->limit);
  }
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for the model");
}
