#include "onnx_proto/arena.h"

#include <stdalign.h>

enum {
  SMALL_ALIGNMENT = alignof(max_align_t),
  FIRST_CHUNK_BYTES = 4096,
  LARGEST_CHUNK_BYTES = 1 << 20
};

struct olstm__arena_chunk {
  olstm__arena_chunk* next;
  /// Of the whole chunk, this head included, and how many of them are taken.
  size_t bytes;
  size_t used;
};

enum {
  HEAD_BYTES = (sizeof(olstm__arena_chunk) + OLSTM_ALIGNMENT - 1) & ~(OLSTM_ALIGNMENT - 1)
};

void olstm__arena_init(olstm__arena* arena, const olstm_allocator* allocator,
                       size_t limit) {
  memset(arena, 0, sizeof *arena);
  arena->allocator = *allocator;
  arena->limit = limit;
  arena->next_chunk_bytes = FIRST_CHUNK_BYTES;
}

void olstm__arena_deinit(olstm__arena* arena) {
  while (arena->chunks) {
    olstm__arena_chunk* chunk = arena->chunks;
    arena->chunks = chunk->next;
    olstm_release(&arena->allocator, chunk, chunk->bytes, 1);
  }
  arena->used = 0;
}

static olstm__arena_chunk* make_chunk(olstm__arena* arena, size_t bytes) {
  olstm__arena_chunk* chunk = olstm_allocate(&arena->allocator, bytes, 1);
  if (!chunk) return NULL;
  chunk->next = NULL;
  chunk->bytes = bytes;
  chunk->used = HEAD_BYTES;
  return chunk;
}

/// A chunk with room for `bytes`: the first, a new first one, or, for large pieces, one
/// of its own behind the first.
static olstm__arena_chunk* find_chunk(olstm__arena* arena, size_t bytes,
                                      size_t alignment) {
  olstm__arena_chunk* first = arena->chunks;
  if (first) {
    const size_t start = (first->used + alignment - 1) & ~(alignment - 1);
    if (start <= first->bytes && bytes <= first->bytes - start) return first;
  }
  if (bytes > arena->next_chunk_bytes / 4) {
    size_t total = 0;
    if (!olstm_size_add(bytes, HEAD_BYTES, &total)) return NULL;
    olstm__arena_chunk* own = make_chunk(arena, total);
    if (!own) return NULL;
    if (first) {
      own->next = first->next;
      first->next = own;
    } else {
      arena->chunks = own;
    }
    return own;
  }
  olstm__arena_chunk* fresh = make_chunk(arena, arena->next_chunk_bytes);
  if (!fresh) return NULL;
  fresh->next = first;
  arena->chunks = fresh;
  if (arena->next_chunk_bytes < LARGEST_CHUNK_BYTES) arena->next_chunk_bytes *= 2;
  return fresh;
}

static void* take(olstm__arena* arena, size_t bytes, size_t alignment, bool counted) {
  arena->over_limit = counted && bytes > arena->limit - arena->used;
  if (arena->over_limit) return NULL;
  olstm__arena_chunk* chunk = find_chunk(arena, bytes, alignment);
  if (!chunk) return NULL;
  const size_t start = (chunk->used + alignment - 1) & ~(alignment - 1);
  chunk->used = start + bytes;
  if (counted) arena->used += bytes;
  return (char*)chunk + start;
}

void* olstm__arena_take(olstm__arena* arena, size_t count, size_t size) {
  size_t bytes = 0;
  if (!olstm_size_multiply(count, size, &bytes) || bytes > SIZE_MAX - SMALL_ALIGNMENT) {
    arena->over_limit = true;
    return NULL;
  }
  bytes = (bytes + SMALL_ALIGNMENT - 1) / SMALL_ALIGNMENT * SMALL_ALIGNMENT;
  if (bytes == 0) bytes = SMALL_ALIGNMENT;
  void* memory = take(arena, bytes, SMALL_ALIGNMENT, true);
  return memory ? memset(memory, 0, bytes) : NULL;
}

void* olstm__arena_take_elements(olstm__arena* arena, size_t bytes, bool counted) {
  return take(arena, bytes ? bytes : 1, OLSTM_ALIGNMENT, counted);
}

bool olstm__arena_charge(olstm__arena* arena, size_t bytes) {
  arena->over_limit = bytes > arena->limit - arena->used;
  if (arena->over_limit) return false;
  arena->used += bytes;
  return true;
}

char* olstm__arena_copy(olstm__arena* arena, const char* bytes, size_t length) {
  char* copy = length < SIZE_MAX ? take(arena, length + 1, 1, true) : NULL;
  if (!copy) return NULL;
  if (length > 0) memcpy(copy, bytes, length);
  copy[length] = '\0';
  return copy;
}

olstm_status olstm__arena_fail(const olstm__arena* arena, olstm_error* error) {
  if (arena->over_limit) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "the model takes more than max_memory=%zu bytes", arena->limit);
  }
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for the model");
}

olstm_status olstm__arena_grow(olstm__arena* arena, void** items, size_t count,
                               size_t* capacity, size_t item_bytes, olstm_error* error) {
  if (count < *capacity) return OLSTM_STATUS_OK;
  const size_t larger = *capacity ? *capacity * 2 : 8;
  void* grown = olstm__arena_take(arena, larger, item_bytes);
  if (!grown) return olstm__arena_fail(arena, error);
  if (count > 0) memcpy(grown, *items, count * item_bytes);
  *items = grown;
  *capacity = larger;
  return OLSTM_STATUS_OK;
}
