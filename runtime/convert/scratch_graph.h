// A model that is being converted, as the graph that passes edit, and how its values were
// called and made before any pass did: what is other then is written back
// (graph_write.h).
#ifndef OLSTM_RUNTIME_CONVERT_SCRATCH_GRAPH_H_
#define OLSTM_RUNTIME_CONVERT_SCRATCH_GRAPH_H_

#include "onnx_proto/encode_model.h"
#include "runtime/graph/graph.h"
#include "runtime/host/environment.h"

/// A graph as it was imported. Values and nodes from value_count and node_count on were
/// added by passes.
typedef struct olstm__graph_origin {
  const olstm__graph* graph;
  int32_t value_count, node_count;
  /// Of each value: its name in the file, and the node that made it, or NO_VALUE.
  const char** names;
  int32_t* producers;
} olstm__graph_origin;

/// Zeroed: closed.
typedef struct olstm__scratch_graph {
  olstm_model* model;
  olstm_registry* registry;
  olstm__environment environment;
  olstm__graph* graph;
  /// Of the main graph, and of all bodies.
  olstm__arena memory;
  olstm__graph_origin* origins;
  size_t origin_count, origin_capacity;
} olstm__scratch_graph;

/// Makes a graph of a model as it is now. Inputs that have defaults are inputs, where the
/// file's version lets callers give them.
///
/// options: limits on what is computed. Errors: those of a load and of a session.
/// Memory: olstm__scratch_graph_close, whatever the result.
olstm_status olstm__scratch_graph_open(olstm__encode_model* model,
                                       const olstm_session_options* options,
                                       olstm__scratch_graph* out_scratch,
                                       olstm_error* error);

void olstm__scratch_graph_close(olstm__scratch_graph* scratch);

/// Computes what is constant, as sessions do.
olstm_status olstm__scratch_graph_fold(olstm__scratch_graph* scratch, olstm_error* error);

/// How `graph`, the main one or a body, was imported.
const olstm__graph_origin* olstm__scratch_graph_origin(
    const olstm__scratch_graph* scratch, const olstm__graph* graph);

#endif  // OLSTM_RUNTIME_CONVERT_SCRATCH_GRAPH_H_
