// Where olstm's memory comes from: a value that is handed in, and checked arithmetic on
// sizes.
#ifndef OLSTM_ALLOCATOR_H_
#define OLSTM_ALLOCATOR_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/export.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OLSTM_ALIGNMENT = 64 };

/// A source of memory. Functions that take a pointer to one copy it; NULL means the C
/// library's. Threads: both callbacks are called from any thread that uses the object
/// they were given to.
typedef struct olstm_allocator {
  /// Handed to both callbacks.
  void* user;
  /// Returns `bytes` (> 0) aligned to OLSTM_ALIGNMENT, or NULL. Need not be zeroed.
  void* (*allocate)(void* user, size_t bytes);
  /// Gives memory back. `bytes` is what allocate was asked for; `memory` is never NULL.
  void (*release)(void* user, void* memory, size_t bytes);
} olstm_allocator;

/// a + b in *out_sum; false when it does not fit.
OLSTM_INLINE_ bool olstm_size_add(size_t a, size_t b, size_t* out_sum) {
  *out_sum = a + b;
  return *out_sum >= a;
}

/// a * b in *out_product; false when it does not fit.
OLSTM_INLINE_ bool olstm_size_multiply(size_t a, size_t b, size_t* out_product) {
  *out_product = a * b;
  return a == 0 || *out_product / a == b;
}

/// `bytes` rounded up to OLSTM_ALIGNMENT; false when it does not fit.
OLSTM_INLINE_ bool olstm_size_align(size_t bytes, size_t* out_aligned) {
  const size_t mask = (size_t)OLSTM_ALIGNMENT - 1;
  *out_aligned = (bytes + mask) & ~mask;
  return *out_aligned >= bytes;
}

/// The given allocator, or the C library's for NULL. Plugins, which do not link libolstm,
/// use the allocator that their host hands them. [no-alloc] [any-thread]
OLSTM_API olstm_allocator olstm_allocator_or_default(const olstm_allocator* allocator);

/// Room for count * size bytes, or NULL when there is none or the product does not fit.
/// A size of 0 gives one byte, so that NULL always means failure.
OLSTM_INLINE_ void* olstm_allocate(const olstm_allocator* allocator, size_t count,
                                   size_t size) {
  size_t bytes = 0;
  if (!olstm_size_multiply(count, size, &bytes)) return NULL;
  return allocator->allocate(allocator->user, bytes ? bytes : 1);
}

/// As olstm_allocate, and zeroed.
OLSTM_INLINE_ void* olstm_allocate_zeroed(const olstm_allocator* allocator, size_t count,
                                          size_t size) {
  void* memory = olstm_allocate(allocator, count, size);
  return memory ? memset(memory, 0, count * size) : NULL;
}

/// Gives back what olstm_allocate(allocator, count, size) gave. NULL is legal.
OLSTM_INLINE_ void olstm_release(const olstm_allocator* allocator, void* memory,
                                 size_t count, size_t size) {
  const size_t bytes = count * size;
  if (memory) allocator->release(allocator->user, memory, bytes ? bytes : 1);
}

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_ALLOCATOR_H_
