// What passes replace is checked all the same: the nodes that a pass takes out, or makes
// another operator of, are kept as they were.
#ifndef OLSTM_RUNTIME_GRAPH_GRAPH_REPLACED_H_
#define OLSTM_RUNTIME_GRAPH_GRAPH_REPLACED_H_

#include "runtime/graph/graph.h"

/// The nodes of a graph (not of its bodies) as they are at one time, in order.
typedef struct olstm__graph_snapshot {
  olstm__arena memory;
  size_t count;
  olstm__graph_node* nodes;
  int32_t* indices;
} olstm__graph_snapshot;

/// The graph must be in order. Errors: OUT_OF_MEMORY. Deinit it in any case.
olstm_status olstm__graph_snapshot_init(olstm__graph_snapshot* snapshot,
                                        const olstm__graph* graph, olstm_error* error);
void olstm__graph_snapshot_deinit(olstm__graph_snapshot* snapshot);

/// Adds the nodes that have been replaced since then to graph->replaced. Bodies of those
/// that are gone stay theirs. Errors: OUT_OF_MEMORY.
olstm_status olstm__graph_snapshot_list_replaced(const olstm__graph_snapshot* snapshot,
                                                 olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_GRAPH_GRAPH_REPLACED_H_
