// The executors of control nodes' bodies, kept when the plan of the graph around them
// changes.
#ifndef OLSTM_RUNTIME_EXECUTE_CHILDREN_H_
#define OLSTM_RUNTIME_EXECUTE_CHILDREN_H_

#include "runtime/execute/body_executor.h"

/// Those of one control node.
typedef struct olstm__child {
  /// The next of its bucket.
  struct olstm__child* next;
  const olstm__program_node* node;
  /// One for each body.
  olstm__executor** executors;
  /// See olstm__control_call.
  void* cache;
} olstm__child;

typedef struct olstm__children {
  const olstm_allocator* allocator;
  const olstm__body_executor* bodies;
  olstm__run_limits* limits;
  /// A hash table by node: chains, as many as there is room for.
  size_t count, bucket_count;
  olstm__child** buckets;
} olstm__children;

/// The node's; made at first use. NULL when there is no memory: `error` says so.
olstm__child* olstm__children_get(olstm__children* children,
                                  const olstm__program_node* node, olstm_error* error);

void olstm__children_deinit(olstm__children* children);

#endif  // OLSTM_RUNTIME_EXECUTE_CHILDREN_H_
