// Tensors that come with a request, whatever pieces the server has them in.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_SOURCE_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_SOURCE_H_

#include "olstm/status.h"
#include "olstm/tensor.h"
#include "triton_api.h"

/// Memory that grows and is kept.
typedef struct olstm__triton_buffer {
  void* data;
  size_t capacity;
} olstm__triton_buffer;

/// Makes room for `bytes`; what was in it is lost.
olstm_status olstm__triton_buffer_reserve(olstm__triton_buffer* buffer, size_t bytes,
                                          olstm_error* error);
void olstm__triton_buffer_deinit(olstm__triton_buffer* buffer);

/// An input of a request, or a state that came with it.
typedef struct olstm__triton_source {
  TRITONBACKEND_Input* handle;
  /// As the server has it; borrowed from the request.
  uint32_t type;
  uint32_t rank;
  const int64_t* dims;
  /// With the batch axis where the model has it.
  olstm_tensor_desc desc;
  size_t bytes;
  uint32_t buffer_count;
  /// Of states: whether it holds a value. Otherwise the slot starts anew.
  bool is_set;
  /// Of states: where the next value goes, while that is written.
  TRITONBACKEND_State* target;
  void* target_data;
  size_t target_bytes;
} olstm__triton_source;

/// Finds an input or a state of a request by its name; `what` it is, for messages. Sets
/// what the server says of it.   Errors: INVALID_ARGUMENT when there is none.
olstm_status olstm__triton_source_find(TRITONBACKEND_Request* request, const char* what,
                                       const char* name, olstm__triton_source* source,
                                       olstm_error* error);
/// Fails (DTYPE_MISMATCH) when it has another dtype.
olstm_status olstm__triton_source_check(const olstm__triton_source* source,
                                        const char* what, const char* name,
                                        olstm_dtype dtype, olstm_error* error);

/// Copies all of its bytes.   Errors: UNSUPPORTED (in a GPU's memory), INVALID_VALUE
/// (there are fewer).
olstm_status olstm__triton_source_read(const olstm__triton_source* source,
                                       const char* name, void* out_data,
                                       olstm_error* error);
/// Copies `count` bytes from byte `begin` on.
olstm_status olstm__triton_source_read_part(const olstm__triton_source* source,
                                            const char* name, size_t begin, size_t count,
                                            void* out_data, olstm_error* error);

/// Checks a buffer that the server gave for `name`: UNSUPPORTED in a GPU's memory,
/// OUT_OF_MEMORY when there is none.
olstm_status olstm__triton_check_target(const char* name, const void* data,
                                        uint64_t bytes, uint32_t memory_type,
                                        olstm_error* error);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_SOURCE_H_
