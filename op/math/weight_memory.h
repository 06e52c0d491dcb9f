// Memory for packed weights. Knows nothing of what they hold.
#ifndef OLSTM_OP_MATH_WEIGHT_MEMORY_H_
#define OLSTM_OP_MATH_WEIGHT_MEMORY_H_

#include "olstm/allocator.h"

/// As olstm_allocate(allocator, 1, bytes), for what will be read from end to end again
/// and again: asks the system for large pages where `bytes` fill any. A few of them in
/// place of many small ones need no waiting for translations, and CPUs fetch ahead across
/// them.
void* olstm__allocate_weights(const olstm_allocator* allocator, size_t bytes);

#endif  // OLSTM_OP_MATH_WEIGHT_MEMORY_H_
