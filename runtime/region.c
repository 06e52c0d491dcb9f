#include "runtime/region.h"

#include <string.h>

typedef struct olstm__region_chunk {
  struct olstm__region_chunk* next;
  size_t bytes;
  size_t used;
} region_chunk;

enum {
  kSmallAlignment = 16,
  kHeaderBytes =
      (sizeof(region_chunk) + OLSTM_ALIGNMENT - 1) / OLSTM_ALIGNMENT * OLSTM_ALIGNMENT,
  kFirstChunkBytes = 4096,
  kLargestChunkBytes = 1 << 20
};

void olstm__region_init(olstm__region* region, const olstm_allocator* allocator) {
  *region = (olstm__region){.allocator = olstm_allocator_or_default(allocator)};
}

void olstm__region_deinit(olstm__region* region) {
  for (region_chunk* chunk = region->chunks; chunk;) {
    region_chunk* next = chunk->next;
    olstm_release(&region->allocator, chunk, 1, chunk->bytes);
    chunk = next;
  }
  region->chunks = NULL;
}

/// The offset at which `bytes` fit into a chunk, or its end when they do not.
static size_t find_room(const region_chunk* chunk, size_t bytes, size_t alignment) {
  const size_t offset = (chunk->used + alignment - 1) & ~(alignment - 1);
  const bool fits = offset <= chunk->bytes && chunk->bytes - offset >= bytes;
  return fits ? offset : chunk->bytes;
}

/// A chunk that takes `bytes`. Those for one large block go behind the first one, whose
/// rest is for the small ones to come.
static region_chunk* add_chunk(olstm__region* region, size_t bytes) {
  size_t total = 0;
  const region_chunk* first = region->chunks;
  size_t usual = first ? 2 * first->bytes : kFirstChunkBytes;
  if (usual > kLargestChunkBytes) usual = kLargestChunkBytes;
  if (!olstm_size_add(bytes, kHeaderBytes, &total)) return NULL;
  const bool is_large = first && total > usual;
  if (total < usual) total = usual;
  region_chunk* chunk = olstm_allocate(&region->allocator, 1, total);
  if (!chunk) return NULL;
  *chunk = (region_chunk){region->chunks, total, kHeaderBytes};
  if (is_large) {
    chunk->next = region->chunks->next;
    region->chunks->next = chunk;
  } else {
    region->chunks = chunk;
  }
  return chunk;
}

static void* take(olstm__region* region, size_t bytes, size_t alignment) {
  region_chunk* chunk = region->chunks;
  if (bytes == 0) bytes = 1;
  if (!chunk || find_room(chunk, bytes, alignment) == chunk->bytes) {
    chunk = add_chunk(region, bytes);
    if (!chunk) {
      region->out_of_memory = true;
      return NULL;
    }
  }
  const size_t offset = find_room(chunk, bytes, alignment);
  chunk->used = offset + bytes;
  return (char*)chunk + offset;
}

void* olstm__region_allocate(olstm__region* region, size_t count, size_t size) {
  size_t bytes = 0;
  if (!olstm_size_multiply(count, size, &bytes)) {
    region->out_of_memory = true;
    return NULL;
  }
  void* memory = take(region, bytes, kSmallAlignment);
  return memory ? memset(memory, 0, bytes) : NULL;
}

void* olstm__region_allocate_data(olstm__region* region, size_t bytes) {
  return take(region, bytes, OLSTM_ALIGNMENT);
}
