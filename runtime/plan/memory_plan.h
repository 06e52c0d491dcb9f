// Assigns offsets in one block of memory to buffers, given their lifetimes. Pure
// arithmetic: knows nothing of tensors, and allocates only scratch memory.
#ifndef OLSTM_RUNTIME_PLAN_MEMORY_PLAN_H_
#define OLSTM_RUNTIME_PLAN_MEMORY_PLAN_H_

#include "olstm/allocator.h"
#include "olstm/status.h"

/// One buffer: alive from its first to its last step, both included.
typedef struct olstm__memory_request {
  size_t first_step;
  /// At least first_step.
  size_t last_step;
  size_t bytes;
} olstm__memory_request;

/// Up to this many requests are placed by size, largest first, each in the smallest gap
/// that fits; more, for which that would take too long, in the order of first steps.
enum { OLSTM__MEMORY_PLAN_EXACT_COUNT = 1024 };

/// Assigns every request an offset, a multiple of OLSTM_ALIGNMENT, such that requests
/// that are alive at the same step do not overlap, and returns the total size.
/// Deterministic. A request of 0 bytes gets offset 0.
///
/// exact_count: OLSTM__MEMORY_PLAN_EXACT_COUNT, or what a test needs. scratch: for
/// temporary memory. Errors: LIMIT_EXCEEDED when the total does not fit a size_t,
/// OUT_OF_MEMORY (scratch).
olstm_status olstm__memory_plan(size_t count, const olstm__memory_request* requests,
                                size_t exact_count, const olstm_allocator* scratch,
                                size_t* out_offsets, size_t* out_total,
                                olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_MEMORY_PLAN_H_
