// Memory that is taken piece by piece and given back at once. Counts what was taken
// against a limit; knows nothing of what is kept in it.
#ifndef OLSTM_ONNX_PROTO_ARENA_H_
#define OLSTM_ONNX_PROTO_ARENA_H_

#include "olstm/allocator.h"
#include "olstm/status.h"

typedef struct olstm__arena_chunk olstm__arena_chunk;

typedef struct olstm__arena {
  olstm_allocator allocator;
  /// Bytes that may be taken, and that were.
  size_t limit;
  size_t used;
  /// The first chunk is the one with room.
  olstm__arena_chunk* chunks;
  size_t next_chunk_bytes;
  /// Why the last take gave NULL: the limit, or else the allocator.
  bool over_limit;
} olstm__arena;

/// Makes an empty arena in the caller's storage. Takes no memory yet.
void olstm__arena_init(olstm__arena* arena, const olstm_allocator* allocator,
                       size_t limit);

/// Gives everything back. An arena of zeroes is legal.
void olstm__arena_deinit(olstm__arena* arena);

/// Zeroed room for count * size bytes, aligned for any C type; NULL when there is none.
/// None of it is ever given back alone.
void* olstm__arena_take(olstm__arena* arena, size_t count, size_t size);

/// Room for tensor elements, aligned to OLSTM_ALIGNMENT, not zeroed. `counted`: against
/// the limit.
void* olstm__arena_take_elements(olstm__arena* arena, size_t bytes, bool counted);

/// Counts bytes against the limit that are taken later, or elsewhere. False, and nothing
/// counted, when they are too many.
bool olstm__arena_charge(olstm__arena* arena, size_t bytes);

/// A copy of `length` bytes with a zero after them.
char* olstm__arena_copy(olstm__arena* arena, const char* bytes, size_t length);

/// The failure that belongs to a NULL from above: OUT_OF_MEMORY or LIMIT_EXCEEDED.
olstm_status olstm__arena_fail(const olstm__arena* arena, olstm_error* error);

/// Makes room for one more item in an array that lives in the arena: doubles *items when
/// count == *capacity. The old array stays behind until deinit.
olstm_status olstm__arena_grow(olstm__arena* arena, void** items, size_t count,
                               size_t* capacity, size_t item_bytes, olstm_error* error);

#endif  // OLSTM_ONNX_PROTO_ARENA_H_
