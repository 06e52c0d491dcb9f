// Who makes and who uses the values of one graph of a file, by their names: to rename
// them, to take out what an edit leaves without use, and to put nodes in order.
#ifndef OLSTM_RUNTIME_CONVERT_PROTO_USES_H_
#define OLSTM_RUNTIME_CONVERT_PROTO_USES_H_

#include "onnx_proto/encode_model.h"
#include "onnx_proto/name_table.h"

/// Calls `visit` for every name that a node reads: its inputs, and what the graphs of its
/// attributes read. The name may be replaced.
typedef void (*olstm__proto_visit)(void* user, char** name);
void olstm__proto_visit_reads(olstm__node_proto* node, olstm__proto_visit visit,
                              void* user);

/// A value of a graph.
typedef struct olstm__proto_value {
  const char* name;
  /// Index of the node that makes it, or -1.
  int32_t producer;
  /// By nodes, in graphs of their attributes too, and as output of the graph.
  int32_t use_count;
  /// Whether an edit took its last use away.
  bool is_dead;
} olstm__proto_value;

/// Init with olstm__proto_uses_init. Nodes must not be added or moved while it is used.
typedef struct olstm__proto_uses {
  olstm__encode_model* model;
  olstm__graph_proto* graph;
  olstm__name_key key;
  olstm__name_table table;
  olstm__proto_value* values;
  size_t value_count, value_capacity;
  /// Per node, whether it was removed; and those that may have to be.
  bool* is_removed;
  int32_t* pending;
  size_t pending_count, pending_capacity;
} olstm__proto_uses;

/// Errors: OUT_OF_MEMORY. Memory: olstm__proto_uses_deinit, whatever the result.
olstm_status olstm__proto_uses_init(olstm__proto_uses* uses, olstm__encode_model* model,
                                    olstm__graph_proto* graph, olstm_error* error);
void olstm__proto_uses_deinit(olstm__proto_uses* uses);

/// The value of that name; NULL for one that the graph neither makes nor reads.
const olstm__proto_value* olstm__proto_uses_find(const olstm__proto_uses* uses,
                                                 const char* name);

/// Has the next olstm__proto_uses_sweep remove a value, where nothing uses it, with what
/// only it used. False when there is no memory.
bool olstm__proto_uses_retire(olstm__proto_uses* uses, const char* name);

/// Removes nodes, initializers and value_info that retired values left without any use.
/// Initializers that callers may replace stay. The graph's nodes have other indices then.
/// Errors: OUT_OF_MEMORY.
olstm_status olstm__proto_uses_sweep(olstm__proto_uses* uses, olstm_error* error);

/// Removes those of these values that nothing uses, and sorts: for what an edit that is
/// done has left. Errors: OUT_OF_MEMORY.
olstm_status olstm__proto_tidy(olstm__encode_model* model, olstm__graph_proto* graph,
                               const char* const* unused, size_t unused_count,
                               olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_PROTO_USES_H_
