// Sorts the nodes of a graph topologically, and detects cycles.
#ifndef OLSTM_ONNX_PROTO_GRAPH_CHECK_H_
#define OLSTM_ONNX_PROTO_GRAPH_CHECK_H_

#include "onnx_proto/decoder.h"

/// Sorts the builder's nodes topologically. Sorted nodes keep their order; others move
/// directly behind the producers they need.
///
/// Errors: INVALID_MODEL for a cycle: names a node and a tensor on it.
olstm_status olstm__decoded_graph_sort(olstm__graph_builder* builder,
                                       olstm__decoder* decoder);

#endif  // OLSTM_ONNX_PROTO_GRAPH_CHECK_H_
