// Memory for packed weights, whatever they hold.
#ifndef OLSTM_OP_MATH_WEIGHT_MEMORY_H_
#define OLSTM_OP_MATH_WEIGHT_MEMORY_H_

#include "olstm/allocator.h"

/// olstm_allocate(allocator, 1, bytes) for what every run reads from end to end: asks the
/// system for large pages where `bytes` fill any. They avoid TLB misses, and CPUs
/// prefetch across them.
void* olstm__allocate_weights(const olstm_allocator* allocator, size_t bytes);

#endif  // OLSTM_OP_MATH_WEIGHT_MEMORY_H_
