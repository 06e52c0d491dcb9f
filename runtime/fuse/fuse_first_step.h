// Keeps the first step of unrolled layers whole while constants are folded: from a
// constant initial state, its product with the recurrent weights would become a constant,
// and the step no longer be seen.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_FIRST_STEP_H_
#define OLSTM_RUNTIME_FUSE_FUSE_FIRST_STEP_H_

#include "runtime/graph/graph.h"

/// Which products of matrices are not folded.
typedef enum olstm__kept_products {
  /// All: before the first folding, which tells what is constant.
  OLSTM__KEEP_PRODUCTS,
  /// Those of constants that may belong to a first step: other steps have the same
  /// weights.
  OLSTM__KEEP_FIRST_STEPS,
  /// None: when layers have been recognised.
  OLSTM__KEEP_NOTHING
} olstm__kept_products;

/// Sets is_kept of the nodes of a graph and of the branches of its Ifs.
void olstm__fuse_keep(olstm__graph* graph, olstm__kept_products which);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_FIRST_STEP_H_
