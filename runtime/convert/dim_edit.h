// The edits of a file that open a dimension: shapes and constants without its size, and
// what is declared of values.
#ifndef OLSTM_RUNTIME_CONVERT_DIM_EDIT_H_
#define OLSTM_RUNTIME_CONVERT_DIM_EDIT_H_

#include "runtime/convert/dim_declare.h"

/// An edit in progress.
typedef struct olstm__dim_edit {
  olstm__dim_opening* opening;
  olstm__opened_name opened;
  /// Names of values: the size as a list of one number, made when it is needed.
  char* size;
  olstm__build_list unused;
  /// Why a fix cannot be made; NULL when there is no memory.
  const char* refusal;
  /// The graph, and nodes, as they were.
  olstm__graph_proto before;
  struct olstm__changed_node* changed;
  size_t changed_count, changed_capacity;
} olstm__dim_edit;

/// A node, as it was.
struct olstm__changed_node {
  olstm__node_proto* proto;
  olstm__node_proto before;
};

/// Does what opening->walk found to be done, writes what is declared of inputs and
/// outputs, and tidies up. name: of the dimension, where it has none.
///
/// *out_is_done is false when it cannot be done after all: edit->refusal is why, at
/// opening->walk.obstacle. Errors: OUT_OF_MEMORY.
olstm_status olstm__dim_edit_make(olstm__dim_edit* edit, olstm__dim_opening* opening,
                                  const char* name, bool* out_is_done,
                                  olstm_error* error);

/// Puts the file back.
void olstm__dim_edit_undo(olstm__dim_edit* edit);

#endif  // OLSTM_RUNTIME_CONVERT_DIM_EDIT_H_
