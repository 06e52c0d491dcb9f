// A deep copy of an olstm_node, for hosts whose own graph goes away. Knows the ABI alone.
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_NODE_COPY_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_NODE_COPY_H_

#include "olstm/plugin.h"

#include "base/arena.h"

typedef struct olstm__node_copy {
  olstm_node node;
  /// Of all that node points to.
  olstm__arena memory;
} olstm__node_copy;

/// Copies names, attributes (all kinds but GRAPH and TENSOR, which recurrent operators do
/// not have) and constants. Errors: UNSUPPORTED, OUT_OF_MEMORY; then too, deinit frees
/// what was copied.
olstm_status olstm__node_copy_init(olstm__node_copy* copy, const olstm_node* source,
                                   olstm_error* error);
void olstm__node_copy_deinit(olstm__node_copy* copy);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_NODE_COPY_H_
