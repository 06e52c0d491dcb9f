// Predicates and matchers that patterns are built from. Knows ONNX's operators by name;
// knows no pattern.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_MATCH_H_
#define OLSTM_RUNTIME_FUSE_FUSE_MATCH_H_

#include "runtime/graph/graph.h"

/// Whether a node is an operator of ONNX's own domain of that type. NULL: no.
bool olstm__match_is(const olstm__graph_node* node, const char* op_type);

/// Whether a node is an operator of domain olstm.fused of that type. NULL: no.
bool olstm__match_is_fused(const olstm__graph_node* node, const char* op_type);

/// The value of an integer attribute; `fallback` when the node has none of that name and
/// kind.
int64_t olstm__match_int(const olstm__graph_node* node, const char* name,
                         int64_t fallback);

/// Follows Identity nodes, or Identity and Cast nodes, back to their input.
int32_t olstm__match_skip_identity(const olstm__graph* graph, int32_t value);
int32_t olstm__match_skip_casts(const olstm__graph* graph, int32_t value);

/// Reads a constant of one element, as an integer (a float must be integral) or as a
/// double.
bool olstm__match_scalar_int(const olstm__graph* graph, int32_t value,
                             int64_t* out_number);
bool olstm__match_scalar(const olstm__graph* graph, int32_t value, double* out_number);

/// Element `index` of a tensor, when it is a whole number.
bool olstm__match_whole_element(const olstm_tensor* tensor, int64_t index,
                                int64_t* out_number);

/// As a double, when it leaves the two dimensions of what it is added to: [N,H] of cells.
bool olstm__match_cell_scalar(const olstm__graph* graph, int32_t value,
                              double* out_number);

/// Whether a constant has no dimensions: as a list of one, it would give what it is added
/// to, or chooses from, one more.
bool olstm__match_has_no_dims(const olstm__graph* graph, int32_t value);

/// The two inputs of a binary operator, behind Identity nodes; false when `value` is not
/// computed by an operator of that type.
bool olstm__match_binary(const olstm__graph* graph, int32_t value, const char* op_type,
                         int32_t out_operands[2]);

/// Whether an integer attribute has that value; an absent one has the value `fallback`.
bool olstm__match_int_attribute(const olstm__graph_node* node, const char* name,
                                int64_t fallback, int64_t value);

/// The axis of a Squeeze or Unsqueeze of one axis, from attribute or constant input.
/// False for none, several, or a computed one.
bool olstm__match_one_axis(const olstm__graph* graph, const olstm__graph_node* node,
                           int64_t* out_axis);

/// The axes of a node, from attribute or constant input, at most OLSTM_MAX_RANK. False
/// for none and for computed ones.
bool olstm__match_axes(const olstm__graph* graph, const olstm__graph_node* node,
                       int64_t out_axes[OLSTM_MAX_RANK], size_t* out_count);

/// A Slice in steps of 1 that cuts one axis; others that it lists are taken as they are.
/// Negative numbers count from the end, as in the model.
typedef struct olstm__match_slice {
  int64_t axis, start, end;
} olstm__match_slice;
bool olstm__match_slice_of(const olstm__graph* graph, const olstm__graph_node* node,
                           olstm__match_slice* out_slice);

/// Whether a Slice takes one element of one axis: [index:index+1], or [-1:]. Negative
/// axis and index count from the end.
bool olstm__match_slice_of_one(const olstm__graph* graph, const olstm__graph_node* node,
                               int64_t* out_axis, int64_t* out_index);

/// Whether two tensors are one, or have the same dtype, shape and bytes.
bool olstm__match_same_tensor(const olstm_tensor* a, const olstm_tensor* b);

/// Whether a node is ONNX's LSTM, GRU or RNN with time-major sequences (layout 0).
bool olstm__match_is_recurrent(const olstm__graph_node* node);

/// Whether a Transpose has this perm; and whether a node (NULL: no) is one between
/// [N,T,x] and [T,N,x].
bool olstm__match_has_perm(const olstm__graph_node* node, const int64_t* perm,
                           size_t count);
bool olstm__match_swaps_sequence(const olstm__graph_node* node);

/// An activation of a recurrent cell, named as ONNX names it.
typedef struct olstm__match_activation {
  const char* name;
  bool takes_alpha, takes_beta;
  float alpha, beta;
} olstm__match_activation;

/// Matches an activation, as one node or as the nodes of a hard sigmoid; *out_inner is
/// its argument. Any other value is Affine (1 x + 0) of itself.
void olstm__match_activation_of(const olstm__graph* graph, int32_t value,
                                olstm__match_activation* out_activation,
                                int32_t* out_inner);

/// The terms of a conjunction (And), behind Identity nodes, without constants that are
/// true. False when there are more than `capacity`.
bool olstm__match_terms(const olstm__graph* graph, int32_t value, size_t capacity,
                        int32_t* out_terms, size_t* out_count);

/// Matches a selection by a mask: Where(mask, new, old), or Cast(mask) * new +
/// Cast(Not(mask)) * old, as tf2onnx exports tf.where. `old` is given; false when `value`
/// is no such selection.
bool olstm__match_select(const olstm__graph* graph, int32_t value, int32_t old,
                         int32_t* out_mask, int32_t* out_new);

/// Adds a Squeeze or Unsqueeze of one axis; returns its output, NO_VALUE when there is no
/// memory.
int32_t olstm__fuse_add_axis_node(olstm__graph* graph, const char* op_type, int32_t input,
                                  int64_t axis);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_MATCH_H_
