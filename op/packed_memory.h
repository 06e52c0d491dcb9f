// Memory for packed weights: in large pages where the system has them, and shared by
// nodes that pack the same.
#ifndef OLSTM_OP_PACKED_MEMORY_H_
#define OLSTM_OP_PACKED_MEMORY_H_

#include "op/op_support.h"

/// olstm_allocate(allocator, 1, bytes) for what every run reads from end to end: asks the
/// system for large pages where `bytes` fill any. They avoid TLB misses, and CPUs
/// prefetch across them.
void* olstm__allocate_weights(const olstm_allocator* allocator, size_t bytes);

/// Packed weights of a node, shared with those of the same key. Zeroed: none.
typedef struct olstm__packed_memory {
  void* memory;
  size_t bytes;
  /// NULL for memory of the node's own. Owned.
  void* key;
  size_t key_bytes;
} olstm__packed_memory;

/// Memory for `bytes` of packed weights. key: all that they depend on, where the address
/// of a node's constant stands for its value; NULL for memory of the node's own.
///
/// *out_is_new: whether they are to be packed now; else they are there. Errors:
/// OUT_OF_MEMORY, naming the node.
olstm_status olstm__packed_memory_init(olstm__packed_memory* packed,
                                       const olstm__op_base* base, const void* key,
                                       size_t key_bytes, size_t bytes, bool* out_is_new,
                                       olstm_error* error);

void olstm__packed_memory_deinit(olstm__packed_memory* packed,
                                 const olstm__op_base* base);

#endif  // OLSTM_OP_PACKED_MEMORY_H_
