// The order of nodes: every value is made before it is used, and nothing waits for
// itself.
#ifndef OLSTM_ONNX_PROTO_GRAPH_CHECK_H_
#define OLSTM_ONNX_PROTO_GRAPH_CHECK_H_

#include "onnx_proto/decoder.h"

/// Puts the builder's nodes in topological order. Nodes that are in order stay as they
/// are; others move behind what they need, no further.
///
/// Errors: INVALID_MODEL for a cycle: names a node and a tensor on it.
olstm_status olstm__decoded_graph_sort(olstm__graph_builder* builder,
                                       olstm__decoder* decoder);

#endif  // OLSTM_ONNX_PROTO_GRAPH_CHECK_H_
