#include "runtime/execute/dynamic_pool.h"

#include "base/array.h"

void olstm__dynamic_pool_init(olstm__dynamic_pool* pool, const olstm_allocator* allocator,
                              size_t max_bytes) {
  *pool = (olstm__dynamic_pool){.allocator = *allocator, .max_bytes = max_bytes};
}

static void free_memory(olstm__dynamic_pool* pool, olstm__dynamic_buffer* buffer) {
  olstm_release(&pool->allocator, buffer->memory, 1, buffer->bytes);
  pool->bytes -= buffer->bytes;
  *buffer = (olstm__dynamic_buffer){NULL, 0, 0, false};
}

void olstm__dynamic_pool_deinit(olstm__dynamic_pool* pool) {
  for (int32_t b = 0; b < pool->count; b++) {
    if (pool->buffers[b].memory) free_memory(pool, &pool->buffers[b]);
  }
  olstm_release(&pool->allocator, pool->buffers, pool->capacity, sizeof *pool->buffers);
  pool->buffers = NULL;
  pool->count = 0;
  pool->capacity = 0;
}

void olstm__dynamic_pool_start(olstm__dynamic_pool* pool) {
  for (int32_t b = 0; b < pool->count; b++) {
    pool->buffers[b].reference_count = 0;
    pool->buffers[b].was_used = false;
  }
}

void olstm__dynamic_pool_trim(olstm__dynamic_pool* pool) {
  for (int32_t b = 0; b < pool->count; b++) {
    olstm__dynamic_buffer* buffer = &pool->buffers[b];
    if (buffer->memory && !buffer->was_used && buffer->reference_count == 0) {
      free_memory(pool, buffer);
    }
  }
  // Buffers in use keep their numbers: only free ones at the end are removed.
  while (pool->count > 0 && !pool->buffers[pool->count - 1].memory) pool->count--;
}

/// The smallest free buffer that is large enough but not far too large; else an empty
/// slot; -1 when there is neither.
static int32_t find_free(const olstm__dynamic_pool* pool, size_t bytes) {
  int32_t best = -1, empty = -1;
  for (int32_t b = 0; b < pool->count; b++) {
    const olstm__dynamic_buffer* buffer = &pool->buffers[b];
    if (buffer->reference_count > 0) continue;
    if (!buffer->memory) {
      empty = b;
      continue;
    }
    if (buffer->bytes < bytes || buffer->bytes / 4 > bytes + 256) continue;
    if (best < 0 || buffer->bytes < pool->buffers[best].bytes) best = b;
  }
  return best >= 0 ? best : empty;
}

static bool grow(olstm__dynamic_pool* pool) {
  olstm__dynamic_buffer* buffers =
      pool->count == INT32_MAX
          ? NULL
          : olstm__array_reserve(&pool->allocator, pool->buffers, (size_t)pool->count, 1,
                                 &pool->capacity, sizeof *buffers);
  if (buffers) pool->buffers = buffers;
  return buffers != NULL;
}

/// Frees unused buffers, when the limit or the allocator leaves no room for new ones.
static void free_unused(olstm__dynamic_pool* pool) {
  for (int32_t b = 0; b < pool->count; b++) {
    olstm__dynamic_buffer* buffer = &pool->buffers[b];
    if (buffer->memory && buffer->reference_count == 0) free_memory(pool, buffer);
  }
}

olstm_status olstm__dynamic_pool_take(olstm__dynamic_pool* pool, size_t bytes,
                                      int32_t* out_buffer, olstm_error* error) {
  *out_buffer = -1;
  if (bytes == 0) bytes = 1;
  int32_t b = find_free(pool, bytes);
  if (b < 0) {
    if (!grow(pool)) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory for dynamic tensors");
    }
    b = pool->count++;
    pool->buffers[b] = (olstm__dynamic_buffer){NULL, 0, 0, false};
  }
  olstm__dynamic_buffer* buffer = &pool->buffers[b];
  if (!buffer->memory) {
    if (bytes > pool->max_bytes - pool->bytes) free_unused(pool);
    if (bytes > pool->max_bytes - pool->bytes) {
      return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                        "tensors whose sizes are known only while running need %zu bytes "
                        "more than the %zu in use, and the limit is %zu",
                        bytes, pool->bytes, pool->max_bytes);
    }
    buffer->memory = olstm_allocate(&pool->allocator, 1, bytes);
    if (!buffer->memory) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "no memory for %zu bytes of dynamic tensors", bytes);
    }
    buffer->bytes = bytes;
    pool->bytes += bytes;
  }
  buffer->reference_count = 1;
  buffer->was_used = true;
  *out_buffer = b;
  return OLSTM_STATUS_OK;
}

void olstm__dynamic_pool_retain(olstm__dynamic_pool* pool, int32_t buffer) {
  if (buffer >= 0) pool->buffers[buffer].reference_count++;
}

void olstm__dynamic_pool_release(olstm__dynamic_pool* pool, int32_t buffer) {
  if (buffer >= 0) pool->buffers[buffer].reference_count--;
}

void* olstm__dynamic_pool_memory(const olstm__dynamic_pool* pool, int32_t buffer) {
  return pool->buffers[buffer].memory;
}

bool olstm__dynamic_pool_holds(const olstm__dynamic_pool* pool, const void* data) {
  for (int32_t b = 0; b < pool->count; b++) {
    const uintptr_t start = (uintptr_t)pool->buffers[b].memory;
    if ((uintptr_t)data - start < pool->buffers[b].bytes) return true;
  }
  return false;
}
