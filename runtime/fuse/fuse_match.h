// Small questions that patterns are made of. Knows ONNX's operators by name, no pattern.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_MATCH_H_
#define OLSTM_RUNTIME_FUSE_FUSE_MATCH_H_

#include "runtime/graph/graph.h"

/// Whether a node (NULL: no) is ONNX's own operator of that type.
bool olstm__match_is(const olstm__graph_node* node, const char* op_type);

/// Whether a node (NULL: no) is the operator of that type that only fusion makes.
bool olstm__match_is_fused(const olstm__graph_node* node, const char* op_type);

/// An integer attribute; `fallback` where the node has none of that name and kind.
int64_t olstm__match_int(const olstm__graph_node* node, const char* name,
                         int64_t fallback);

/// The value behind Identity nodes, or behind Identity and Cast nodes.
int32_t olstm__match_skip_identity(const olstm__graph* graph, int32_t value);
int32_t olstm__match_skip_casts(const olstm__graph* graph, int32_t value);

/// A constant of one element, as an integer (a float one must be whole) or as a double.
bool olstm__match_scalar_int(const olstm__graph* graph, int32_t value,
                             int64_t* out_number);
bool olstm__match_scalar(const olstm__graph* graph, int32_t value, double* out_number);

/// The two inputs of a binary operator behind Identity nodes; false when `value` is not
/// made by one of that name.
bool olstm__match_binary(const olstm__graph* graph, int32_t value, const char* op_type,
                         int32_t out_operands[2]);

/// Whether an integer attribute has that value, or is absent and its default has.
bool olstm__match_int_attribute(const olstm__graph_node* node, const char* name,
                                int64_t fallback, int64_t value);

/// The one axis of a Squeeze or Unsqueeze, attribute or constant input. False for none,
/// several, or a computed one.
bool olstm__match_one_axis(const olstm__graph* graph, const olstm__graph_node* node,
                           int64_t* out_axis);

/// A Slice of one axis in steps of 1, as it is written: negative numbers count from the
/// end.
typedef struct olstm__match_slice {
  int64_t axis, start, end;
} olstm__match_slice;
bool olstm__match_slice_of(const olstm__graph* graph, const olstm__graph_node* node,
                           olstm__match_slice* out_slice);

/// Whether a Slice takes just one element of one axis: [index:index+1], or [-1:]. Both as
/// they are written: negative ones count from the end.
bool olstm__match_slice_of_one(const olstm__graph* graph, const olstm__graph_node* node,
                               int64_t* out_axis, int64_t* out_index);

/// Whether a node is ONNX's LSTM, GRU or RNN with sequences in ONNX's own layout.
bool olstm__match_is_recurrent(const olstm__graph_node* node);

/// An activation in ONNX's words for recurrent cells.
typedef struct olstm__match_activation {
  const char* name;
  bool takes_alpha, takes_beta;
  float alpha, beta;
} olstm__match_activation;

/// Peels the activation off a value, be it one node or hard_sigmoid written out:
/// *out_inner is what it is applied to. What is no activation is the linear one (Affine 1
/// x + 0) applied to itself.
void olstm__match_activation_of(const olstm__graph* graph, int32_t value,
                                olstm__match_activation* out_activation,
                                int32_t* out_inner);

/// The terms that a condition joins by And, behind Identity nodes; constants that are
/// true are left out. False when there are more than `capacity`.
bool olstm__match_terms(const olstm__graph* graph, int32_t value, size_t capacity,
                        int32_t* out_terms, size_t* out_count);

/// A choice by a mask: Where(mask, new, old), or Cast(mask) * new + Cast(Not(mask)) *
/// old, as tf2onnx writes tf.where. `old` is given; false when `value` is no such choice.
bool olstm__match_select(const olstm__graph* graph, int32_t value, int32_t old,
                         int32_t* out_mask, int32_t* out_new);

/// Adds a Squeeze or Unsqueeze of one axis; returns its output, NO_VALUE when there is no
/// memory.
int32_t olstm__fuse_add_axis_node(olstm__graph* graph, const char* op_type, int32_t input,
                                  int64_t axis);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_MATCH_H_
