// A deep copy of an olstm_node, for hosts whose own graph goes away. Knows the ABI alone.
#ifndef OLSTM_ADAPTERS_ONNXRUNTIME_NODE_COPY_H_
#define OLSTM_ADAPTERS_ONNXRUNTIME_NODE_COPY_H_

#include "olstm/plugin.h"

/// Init from zero. All memory hangs off `blocks`, freed together.
typedef struct olstm__node_copy {
  olstm_node node;
  struct olstm__memory_block* blocks;
} olstm__node_copy;

/// Copies names, attributes (all kinds but GRAPH and TENSOR, which recurrent operators do
/// not have) and constants. Errors: UNSUPPORTED, OUT_OF_MEMORY; deinit frees what was
/// made.
olstm_status olstm__node_copy_init(olstm__node_copy* copy, const olstm_node* source,
                                   olstm_error* error);
void olstm__node_copy_deinit(olstm__node_copy* copy);

#endif  // OLSTM_ADAPTERS_ONNXRUNTIME_NODE_COPY_H_
