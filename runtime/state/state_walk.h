// A walk through the nodes of a graph and of the bodies in it.
#ifndef OLSTM_RUNTIME_STATE_STATE_WALK_H_
#define OLSTM_RUNTIME_STATE_STATE_WALK_H_

#include "runtime/state/state_nodes.h"

/// Where the walk is.
typedef struct olstm__state_walk {
  olstm__node_location location;
  /// The outermost Loop or Scan around, NULL for none.
  const olstm__graph_node* loop;
  void* user;
} olstm__state_walk;

/// Called for a node of the location's graph, OPERATOR or CONTROL; before the nodes in
/// its bodies. It may add nodes, which are not visited.
typedef olstm_status (*olstm__state_visit)(olstm__state_walk* walk, int32_t node,
                                           olstm_error* error);

/// Visits all nodes; but no If of which a branch has fewer outputs than it: such are
/// refused when operators are created.
olstm_status olstm__state_walk_nodes(olstm__graph* graph, olstm__state_visit visit,
                                     void* user, olstm_error* error);

/// Whether a node is an If of ONNX.
bool olstm__state_is_if(const olstm__graph_node* node);

/// Sorts a graph and all bodies in it. Errors: as olstm__graph_sort.
olstm_status olstm__state_sort_all(olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_STATE_STATE_WALK_H_
