// Gives every node a unique name.
#ifndef OLSTM_ONNX_PROTO_NODE_NAMES_H_
#define OLSTM_ONNX_PROTO_NODE_NAMES_H_

#include "onnx_proto/decoder.h"

/// Gives every node of every graph a unique name: a node without a name becomes LSTM_3
/// (its op_type and index in the graph), a repeated name gets a suffix. Control
/// characters become '?', so that messages stay on one line.
olstm_status olstm__name_nodes(olstm__decoder* decoder);

#endif  // OLSTM_ONNX_PROTO_NODE_NAMES_H_
