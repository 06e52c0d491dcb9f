// Memory for dynamic tensors: reference-counted buffers that are kept for the next run,
// so that a run with the same sizes allocates nothing.
#ifndef OLSTM_RUNTIME_EXECUTE_DYNAMIC_POOL_H_
#define OLSTM_RUNTIME_EXECUTE_DYNAMIC_POOL_H_

#include "olstm/allocator.h"
#include "olstm/status.h"

typedef struct olstm__dynamic_buffer {
  void* memory;
  size_t bytes;
  int32_t reference_count;
  /// Whether this run has used it.
  bool was_used;
} olstm__dynamic_buffer;

/// One thread at a time.
typedef struct olstm__dynamic_pool {
  olstm_allocator allocator;
  /// The most bytes of all buffers together, and their bytes.
  size_t max_bytes;
  size_t bytes;
  int32_t count;
  size_t capacity;
  olstm__dynamic_buffer* buffers;
} olstm__dynamic_pool;

void olstm__dynamic_pool_init(olstm__dynamic_pool* pool, const olstm_allocator* allocator,
                              size_t max_bytes);
void olstm__dynamic_pool_deinit(olstm__dynamic_pool* pool);

/// Starts a run: no buffer is in use.
void olstm__dynamic_pool_start(olstm__dynamic_pool* pool);

/// Takes a buffer of at least `bytes`, with one reference; returns its number. Errors:
/// LIMIT_EXCEEDED, OUT_OF_MEMORY.
olstm_status olstm__dynamic_pool_take(olstm__dynamic_pool* pool, size_t bytes,
                                      int32_t* out_buffer, olstm_error* error);

/// Adds or drops a reference; -1 is legal.
void olstm__dynamic_pool_retain(olstm__dynamic_pool* pool, int32_t buffer);
void olstm__dynamic_pool_release(olstm__dynamic_pool* pool, int32_t buffer);

void* olstm__dynamic_pool_memory(const olstm__dynamic_pool* pool, int32_t buffer);

/// Whether `data` is in one of the buffers.
bool olstm__dynamic_pool_holds(const olstm__dynamic_pool* pool, const void* data);

/// Ends a run: frees the buffers that it did not use.
void olstm__dynamic_pool_trim(olstm__dynamic_pool* pool);

#endif  // OLSTM_RUNTIME_EXECUTE_DYNAMIC_POOL_H_
