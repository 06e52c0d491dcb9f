// Turns whatever exporters write for a recurrent layer into a recurrent node.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_RECURRENT_H_
#define OLSTM_RUNTIME_FUSE_FUSE_RECURRENT_H_

#include "runtime/graph/graph.h"

/// Runs the passes for loops, unrolled steps, masks and last steps over a main graph
/// whose constant nodes are folded, and sorts it. Errors: OUT_OF_MEMORY.
olstm_status olstm__fuse_recurrent(olstm__graph* graph, olstm_error* error);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_RECURRENT_H_
