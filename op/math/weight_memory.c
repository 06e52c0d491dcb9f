#include "op/math/weight_memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

static const size_t kLargePage = (size_t)2 << 20;

void* olstm__allocate_weights(const olstm_allocator* allocator, size_t bytes) {
  char* memory = olstm_allocate(allocator, 1, bytes);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const size_t before = -(size_t)memory % kLargePage;
  if (memory && bytes >= before + kLargePage) {
    const size_t room = (bytes - before) / kLargePage * kLargePage;
    // A hint: where the system has no large pages, weights stay in small ones.
    (void)madvise(memory + before, room, MADV_HUGEPAGE);
  }
#endif
  return memory;
}
