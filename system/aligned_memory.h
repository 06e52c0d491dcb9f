// Aligned memory of the C library.
#ifndef OLSTM_SYSTEM_ALIGNED_MEMORY_H_
#define OLSTM_SYSTEM_ALIGNED_MEMORY_H_

#include <stddef.h>

/// alignment: a power of two; bytes: a multiple of it. NULL when there is no memory.
void* olstm__aligned_allocate(size_t alignment, size_t bytes);

/// Gives back what olstm__aligned_allocate gave; NULL is legal.
void olstm__aligned_release(void* memory);

#endif  // OLSTM_SYSTEM_ALIGNED_MEMORY_H_
