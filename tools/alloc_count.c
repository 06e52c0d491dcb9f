// See alloc_count.h.
#include "tools/alloc_count.h"

#include <stdatomic.h>

static atomic_int_fast64_t count;

void olstm__alloc_count_add(void) {
  (void)atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

int64_t olstm__alloc_count_get(void) {
  return atomic_load_explicit(&count, memory_order_relaxed);
}

static void* allocate(void* user, size_t bytes) {
  // Where malloc is hooked, it has counted this already.
  if (!olstm__malloc_is_counted()) olstm__alloc_count_add();
  return olstm_allocator_or_default(NULL).allocate(user, bytes);
}

olstm_allocator olstm__alloc_count_allocator(void) {
  return (olstm_allocator){NULL, allocate, olstm_allocator_or_default(NULL).release};
}
