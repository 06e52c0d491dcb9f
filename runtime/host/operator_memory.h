// The memory that the operators of a session keep: packed weights and tables. Counted
// against a limit, since a small model may have many nodes with one large weight; and
// shared, since such nodes need one packed copy. Guarded by the environment's lock.
#ifndef OLSTM_RUNTIME_HOST_OPERATOR_MEMORY_H_
#define OLSTM_RUNTIME_HOST_OPERATOR_MEMORY_H_

#include "olstm/plugin.h"

typedef struct olstm__shared_block olstm__shared_block;

typedef struct olstm__operator_memory {
  /// Where it comes from, and what operators get in its place.
  olstm_allocator source;
  olstm_allocator allocator;
  /// Bytes that operators may keep, and that they do.
  size_t limit;
  size_t used;
  /// Whether an allocation was refused for the limit's sake since the last call of
  /// olstm__operator_memory_explain.
  bool was_refused;
  /// Shared blocks by the hash of their keys: bucket_count lists, a power of two.
  olstm__shared_block** buckets;
  size_t bucket_count;
  size_t block_count;
} olstm__operator_memory;

/// Makes it empty, in storage that does not move. Takes no memory yet.
void olstm__operator_memory_init(olstm__operator_memory* memory,
                                 const olstm_allocator* source, size_t limit);

/// All operators must be destroyed. A zeroed one is legal.
void olstm__operator_memory_deinit(olstm__operator_memory* memory);

/// What operators see of it: fills allocator, share and unshare of a host.
void olstm__operator_memory_offer(olstm__operator_memory* memory, olstm_host* host);

/// A callback of a node's operator has returned `status`: where that is for the limit's
/// sake, LIMIT_EXCEEDED and a message that says so, else `status` as it is.
olstm_status olstm__operator_memory_explain(olstm__operator_memory* memory,
                                            const olstm_node* node, olstm_status status,
                                            olstm_error* error);

#endif  // OLSTM_RUNTIME_HOST_OPERATOR_MEMORY_H_
