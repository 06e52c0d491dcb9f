// Turns Constant nodes, with any of the attributes that ONNX defines, into constants.
#ifndef OLSTM_ONNX_PROTO_CONSTANT_NODE_H_
#define OLSTM_ONNX_PROTO_CONSTANT_NODE_H_

#include "onnx_proto/decoder.h"

/// Whether a node is a Constant of ONNX's own domain.
bool olstm__is_constant_node(const olstm__node_proto* node);

/// Makes the value of the node's output a constant; `scope` maps its name to the value.
olstm_status olstm__decode_constant_node(olstm__decoder* decoder, olstm__scope* scope,
                                         const olstm__node_proto* node);

#endif  // OLSTM_ONNX_PROTO_CONSTANT_NODE_H_
