// Nodes of ONNX's own operators, made one behind the other. Each function returns the
// node's output; NO_VALUE when there is no memory, which the graph records, or when an
// input is NO_VALUE.
#ifndef OLSTM_RUNTIME_CONVERT_PLAIN_BUILD_H_
#define OLSTM_RUNTIME_CONVERT_PLAIN_BUILD_H_

#include "runtime/graph/graph.h"

/// Where nodes are made, and what their names begin with.
typedef struct olstm__plain_builder {
  olstm__graph* graph;
  const char* name;
} olstm__plain_builder;

/// A node without attributes. b, c: NO_VALUE where it has fewer inputs.
int32_t olstm__plain_node(const olstm__plain_builder* at, const char* op_type, int32_t a,
                          int32_t b, int32_t c);

/// A node with one integer attribute.
int32_t olstm__plain_int_node(const olstm__plain_builder* at, const char* op_type,
                              const char* attribute, int64_t number, int32_t a,
                              int32_t b);

/// Squeeze, Unsqueeze or ReduceSum of one axis; ReduceSum keeps no dimension.
int32_t olstm__plain_axis_node(const olstm__plain_builder* at, const char* op_type,
                               int32_t a, int64_t axis);

/// A dimension of a value, as a list of one number.
int32_t olstm__plain_dim(const olstm__plain_builder* at, int32_t a, int64_t axis);

#endif  // OLSTM_RUNTIME_CONVERT_PLAIN_BUILD_H_
