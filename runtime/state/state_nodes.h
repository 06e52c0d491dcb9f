// One recurrent node and its state: what the node says of itself, where it stands, and
// the slots it gets. Which nodes get slots is state_stateful.c's.
#ifndef OLSTM_RUNTIME_STATE_STATE_NODES_H_
#define OLSTM_RUNTIME_STATE_STATE_NODES_H_

#include "olstm/status.h"
#include "runtime/graph/graph.h"

/// The opset of the nodes that are made for state.
enum { OLSTM__STATE_OPSET = 13 };

/// What a recurrent node says of itself.
typedef struct olstm__recurrent_shape {
  int64_t directions;
  // -1 when neither hidden_size nor R says.
  int64_t hidden;
  olstm_dtype dtype;
  bool batch_first;
} olstm__recurrent_shape;

/// Whether it has a c.
bool olstm__recurrent_has_cell(const olstm__graph_node* node);

olstm__recurrent_shape olstm__recurrent_read_shape(const olstm__graph* graph,
                                                   const olstm__graph_node* node);

/// Where a node stands: the graph it is in, and the Ifs around it.
typedef struct olstm__node_place {
  /// levels[0] is the main graph, levels[depth] the node's. The others say which body of
  /// which of their nodes the next one is.
  size_t depth;
  struct {
    olstm__graph* graph;
    int32_t node;
    size_t body;
  } levels[OLSTM__MAX_NESTING + 2];
} olstm__node_place;

/// Gives node `index` of a place slots NODE/h, and NODE/c for an LSTM: the main graph's,
/// which pass through the Ifs of the place. Graphs may want sorting afterwards.
/// Errors: as olstm__state_make_stateful.
olstm_status olstm__make_node_stateful(const olstm__node_place* place, int32_t index,
                                       olstm_error* error);

#endif  // OLSTM_RUNTIME_STATE_STATE_NODES_H_
