#include "base/array.h"

enum { kFirstCapacity = 16 };

void* olstm__array_reserve(const olstm_allocator* allocator, void* items, size_t count,
                           size_t more, size_t* capacity, size_t item_bytes) {
  size_t needed = 0, larger = 0;
  if (!olstm_size_add(count, more, &needed)) return NULL;
  if (items && needed <= *capacity) return items;
  if (!olstm_size_multiply(*capacity, 2, &larger)) return NULL;
  if (larger < kFirstCapacity) larger = kFirstCapacity;
  if (larger < needed) larger = needed;
  void* grown = olstm_allocate(allocator, larger, item_bytes);
  if (!grown) return NULL;
  if (count > 0) memcpy(grown, items, count * item_bytes);
  olstm_release(allocator, items, *capacity, item_bytes);
  *capacity = larger;
  return grown;
}
