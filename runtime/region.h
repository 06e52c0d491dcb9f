// Memory that is freed as a whole: for what a graph, a program or a plan is made of.
#ifndef OLSTM_RUNTIME_REGION_H_
#define OLSTM_RUNTIME_REGION_H_

#include "olstm/allocator.h"

/// Init with olstm__region_init; not thread-safe.
typedef struct olstm__region {
  olstm_allocator allocator;
  struct olstm__region_chunk* chunks;
  /// Whether any allocation has failed: so that a builder may check once, at its end.
  bool out_of_memory;
} olstm__region;

void olstm__region_init(olstm__region* region, const olstm_allocator* allocator);

/// Frees all of it. A zeroed region is legal.
void olstm__region_deinit(olstm__region* region);

/// Zeroed memory for count * size bytes, aligned to 16 bytes, or NULL. A size of 0 gives
/// a pointer that is not NULL.
void* olstm__region_allocate(olstm__region* region, size_t count, size_t size);

/// As above, aligned to OLSTM_ALIGNMENT, not zeroed: for elements of tensors.
void* olstm__region_allocate_data(olstm__region* region, size_t bytes);

#endif  // OLSTM_RUNTIME_REGION_H_
