// Reductions of floats, by op/math/float_fold.h and in pieces for several threads.
#ifndef OLSTM_OP_REDUCE_REDUCE_FLOAT_H_
#define OLSTM_OP_REDUCE_REDUCE_FLOAT_H_

#include "olstm/plugin.h"
#include "op/reduce/reduce_axes.h"

/// Bytes of workspace that olstm__reduce_float_run needs: threads may share one long row.
size_t olstm__reduce_float_workspace(const olstm__reduce_walk* walk);

/// Computes the walk of a float tensor. Results depend on its shape alone. [no-alloc]
void olstm__reduce_float_run(const olstm__reduce_walk* walk,
                             const olstm_parallel* parallel, const float* x, float* y,
                             double* workspace);

#endif  // OLSTM_OP_REDUCE_REDUCE_FLOAT_H_
