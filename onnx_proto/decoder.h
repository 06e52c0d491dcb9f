// Types shared by the files that decode an unpacked ModelProto: the load in progress,
// graphs under construction, and scopes of names.
//
// Recursion: decode_graph and decode_node call themselves once for each nested graph or
// function call; decoder->max_depth limits the depth of both together.
#ifndef OLSTM_ONNX_PROTO_DECODER_H_
#define OLSTM_ONNX_PROTO_DECODER_H_

#include "base/array.h"
#include "onnx_proto/budget.h"
#include "onnx_proto/decoded_graph.h"
#include "onnx_proto/memory_fail.h"
#include "onnx_proto/name_table.h"
#include "onnx_proto/schema.h"

typedef struct olstm__external_source olstm__external_source;
typedef struct olstm__scope olstm__scope;

/// One imported operator set.
typedef struct olstm__opset {
  /// "" is ONNX's own, also when the file calls it ai.onnx.
  const char* domain;
  int32_t version;
} olstm__opset;

typedef struct olstm__opset_list {
  olstm__opset* items;
  size_t count;
} olstm__opset_list;

/// A local function of the model.
typedef struct olstm__local_function {
  const olstm__function_proto* proto;
  olstm__opset_list opsets;
  /// The attributes with default values.
  const olstm__attribute_proto* const* defaults;
  size_t default_count;
} olstm__local_function;

/// A graph under construction: its arrays grow. olstm__builder_finish makes graph->nodes
/// final but for the nodes' names.
typedef struct olstm__graph_builder {
  olstm__decoded_graph* graph;
  olstm__value* values;
  size_t value_count;
  size_t value_capacity;
  olstm__decoded_node* nodes;
  size_t node_count;
  size_t node_capacity;
  olstm__capture* captures;
  size_t capture_count;
  size_t capture_capacity;
  /// Whether values have generated names (from inlining), which may collide with others.
  bool has_inlined;
} olstm__graph_builder;

/// A finished graph, for the passes over all graphs at the end of the load.
typedef struct olstm__graph_record {
  olstm__decoded_graph* graph;
  olstm__decoded_node* nodes;
} olstm__graph_record;

/// One load.
typedef struct olstm__decoder {
  /// Memory of the model; memory that is freed after the load; the allocator for
  /// unpacking.
  olstm__arena* arena;
  olstm__arena* scratch;
  olstm__budget* budget;
  const olstm_allocator* allocator;
  uint32_t max_depth;
  size_t max_nodes;
  /// NULL for a model from memory.
  olstm__external_source* external;
  olstm__name_key key;
  /// The most bytes of names that may be hashed and compared: limits the work of
  /// inlining.
  uint64_t max_work;
  olstm__opset_list opsets;
  olstm__local_function* functions;
  size_t function_count;
  /// Maps keys of local functions to their indices; and a buffer to write a key into.
  olstm__name_table function_keys;
  char* key_text;
  size_t key_capacity;
  size_t node_count;
  olstm__graph_record* graphs;
  size_t graph_count;
  size_t graph_capacity;
  olstm_error* error;
} olstm__decoder;

/// An attribute of a function call, or the function's default for it.
typedef struct olstm__bound_attribute {
  const char* name;
  const olstm__attribute_proto* proto;
} olstm__bound_attribute;

/// The call of a local function whose body is being inlined.
typedef struct olstm__call_frame {
  const struct olstm__call_frame* caller;
  const olstm__local_function* function;
  const olstm__bound_attribute* attributes;
  size_t attribute_count;
  /// Prefix of the names of its nodes and values: "encoder/".
  const char* prefix;
} olstm__call_frame;

/// The names that are visible in a graph or in the body of a local function.
struct olstm__scope {
  olstm__graph_builder* builder;
  /// The scope of the enclosing graph; NULL for the main graph and for a function body.
  olstm__scope* parent;
  /// The function call that is being inlined; NULL in the model's own graphs.
  const olstm__call_frame* frame;
  /// Number of enclosing graphs and function calls.
  uint32_t depth;
  olstm__name_table names;
  /// Of a function body: maps its outputs to the values of the call's outputs.
  olstm__name_table targets;
  /// Of a graph, NULL for a function body: to name initializers of unsupported dtypes.
  const olstm__graph_proto* proto;
};

/// "" for NULL: protobuf-c represents absent strings by NULL.
static inline const char* olstm__text(const char* text) {
  return text ? text : "";
}

/// The canonical name of a domain: "" for ai.onnx.
static inline const char* olstm__domain(const char* domain) {
  return domain && strcmp(domain, "ai.onnx") != 0 ? domain : "";
}

/// Fails with "OP 'node': " and the message.
olstm_status olstm__node_fail(const olstm__decoder* decoder,
                              const olstm__node_proto* node, olstm_status code,
                              const char* format, ...) OLSTM_PRINTF_(4, 5);

/// Decodes a graph. parent: the enclosing scope of a subgraph, NULL for the main graph.
olstm_status olstm__decode_graph(olstm__decoder* decoder, const olstm__graph_proto* proto,
                                 olstm__scope* parent,
                                 const olstm__decoded_graph** out_graph);

/// Decodes one node. Its outputs must be declared in the scope
/// (olstm__scope_declare_outputs).
olstm_status olstm__decode_node(olstm__decoder* decoder, olstm__scope* scope,
                                const olstm__node_proto* node);

#endif  // OLSTM_ONNX_PROTO_DECODER_H_
