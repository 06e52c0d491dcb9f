#include <sys/mman.h>

#include "system/large_pages.h"

// Since Linux 5.14; before, the system refuses it.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/// The smallest page size of any Linux. Where pages are larger, advice about a part of a
/// page applies to the whole page.
static const size_t kPage = 4096;
/// For smaller blocks, page faults cost less than the system call.
static const size_t kWorthACall = (size_t)4 * 4096;
static const size_t kLargePage = (size_t)2 << 20;

void olstm__ask_for_large_pages(void* memory, size_t bytes) {
  const size_t before = -(size_t)memory % kLargePage;
  if (!memory || bytes < before + kLargePage) return;
  const size_t room = (bytes - before) / kLargePage * kLargePage;
  (void)madvise((char*)memory + before, room, MADV_HUGEPAGE);
}

void olstm__bring_in_pages(void* memory, size_t bytes) {
  if (!memory || bytes < kWorthACall) return;
  // Only pages that lie entirely in the block: those at its ends are shared with others.
  const size_t before = -(size_t)memory % kPage;
  const size_t room = (bytes - before) / kPage * kPage;
  char* start = (char*)memory + before;
  // Reused memory is already resident: the page in the middle serves as a sample.
  unsigned char is_there = 0;
  if (mincore(start + room / kPage / 2 * kPage, kPage, &is_there) == 0 && is_there & 1)
    return;
  (void)madvise(start, room, MADV_POPULATE_WRITE);
}
