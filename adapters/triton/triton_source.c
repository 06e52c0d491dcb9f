#include "triton_source.h"

#include <stdlib.h>
#include <string.h>

#include "olstm/allocator.h"
#include "triton_dtype.h"
#include "triton_error.h"

olstm_status olstm__triton_buffer_reserve(olstm__triton_buffer* buffer, size_t bytes,
                                          olstm_error* error) {
  size_t aligned = 0;
  if (buffer->capacity > 0 && bytes <= buffer->capacity) return OLSTM_STATUS_OK;
  olstm__triton_buffer_deinit(buffer);
  if (olstm_size_align(bytes + 1, &aligned)) {
    buffer->data = aligned_alloc(OLSTM_ALIGNMENT, aligned);
  }
  if (!buffer->data) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for %zu bytes",
                      bytes);
  }
  buffer->capacity = aligned;
  return OLSTM_STATUS_OK;
}

void olstm__triton_buffer_deinit(olstm__triton_buffer* buffer) {
  free(buffer->data);
  *buffer = (olstm__triton_buffer){0};
}

olstm_status olstm__triton_check_target(const char* name, const void* data,
                                        uint64_t bytes, uint32_t memory_type,
                                        olstm_error* error) {
  if (memory_type == OLSTM__TRITON_MEMORY_GPU) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "'%s' is wanted in a GPU's memory: olstm runs on the CPU", name);
  }
  if (data || bytes == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "the server has no buffer for '%s'", name);
}

olstm_status olstm__triton_source_find(TRITONBACKEND_Request* request, const char* what,
                                       const char* name, olstm__triton_source* source,
                                       olstm_error* error) {
  uint64_t bytes = 0;
  *source = (olstm__triton_source){0};
  TRITONSERVER_Error* absent = TRITONBACKEND_RequestInput(request, name, &source->handle);
  if (absent || !source->handle) {
    if (absent) TRITONSERVER_ErrorDelete(absent);
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "the request has no %s '%s'",
                      what, name);
  }
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_InputProperties(source->handle, NULL, &source->type, &source->dims,
                                    &source->rank, &bytes, &source->buffer_count),
      name, error));
  source->bytes = (size_t)bytes;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__triton_source_check(const olstm__triton_source* source,
                                        const char* what, const char* name,
                                        olstm_dtype dtype, olstm_error* error) {
  const olstm_dtype given = olstm__triton_dtype_of(source->type);
  if (given == dtype) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                    "%s '%s' has dtype %s, expected %s", what, name,
                    olstm_dtype_name(given), olstm_dtype_name(dtype));
}

olstm_status olstm__triton_source_read_part(const olstm__triton_source* source,
                                            const char* name, size_t begin, size_t count,
                                            void* out_data, olstm_error* error) {
  size_t position = 0;
  size_t done = 0;
  for (uint32_t b = 0; done < count && b < source->buffer_count; b++) {
    const void* piece = NULL;
    uint64_t size = 0;
    uint32_t memory_type = OLSTM__TRITON_MEMORY_CPU;
    int64_t memory_id = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__triton_check(TRITONBACKEND_InputBuffer(source->handle, b, &piece, &size,
                                                      &memory_type, &memory_id),
                            name, error));
    if (memory_type == OLSTM__TRITON_MEMORY_GPU) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "'%s' lies in a GPU's memory: olstm runs on the CPU", name);
    }
    // What of the piece lies behind what is there already.
    const size_t wanted = begin + done;
    if (wanted < position + size) {
      const size_t skipped = wanted - position;
      const size_t rest = (size_t)size - skipped;
      const size_t bytes = rest < count - done ? rest : count - done;
      memcpy((char*)out_data + done, (const char*)piece + skipped, bytes);
      done += bytes;
    }
    position += (size_t)size;
  }
  if (done == count) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_VALUE, "'%s' has %zu bytes, expected %zu",
                    name, begin + done, begin + count);
}

olstm_status olstm__triton_source_read(const olstm__triton_source* source,
                                       const char* name, void* out_data,
                                       olstm_error* error) {
  return olstm__triton_source_read_part(source, name, 0, source->bytes, out_data, error);
}
