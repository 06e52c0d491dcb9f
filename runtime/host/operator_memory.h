// The memory that the operators of a session keep: packed weights and tables. It is
// limited, because a small model may have many nodes with one large weight, and shared,
// because such nodes need only one packed copy. Guarded by the environment's lock.
#ifndef OLSTM_RUNTIME_HOST_OPERATOR_MEMORY_H_
#define OLSTM_RUNTIME_HOST_OPERATOR_MEMORY_H_

#include "olstm/plugin.h"

typedef struct olstm__shared_block olstm__shared_block;

typedef struct olstm__operator_memory {
  /// The underlying allocator, and the one that operators get.
  olstm_allocator source;
  olstm_allocator allocator;
  /// The most bytes that operators may keep, and those that they keep.
  size_t limit;
  size_t used;
  /// Whether the limit has refused an allocation since the last call of
  /// olstm__operator_memory_explain.
  bool was_refused;
  /// Shared blocks by the hash of their keys: bucket_count lists, a power of two.
  olstm__shared_block** buckets;
  size_t bucket_count;
  size_t block_count;
} olstm__operator_memory;

/// Allocates nothing. `memory` must not move afterwards.
void olstm__operator_memory_init(olstm__operator_memory* memory,
                                 const olstm_allocator* source, size_t limit);

/// Called after all operators are destroyed. A zeroed one is legal.
void olstm__operator_memory_deinit(olstm__operator_memory* memory);

/// Sets allocator, share and unshare of the host that operators get.
void olstm__operator_memory_offer(olstm__operator_memory* memory, olstm_host* host);

/// Called with the status that an operator's callback returned: if the limit made it
/// fail, returns LIMIT_EXCEEDED and a message that says so, else `status`.
olstm_status olstm__operator_memory_explain(olstm__operator_memory* memory,
                                            const olstm_node* node, olstm_status status,
                                            olstm_error* error);

#endif  // OLSTM_RUNTIME_HOST_OPERATOR_MEMORY_H_
