// Where buffers lie in one block of memory, given when each of them is alive. Pure
// arithmetic: knows nothing of tensors, and touches no memory but its own scratch.
#ifndef OLSTM_RUNTIME_PLAN_MEMORY_PLAN_H_
#define OLSTM_RUNTIME_PLAN_MEMORY_PLAN_H_

#include "olstm/allocator.h"
#include "olstm/status.h"

/// One buffer: alive from its first step to its last one, both included.
typedef struct olstm__memory_request {
  size_t first_step;
  /// Not before first_step.
  size_t last_step;
  size_t bytes;
} olstm__memory_request;

/// Up to so many requests the largest ones are placed first, each in the smallest gap
/// that takes it; above, where that would take too long, in the order of time.
enum { OLSTM__MEMORY_PLAN_EXACT_COUNT = 1024 };

/// Gives every request an offset (a multiple of OLSTM_ALIGNMENT) such that no two that
/// are alive at the same step overlap, and says how many bytes that takes in all. The
/// same requests always get the same offsets. One of 0 bytes gets offset 0.
///
/// exact_count: OLSTM__MEMORY_PLAN_EXACT_COUNT, or what a test wants instead of it.
/// scratch: for working memory, all of which is given back.
/// Errors: LIMIT_EXCEEDED when the total does not fit a size_t, OUT_OF_MEMORY (scratch).
olstm_status olstm__memory_plan(size_t count, const olstm__memory_request* requests,
                                size_t exact_count, const olstm_allocator* scratch,
                                size_t* out_offsets, size_t* out_total,
                                olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_MEMORY_PLAN_H_
