// The recurrent layers of a model's main graph, with their nodes in the file, for edits
// of their states.
#ifndef OLSTM_RUNTIME_CONVERT_LAYER_LIST_H_
#define OLSTM_RUNTIME_CONVERT_LAYER_LIST_H_

#include "runtime/convert/frozen_values.h"
#include "runtime/convert/graph_edit.h"

/// A layer.
typedef struct olstm__listed_layer {
  const olstm__graph_node* node;
  olstm__node_proto* proto;
  /// h, and c of an LSTM.
  int state_count;
  /// Whether anything depends on its data.
  bool is_needed;
} olstm__listed_layer;

/// An edit of states in progress. Init with olstm__layer_list_open.
typedef struct olstm__layer_list {
  olstm__encode_model* model;
  olstm__scratch_graph scratch;
  olstm__proto_names names;
  olstm__graph_edit edit;
  olstm__frozen_values frozen;
  olstm__listed_layer* layers;
  size_t count;
  /// The graph's Where nodes.
  int32_t* wheres;
  size_t where_count;
  /// To be added to the graph; and names of values that lost a use.
  olstm__build_list inputs, outputs, unused;
} olstm__layer_list;

/// Lists ONNX's own LSTM, GRU and RNN nodes. report: recurrent nodes that are none of
/// these, or in bodies. Errors: those of a load. Memory: olstm__layer_list_close,
/// whatever the result.
olstm_status olstm__layer_list_open(olstm__layer_list* list, olstm__encode_model* model,
                                    olstm__convert_report* report, olstm_error* error);
void olstm__layer_list_close(olstm__layer_list* list);

/// The value that state `state` (0: h, 1: c) of a layer starts from; NO_VALUE for none.
int32_t olstm__layer_initial(const olstm__listed_layer* layer, int state);

/// Sets the name of an input or output of a node of the file, and adds absent ones before
/// it. False when there is no memory.
bool olstm__layer_set_input(olstm__layer_list* list, olstm__node_proto* proto,
                            size_t slot, char* name);
bool olstm__layer_set_output(olstm__layer_list* list, olstm__node_proto* proto,
                             size_t slot, char* name);

/// Whether a node of the graph chooses between what a layer computes and state `state`
/// (0: h, 1: c) that it starts from, as layers with masks do (plain_nodes.h): a Where,
/// whose third input that is, as [D,N,H] or, *out_is_squeezed, as [N,H].
bool olstm__layer_is_choice(const olstm__layer_list* list,
                            const olstm__listed_layer* layer, int state,
                            const olstm__graph_node* node, bool* out_is_squeezed);

/// Whether a Where's second input is what the layer computes: state `state`, or h of its
/// steps.
bool olstm__layer_computes_choice(const olstm__layer_list* list,
                                  const olstm__listed_layer* layer, int state,
                                  const olstm__graph_node* node);

/// The node of the file that a node of the graph was imported from; NULL for none.
olstm__node_proto* olstm__layer_find_proto(const olstm__layer_list* list,
                                           const olstm__graph_node* node);

/// Adds what the list has to the file's graph, and tidies up.
olstm_status olstm__layer_list_apply(olstm__layer_list* list, olstm_error* error);

#endif  // OLSTM_RUNTIME_CONVERT_LAYER_LIST_H_
