// The allocator that serves where a caller brings none.
#include "olstm/allocator.h"

#include "system/aligned_memory.h"

static void* allocate(void* user, size_t bytes) {
  size_t aligned = 0;
  (void)user;
  return olstm_size_align(bytes, &aligned)
             ? olstm__aligned_allocate(OLSTM_ALIGNMENT, aligned)
             : NULL;
}

static void release(void* user, void* memory, size_t bytes) {
  (void)user;
  (void)bytes;
  olstm__aligned_release(memory);
}

olstm_allocator olstm_allocator_or_default(const olstm_allocator* allocator) {
  const olstm_allocator standard = {NULL, allocate, release};
  return allocator ? *allocator : standard;
}
