// The edit of one graph of a file that makes it say what passes made of it: which of the
// nodes that they added can be written, and the writing.
#ifndef OLSTM_RUNTIME_CONVERT_GRAPH_EDIT_H_
#define OLSTM_RUNTIME_CONVERT_GRAPH_EDIT_H_

#include "runtime/convert/convert_report.h"
#include "runtime/convert/node_write.h"
#include "runtime/convert/proto_uses.h"
#include "runtime/convert/scratch_graph.h"

/// A value of the file, and what passes gave its users instead.
typedef struct olstm__replacement {
  int32_t before, after;
  /// Whether it is written.
  bool is_good;
} olstm__replacement;

/// Init with olstm__graph_edit_init.
typedef struct olstm__graph_edit {
  const olstm__scratch_graph* scratch;
  olstm__graph* graph;
  const olstm__graph_origin* origin;
  olstm__graph_proto* proto;
  olstm__node_writer writer;
  olstm__convert_report* report;
  /// Of the file, before the edit.
  olstm__proto_uses uses;
  olstm__arena memory;
  olstm__replacement* replacements;
  size_t replacement_count;
  /// Of each value: the value of the file that it replaces, or NO_VALUE; and its name in
  /// the file, NULL as long as it has none.
  int32_t* stands_for;
  char** names;
  /// Of each node that passes added: why it cannot be written, or NULL; and whether it is
  /// written.
  const char** refusals;
  bool* is_wanted;
} olstm__graph_edit;

/// `graph`: the main graph of `scratch`, or a body; proto: what it was imported from.
/// Errors: OUT_OF_MEMORY. Memory: olstm__graph_edit_deinit, whatever the result.
olstm_status olstm__graph_edit_init(olstm__graph_edit* edit, olstm__encode_model* model,
                                    olstm__proto_names* names,
                                    const olstm__scratch_graph* scratch,
                                    olstm__graph* graph, olstm__graph_proto* proto,
                                    olstm_error* error);
void olstm__graph_edit_deinit(olstm__graph_edit* edit);

/// The node of the file that makes a value; NULL when the file has no such node.
olstm__node_proto* olstm__graph_edit_producer(const olstm__graph_edit* edit,
                                              int32_t value);

/// Decides what is written. Of what a recurrent layer replaces, all is written, or
/// nothing.
olstm_status olstm__graph_edit_judge(olstm__graph_edit* edit, olstm_error* error);

/// Writes it to the file.
olstm_status olstm__graph_edit_apply(olstm__graph_edit* edit, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_GRAPH_EDIT_H_
