// Makes one recurrent node stateful: its shape, its location in nested graphs, and its
// slots. state_stateful.c chooses the nodes.
#ifndef OLSTM_RUNTIME_STATE_STATE_NODES_H_
#define OLSTM_RUNTIME_STATE_STATE_NODES_H_

#include "olstm/status.h"
#include "runtime/graph/graph.h"

/// The opset of added nodes.
enum { OLSTM__STATE_OPSET = 13 };

/// The shape of a recurrent node's state.
typedef struct olstm__recurrent_shape {
  int64_t directions;
  // -1 when unknown: neither hidden_size nor the shape of R is there.
  int64_t hidden;
  olstm_dtype dtype;
  bool batch_first;
} olstm__recurrent_shape;

/// Whether it is an LSTM, with c.
bool olstm__recurrent_has_cell(const olstm__graph_node* node);

olstm__recurrent_shape olstm__recurrent_read_shape(const olstm__graph* graph,
                                                   const olstm__graph_node* node);

/// The location of a node: its graph, and the Ifs around it.
typedef struct olstm__node_location {
  /// levels[0] is the main graph, levels[depth] the node's graph. `node` and `body` of a
  /// level say which body the next level is.
  size_t depth;
  struct {
    olstm__graph* graph;
    int32_t node;
    size_t body;
  } levels[OLSTM__MAX_NESTING + 2];
} olstm__node_location;

/// Adds slots NODE/h, and NODE/c for an LSTM, to node `index` of a location: slots of the
/// main graph that pass through the Ifs. Graphs may need sorting afterwards. Errors: as
/// olstm__state_make_stateful.
olstm_status olstm__make_node_stateful(const olstm__node_location* location,
                                       int32_t index, olstm_error* error);

#endif  // OLSTM_RUNTIME_STATE_STATE_NODES_H_
