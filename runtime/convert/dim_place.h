// Follows one dimension of a model's inputs (the batch, or time) through its nodes: in
// which dimension of each value it is, and where a node has its size baked in, with what
// is to be done about it. Knows shapes of operators; what an operator computes is not its
// matter.
#ifndef OLSTM_RUNTIME_CONVERT_DIM_PLACE_H_
#define OLSTM_RUNTIME_CONVERT_DIM_PLACE_H_

#include "runtime/convert/dim_rule.h"

/// Goes through all nodes. False when there is an obstacle, or, with `obstacle` NULL, no
/// memory.
bool olstm__dim_walk_through(olstm__dim_walkthrough* walk);

#endif  // OLSTM_RUNTIME_CONVERT_DIM_PLACE_H_
