// A chain of unrolled cells (found by fuse_chain.c), and the recurrent node that replaces
// it.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_CHAIN_NODE_H_
#define OLSTM_RUNTIME_FUSE_FUSE_CHAIN_NODE_H_

#include "runtime/fuse/fuse_cell.h"
#include "runtime/fuse/fuse_steps.h"

enum { OLSTM__CHAIN_MAX = 4096 };

/// A cell, and the step of the sequence that is its input.
typedef struct olstm__chain_link {
  olstm__cell_match cell;
  /// Whether x is a step of a sequence, as it is in chains of more than one cell.
  bool is_step;
  olstm__sequence_step at;
  int32_t old_h, new_h;
} olstm__chain_link;

/// Cells with the same weights, in the order of execution.
typedef struct olstm__chain {
  size_t count;
  int32_t new_h[OLSTM__CHAIN_MAX], new_c[OLSTM__CHAIN_MAX];
  olstm__chain_link first, last;
  /// Whether the sequence begins before the chain, and the chain's first states are
  /// computed from that: by steps that are no cells as its own are.
  bool goes_on;
  /// Per node, whether it belongs to the chain. Nodes added since the search began (index
  /// >= node_count) do not.
  bool* is_own;
  int32_t node_count;
} olstm__chain;

/// Whether a node belongs to a chain.
static inline bool olstm__chain_owns(const olstm__chain* c, int32_t node) {
  return node < c->node_count && c->is_own[node];
}

/// Adds the recurrent node, and replaces the uses of the chain's results by the node's.
/// False when there is no memory.
bool olstm__chain_replace(olstm__graph* graph, const olstm__chain* c);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_CHAIN_NODE_H_
