// The function of one number behind a layer, which the layer's fused node takes along.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_FUNCTION_H_
#define OLSTM_RUNTIME_FUSE_FUSE_FUNCTION_H_

#include "runtime/graph/graph.h"

enum { OLSTM__FUSE_FUNCTION_ATTRIBUTES = 3 };

typedef struct olstm__fuse_function {
  /// NO_VALUE: there is none.
  int32_t node;
  const char* op_type;
  bool has_alpha, has_beta;
  float alpha, beta;
} olstm__fuse_function;

/// Finds the function that is the only use of `value`, whose dtype is float or double:
/// one of real numbers (OLSTM__TRAIT_REAL_FUNCTION), or a Clip between constants. Nodes
/// that ONNX does not allow are none: they are refused when they are created.
olstm__fuse_function olstm__fuse_match_function(const olstm__graph* graph, int32_t value,
                                                olstm_dtype dtype);

/// Writes the attributes that op/elementwise/fused_function.h reads, of which there are
/// at most OLSTM__FUSE_FUNCTION_ATTRIBUTES; returns how many. They live as long as the
/// graph, which remembers when there is no memory.
size_t olstm__fuse_add_function(olstm__graph* graph, const olstm__fuse_function* function,
                                olstm_attribute* attributes);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_FUNCTION_H_
