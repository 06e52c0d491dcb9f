// Arrays that grow. The items' pointer, count and capacity are the caller's own
// variables, so that items keep their type; memory comes from any allocator, an arena's
// included (olstm__arena_as_allocator).
#ifndef OLSTM_BASE_ARRAY_H_
#define OLSTM_BASE_ARRAY_H_

#include "olstm/allocator.h"

/// Makes room for `more` items behind the first `count` of an array. When they exceed
/// *capacity, the array moves to a new one of at least twice the capacity, and *capacity
/// is updated. New items are not zeroed.
///
/// items: NULL for an empty array of capacity 0, else from the same allocator. Returns
/// the array; NULL, with nothing changed, when there is no memory. Memory:
/// olstm_release(allocator, items, capacity, item_bytes) frees it.
void* olstm__array_reserve(const olstm_allocator* allocator, void* items, size_t count,
                           size_t more, size_t* capacity, size_t item_bytes);

#endif  // OLSTM_BASE_ARRAY_H_
