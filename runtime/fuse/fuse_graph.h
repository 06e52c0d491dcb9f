// What exporters write for a layer becomes a node: passes over a main graph and the
// branches of its Ifs. What they replace is listed (graph_replaced.h), so that it is
// checked as if it ran.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_GRAPH_H_
#define OLSTM_RUNTIME_FUSE_FUSE_GRAPH_H_

#include "runtime/graph/graph.h"

/// Loops, unrolled steps and masks become ONNX's recurrent nodes, and what picks the last
/// step of one reads its final state. Of a graph whose constant nodes are folded. The
/// graph is in order afterwards. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_recurrent(olstm__graph* graph, olstm_error* error);

/// Of these, loops and unrolled steps alone: for what is to be written for other
/// runtimes.
olstm_status olstm__fuse_layers(olstm__graph* graph, olstm_error* error);

/// Recurrent nodes take the place of the Transposes around them, MatMuls that of Add and
/// activation behind them. Last, since other passes know ONNX's nodes alone. The graph is
/// in order afterwards. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_neighbours(olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_GRAPH_H_
