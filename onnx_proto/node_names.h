// Node names: made up where a node has none, told apart where two have the same.
#ifndef OLSTM_ONNX_PROTO_NODE_NAMES_H_
#define OLSTM_ONNX_PROTO_NODE_NAMES_H_

#include "onnx_proto/decoder.h"

/// Gives every node of every graph a name that no other has: LSTM_3 for the fourth node
/// of a graph if it has none, a suffix for the second of a name. Control characters
/// become '?', so that messages stay one line.
olstm_status olstm__name_nodes(olstm__decoder* decoder);

#endif  // OLSTM_ONNX_PROTO_NODE_NAMES_H_
