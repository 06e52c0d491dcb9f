#include "base/arena.h"

#include <stdalign.h>

enum {
  kSmallAlignment = alignof(max_align_t),
  kFirstChunkBytes = 4096,
  kLargestChunkBytes = 1 << 20
};

struct olstm__arena_chunk {
  olstm__arena_chunk* next;
  /// Of the whole chunk, this header included, and how many of them are allocated.
  size_t bytes;
  size_t used;
};

enum {
  kHeaderBytes =
      (sizeof(olstm__arena_chunk) + OLSTM_ALIGNMENT - 1) & ~(OLSTM_ALIGNMENT - 1)
};

// AddressSanitizer sees what reaches beyond a piece, into the gap behind it or into what
// is not allocated yet.
#if defined(__SANITIZE_ADDRESS__)
#define OLSTM_ARENA_IS_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OLSTM_ARENA_IS_WATCHED 1
#endif
#endif
#ifdef OLSTM_ARENA_IS_WATCHED
void __asan_poison_memory_region(const volatile void* memory, size_t bytes);
void __asan_unpoison_memory_region(const volatile void* memory, size_t bytes);
enum { kGapBytes = kSmallAlignment };
static void forbid(void* memory, size_t bytes) {
  __asan_poison_memory_region(memory, bytes);
}
static void allow(void* memory, size_t bytes) {
  __asan_unpoison_memory_region(memory, bytes);
}
#else
enum { kGapBytes = 0 };
static void forbid(void* memory, size_t bytes) {
  (void)memory;
  (void)bytes;
}
static void allow(void* memory, size_t bytes) {
  (void)memory;
  (void)bytes;
}
#endif

void olstm__arena_init(olstm__arena* arena, const olstm_allocator* allocator,
                       size_t limit) {
  *arena = (olstm__arena){.allocator = olstm_allocator_or_default(allocator),
                          .limit = limit,
                          .next_chunk_bytes = kFirstChunkBytes};
}

void olstm__arena_deinit(olstm__arena* arena) {
  while (arena->chunks) {
    olstm__arena_chunk* chunk = arena->chunks;
    arena->chunks = chunk->next;
    allow(chunk, chunk->bytes);
    olstm_release(&arena->allocator, chunk, chunk->bytes, 1);
  }
  arena->used = 0;
}

static void start_chunk(olstm__arena_chunk* chunk, size_t bytes) {
  *chunk = (olstm__arena_chunk){NULL, bytes, kHeaderBytes};
  forbid((char*)chunk + kHeaderBytes, bytes - kHeaderBytes);
}

static olstm__arena_chunk* make_chunk(olstm__arena* arena, size_t bytes) {
  olstm__arena_chunk* chunk = olstm_allocate(&arena->allocator, bytes, 1);
  if (chunk) start_chunk(chunk, bytes);
  return chunk;
}

void olstm__arena_take_block(olstm__arena* arena, void* memory, size_t bytes) {
  olstm__arena_chunk* chunk = memory;
  if (bytes <= kHeaderBytes) {
    olstm_release(&arena->allocator, memory, bytes, 1);
    return;
  }
  start_chunk(chunk, bytes);
  chunk->next = arena->chunks;
  arena->chunks = chunk;
}

/// A chunk with room for `bytes`: the first one, or a new first one. A large piece gets a
/// chunk of its own behind the first, whose free room is kept for small pieces.
static olstm__arena_chunk* find_chunk(olstm__arena* arena, size_t bytes,
                                      size_t alignment) {
  olstm__arena_chunk* first = arena->chunks;
  if (first) {
    const size_t start = (first->used + alignment - 1) & ~(alignment - 1);
    if (start <= first->bytes && bytes <= first->bytes - start) return first;
  }
  if (bytes > arena->next_chunk_bytes / 4) {
    size_t total = 0;
    if (!olstm_size_add(bytes, kHeaderBytes, &total)) return NULL;
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
  if (arena->next_chunk_bytes < kLargestChunkBytes) arena->next_chunk_bytes *= 2;
  return fresh;
}

static void* take(olstm__arena* arena, size_t bytes, size_t alignment, bool is_counted) {
  arena->over_limit = is_counted && bytes > arena->limit - arena->used;
  olstm__arena_chunk* chunk =
      arena->over_limit ? NULL : find_chunk(arena, bytes, alignment);
  if (!chunk) {
    arena->has_failed = true;
    return NULL;
  }
  const size_t start = (chunk->used + alignment - 1) & ~(alignment - 1);
  chunk->used = start + bytes + kGapBytes;
  allow((char*)chunk + start, bytes);
  if (is_counted) arena->used += bytes;
  return (char*)chunk + start;
}

static void* fail_size(olstm__arena* arena) {
  arena->over_limit = arena->has_failed = true;
  return NULL;
}

void* olstm__arena_allocate(olstm__arena* arena, size_t count, size_t size) {
  size_t asked = 0;
  if (!olstm_size_multiply(count, size, &asked) || asked > SIZE_MAX - kSmallAlignment) {
    return fail_size(arena);
  }
  size_t bytes = (asked + kSmallAlignment - 1) / kSmallAlignment * kSmallAlignment;
  if (bytes == 0) bytes = kSmallAlignment;
  char* memory = take(arena, bytes, kSmallAlignment, true);
  if (!memory) return NULL;
  memset(memory, 0, bytes);
  forbid(memory + asked, bytes - asked);
  return memory;
}

void* olstm__arena_allocate_data(olstm__arena* arena, size_t bytes) {
  return take(arena, bytes ? bytes : 1, OLSTM_ALIGNMENT, true);
}

void* olstm__arena_allocate_uncounted(olstm__arena* arena, size_t bytes) {
  return take(arena, bytes ? bytes : 1, OLSTM_ALIGNMENT, false);
}

bool olstm__arena_charge(olstm__arena* arena, size_t bytes) {
  arena->over_limit = bytes > arena->limit - arena->used;
  if (arena->over_limit) return false;
  arena->used += bytes;
  return true;
}

char* olstm__arena_copy(olstm__arena* arena, const char* bytes, size_t length) {
  char* copy = length < SIZE_MAX ? take(arena, length + 1, 1, true) : fail_size(arena);
  if (!copy) return NULL;
  if (length > 0) memcpy(copy, bytes, length);
  copy[length] = '\0';
  return copy;
}

static void* allocate_from_arena(void* user, size_t bytes) {
  return olstm__arena_allocate_data(user, bytes);
}

static void keep_until_deinit(void* user, void* memory, size_t bytes) {
  (void)user;
  (void)memory;
  (void)bytes;
}

olstm_allocator olstm__arena_as_allocator(olstm__arena* arena) {
  return (olstm_allocator){arena, allocate_from_arena, keep_until_deinit};
}
