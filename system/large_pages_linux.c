#include <sys/mman.h>

#include "system/large_pages.h"

static const size_t kLargePage = (size_t)2 << 20;

void olstm__ask_for_large_pages(void* memory, size_t bytes) {
  const size_t before = -(size_t)memory % kLargePage;
  if (!memory || bytes < before + kLargePage) return;
  const size_t room = (bytes - before) / kLargePage * kLargePage;
  (void)madvise((char*)memory + before, room, MADV_HUGEPAGE);
}
