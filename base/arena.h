// Memory that is allocated piece by piece and freed as a whole: for the parts of a model,
// a graph or a plan. Counts bytes against a limit; knows nothing of what they are used
// for.
#ifndef OLSTM_BASE_ARENA_H_
#define OLSTM_BASE_ARENA_H_

#include "olstm/allocator.h"

typedef struct olstm__arena_chunk olstm__arena_chunk;

/// Init with olstm__arena_init; not thread-safe.
typedef struct olstm__arena {
  olstm_allocator allocator;
  /// Bytes that may be allocated, and that were.
  size_t limit;
  size_t used;
  /// Pieces are cut from the first chunk.
  olstm__arena_chunk* chunks;
  size_t next_chunk_bytes;
  /// Why the last allocation returned NULL: the limit, or else the allocator.
  bool over_limit;
  /// Whether any allocation has failed since init, so that a builder may check once, at
  /// its end.
  bool has_failed;
} olstm__arena;

/// Makes an empty arena. Allocates nothing yet. limit: SIZE_MAX for none.
void olstm__arena_init(olstm__arena* arena, const olstm_allocator* allocator,
                       size_t limit);

/// Frees everything. A zeroed arena is legal.
void olstm__arena_deinit(olstm__arena* arena);

/// Zeroed memory for count * size bytes, aligned for any C type; NULL when there is none.
/// A size of 0 gives a pointer that is not NULL.
void* olstm__arena_allocate(olstm__arena* arena, size_t count, size_t size);

/// As above, aligned to OLSTM_ALIGNMENT and not zeroed: for elements of tensors.
void* olstm__arena_allocate_data(olstm__arena* arena, size_t bytes);

/// As olstm__arena_allocate_data, and not counted: for bytes that olstm__arena_charge or
/// another limit has counted already.
void* olstm__arena_allocate_uncounted(olstm__arena* arena, size_t bytes);

/// Takes memory that came from the arena's allocator as one block of `bytes` (which the
/// arena does not count): pieces are cut from it first.
void olstm__arena_take_block(olstm__arena* arena, void* memory, size_t bytes);

/// Counts bytes that are allocated later, or elsewhere. False, and nothing counted, when
/// they exceed the limit.
bool olstm__arena_charge(olstm__arena* arena, size_t bytes);

/// A copy of `length` bytes with a zero after them; NULL when there is no memory.
char* olstm__arena_copy(olstm__arena* arena, const char* bytes, size_t length);

/// The arena as a source of memory: for olstm__array_reserve. What is released stays
/// allocated until olstm__arena_deinit. Borrows the arena.
olstm_allocator olstm__arena_as_allocator(olstm__arena* arena);

#endif  // OLSTM_BASE_ARENA_H_
