// A chain of unrolled cells, between the search for it (fuse_chain.c) and the recurrent
// node that takes its place (fuse_chain_node.c).
#ifndef OLSTM_RUNTIME_FUSE_FUSE_CHAIN_H_
#define OLSTM_RUNTIME_FUSE_FUSE_CHAIN_H_

#include "runtime/fuse/fuse_cell.h"

enum { OLSTM__CHAIN_MAX = 4096 };

/// Step `step` of dimension `axis` of a sequence.
typedef struct olstm__sequence_step {
  int32_t sequence;
  int64_t axis, step;
} olstm__sequence_step;

/// A cell, and what it takes its input from.
typedef struct olstm__chain_link {
  olstm__cell_match cell;
  olstm__sequence_step at;
  int32_t old_h, new_h;
} olstm__chain_link;

/// Cells in the order in which they run; all have the same weights.
typedef struct olstm__chain {
  size_t count;
  int32_t new_h[OLSTM__CHAIN_MAX], new_c[OLSTM__CHAIN_MAX];
  olstm__chain_link first, last;
  /// Nodes that belong to it, by index; those added since the search began do not.
  bool* is_own;
  int32_t node_count;
} olstm__chain;

/// Whether a node belongs to a chain.
bool olstm__chain_owns(const olstm__chain* c, int32_t node);

/// The number of steps that is known of a sequence, or -1.
int64_t olstm__chain_step_count(const olstm__graph* graph,
                                const olstm__sequence_step* at);

/// Adds the recurrent node and lets whoever used the chain's results use its own. False
/// when there is no memory.
bool olstm__chain_replace(olstm__graph* graph, const olstm__chain* c);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_CHAIN_H_
