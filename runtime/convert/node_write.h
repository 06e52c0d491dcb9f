// Nodes that passes made, as nodes of a file: in the opset that the file imports. Knows
// what the operators that passes make look like in which opset, and no pass.
#ifndef OLSTM_RUNTIME_CONVERT_NODE_WRITE_H_
#define OLSTM_RUNTIME_CONVERT_NODE_WRITE_H_

#include "runtime/convert/proto_build.h"
#include "runtime/convert/proto_names.h"
#include "runtime/graph/graph.h"

/// What is written for one graph of a file.
typedef struct olstm__node_writer {
  olstm__encode_model* model;
  olstm__proto_names* names;
  /// Of ONNX's own domain, as the file imports it.
  int32_t opset;
  /// Nodes and initializers, in order.
  olstm__build_list nodes, initializers;
} olstm__node_writer;

/// Why a node cannot be written, as the end of a sentence; NULL when it can.
const char* olstm__node_write_refusal(const olstm__node_writer* writer,
                                      olstm__graph* graph, const olstm__graph_node* node);

/// Writes a node. inputs, outputs: names, NULL where absent.
bool olstm__node_write(olstm__node_writer* writer, const olstm__graph_node* node,
                       char* const* inputs, char* const* outputs);

/// Writes a node of ONNX's own domain with one output, which it is called after.
/// attribute: NULL for none. False when there is no memory, or an input is NULL.
bool olstm__node_write_new(olstm__node_writer* writer, const char* op_type,
                           char* const* inputs, size_t count,
                           const olstm_attribute* attribute, char* output);

/// Writes a constant of that name: an initializer, or a node where the file is too old
/// for initializers that are no inputs.
bool olstm__node_write_constant(olstm__node_writer* writer, char* name,
                                const olstm_tensor* tensor);

#endif  // OLSTM_RUNTIME_CONVERT_NODE_WRITE_H_
