// Counts allocations: all that the process makes where the C library lets us stand before
// malloc, else those that come through an olstm_allocator.
#ifndef OLSTM_TOOLS_ALLOC_COUNT_H_
#define OLSTM_TOOLS_ALLOC_COUNT_H_

#include <stdint.h>

#include "olstm/allocator.h"

/// An allocator that counts, then does what the C library's does.
olstm_allocator olstm__alloc_count_allocator(void);

/// Allocations so far.
int64_t olstm__alloc_count_get(void);

/// Counts one more.
void olstm__alloc_count_add(void);

/// Whether every malloc of the process is counted.
bool olstm__malloc_is_counted(void);

#endif  // OLSTM_TOOLS_ALLOC_COUNT_H_
