// A reduction over any set of axes: prepared once, run often. Knows shapes and the fold,
// not where the axes come from.
#ifndef OLSTM_OP_REDUCE_REDUCE_WALK_H_
#define OLSTM_OP_REDUCE_REDUCE_WALK_H_

#include "olstm/plugin.h"
#include "op/reduce/reduce_axes.h"

/// Plans the reduction of the axes whose bit is set.
void olstm__reduce_walk_init(olstm__reduce_walk* walk, olstm__reduce_code code,
                             const olstm_tensor_desc* x, uint32_t axes);

/// Bytes of workspace that a run needs.
size_t olstm__reduce_walk_workspace(const olstm__reduce_walk* walk);

/// Computes; y has x's dtype. Results depend on the shape alone, not on `parallel`, which
/// is NULL for one thread. [no-alloc]
void olstm__reduce_walk_run(const olstm__reduce_walk* walk,
                            const olstm_parallel* parallel, const void* x, void* y,
                            void* workspace);

#endif  // OLSTM_OP_REDUCE_REDUCE_WALK_H_
