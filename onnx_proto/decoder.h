// What the files that turn an unpacked ModelProto into graphs share: the load in
// progress, graphs under construction, and scopes of names.
//
// Depth: functions that call themselves do so once for each nested graph or function
// call, and decoder->max_depth, checked on the way down, bounds both together.
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

/// A local function of the model, as calls need it.
typedef struct olstm__local_function {
  const olstm__function_proto* proto;
  olstm__opset_list opsets;
  /// Attributes that have a default.
  const olstm__attribute_proto* const* defaults;
  size_t default_count;
} olstm__local_function;

/// A graph while it is built, in arrays that grow. Once finished, graph->nodes is final
/// but for the nodes' names.
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
  /// Some values carry names that inlining made up, which may be taken.
  bool has_inlined;
} olstm__graph_builder;

/// A finished graph, for what is done at the end to all of them.
typedef struct olstm__graph_record {
  olstm__decoded_graph* graph;
  olstm__decoded_node* nodes;
} olstm__graph_record;

/// One load.
typedef struct olstm__decoder {
  /// What the model keeps; what is dropped after the load; what protobuf-c unpacks with.
  olstm__arena* arena;
  olstm__arena* scratch;
  olstm__budget* budget;
  const olstm_allocator* allocator;
  uint32_t max_depth;
  size_t max_nodes;
  /// NULL for a model from memory.
  olstm__external_source* external;
  olstm__name_key key;
  /// Names may be hashed for so many bytes: a bound on what inlining can blow up.
  uint64_t max_work;
  olstm__opset_list opsets;
  olstm__local_function* functions;
  size_t function_count;
  /// Keys of the local functions to their indices, and room to write a key in.
  olstm__name_table function_keys;
  char* key_text;
  size_t key_capacity;
  size_t node_count;
  olstm__graph_record* graphs;
  size_t graph_count;
  size_t graph_capacity;
  olstm_error* error;
} olstm__decoder;

/// An attribute that a function call gives, or the function's default for it.
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
  /// Goes before the names of its nodes and values: "encoder/".
  const char* prefix;
} olstm__call_frame;

/// The names that nodes may use: a graph's or a function body's.
struct olstm__scope {
  olstm__graph_builder* builder;
  /// Around a subgraph's; NULL for the main graph's and for a function body's.
  olstm__scope* parent;
  /// Where in the file's functions it stands; NULL in the model's own graphs.
  const olstm__call_frame* frame;
  /// Graphs and calls around it.
  uint32_t depth;
  olstm__name_table names;
  /// Of a function body: the values of the call that its outputs become.
  olstm__name_table targets;
  /// Of a graph's scope, NULL for a function body's: for initializers of unsupported
  /// dtypes.
  const olstm__graph_proto* proto;
};

/// "" for NULL: protobuf-c has NULL for absent strings.
static inline const char* olstm__text(const char* text) {
  return text ? text : "";
}

/// The domain's one name: ai.onnx is "".
static inline const char* olstm__domain(const char* domain) {
  return domain && strcmp(domain, "ai.onnx") != 0 ? domain : "";
}

/// Fails with "OP 'node': ..." before the message.
olstm_status olstm__node_fail(const olstm__decoder* decoder,
                              const olstm__node_proto* node, olstm_status code,
                              const char* format, ...) OLSTM_PRINTF_(4, 5);

/// Decodes a graph. parent: the scope around a subgraph, NULL for the main graph.
olstm_status olstm__decode_graph(olstm__decoder* decoder, const olstm__graph_proto* proto,
                                 olstm__scope* parent,
                                 const olstm__decoded_graph** out_graph);

/// Decodes one node of a scope whose outputs have been declared.
olstm_status olstm__decode_node(olstm__decoder* decoder, olstm__scope* scope,
                                const olstm__node_proto* node);

#endif  // OLSTM_ONNX_PROTO_DECODER_H_
