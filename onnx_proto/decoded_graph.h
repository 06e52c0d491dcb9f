// The graphs of a loaded model: nodes over numbered values. Knows nothing of protobuf,
// and nothing of what operators mean.
//
// Invariants of a decoded graph, which decoding has checked:
//   - nodes are in topological order; every value has one producer: an input, a constant,
//   a capture or a node;
//   - Constant nodes and initializers are constants of values; no Constant node is left;
//   - calls of local functions are inlined; every node's domain is imported;
//   - graph inputs that repeat an initializer are constants, and not among the inputs;
//   the declared ones of the main graph have them too, in the graph's order;
//   - every node has a name, unique in the model; data of constants has exactly the size
//   of its desc, and is aligned.
#ifndef OLSTM_ONNX_PROTO_DECODED_GRAPH_H_
#define OLSTM_ONNX_PROTO_DECODED_GRAPH_H_

#include "olstm/model.h"
#include "olstm/node.h"

enum { OLSTM__NO_VALUE = -1 };

/// One named tensor of a graph.
typedef struct olstm__value {
  /// Name, and declared dtype and shape: dtype UNDEFINED, rank or dimension -1 where they
  /// are not declared.
  olstm_value_info info;
  /// The tensor of an initializer or Constant node, else NULL.
  const olstm_tensor* constant;
} olstm__value;

typedef struct olstm__decoded_graph olstm__decoded_graph;

typedef struct olstm__decoded_node {
  const char* name;
  const char* op_type;
  const char* domain;
  int32_t opset_version;
  size_t attribute_count;
  /// Those of kind GRAPH point to an olstm__decoded_graph.
  const olstm_attribute* attributes;
  /// Indices of the graph's values, OLSTM__NO_VALUE where an optional one is absent.
  size_t input_count;
  const int32_t* inputs;
  size_t output_count;
  const int32_t* outputs;
} olstm__decoded_node;

/// A value of the enclosing graph that a subgraph uses.
typedef struct olstm__capture {
  int32_t outer_value;
  int32_t inner_value;
} olstm__capture;

/// What the main graph says of one of its inputs.
typedef struct olstm__declared_input {
  /// Of the graph's values: an input, or a constant, where an initializer has its name.
  int32_t value;
  olstm_value_info info;
} olstm__declared_input;

struct olstm__decoded_graph {
  const char* name;
  size_t value_count;
  const olstm__value* values;
  size_t node_count;
  const olstm__decoded_node* nodes;
  size_t input_count;
  const int32_t* inputs;
  /// Of the main graph: all declared inputs, in the file's order. Those with an
  /// initializer are constants, which a caller may replace by inputs.
  size_t declared_count;
  const olstm__declared_input* declared;
  /// An output may be an input, a constant or a capture, and a value may be several
  /// outputs.
  size_t output_count;
  const int32_t* outputs;
  /// Of a subgraph. What graphs nested in it capture from further outside is a capture of
  /// it as well. Constants of the enclosing graph are captured like any value.
  size_t capture_count;
  const olstm__capture* captures;
};

#endif  // OLSTM_ONNX_PROTO_DECODED_GRAPH_H_
