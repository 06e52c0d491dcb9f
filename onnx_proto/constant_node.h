// Constant nodes, in every form ONNX has, become constants of their output's value.
#ifndef OLSTM_ONNX_PROTO_CONSTANT_NODE_H_
#define OLSTM_ONNX_PROTO_CONSTANT_NODE_H_

#include "onnx_proto/decoder.h"

/// Whether a node is ONNX's own Constant.
bool olstm__is_constant_node(const olstm__node_proto* node);

/// Makes the value that the node's output names in `scope` a constant.
olstm_status olstm__decode_constant_node(olstm__decoder* decoder, olstm__scope* scope,
                                         const olstm__node_proto* node);

#endif  // OLSTM_ONNX_PROTO_CONSTANT_NODE_H_
