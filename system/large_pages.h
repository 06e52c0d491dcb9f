// What is asked of the system about the pages that memory lies in.
#ifndef OLSTM_SYSTEM_LARGE_PAGES_H_
#define OLSTM_SYSTEM_LARGE_PAGES_H_

#include <stddef.h>

/// A hint that the memory is read often and as a whole. Where the system has no large
/// pages, it stays in small ones. NULL is legal. [no-alloc] [any-thread]
void olstm__ask_for_large_pages(void* memory, size_t bytes);

/// A hint that all of a new block is written next: its pages are made resident by one
/// call, not by a page fault each. The content does not change. NULL is legal. [no-alloc]
/// [any-thread]
void olstm__bring_in_pages(void* memory, size_t bytes);

#endif  // OLSTM_SYSTEM_LARGE_PAGES_H_
