// Counts allocations: all of the process where malloc can be hooked, else those made
// through an olstm_allocator.
#ifndef OLSTM_TOOLS_ALLOC_COUNT_H_
#define OLSTM_TOOLS_ALLOC_COUNT_H_

#include <stdint.h>

#include "olstm/allocator.h"

/// An allocator that counts and forwards to the C library.
olstm_allocator olstm__alloc_count_allocator(void);

/// Allocations so far.
int64_t olstm__alloc_count_get(void);

/// Counts one more.
void olstm__alloc_count_add(void);

/// Whether every malloc of the process is counted.
bool olstm__malloc_is_counted(void);

#endif  // OLSTM_TOOLS_ALLOC_COUNT_H_
