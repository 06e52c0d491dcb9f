// Ranks of values, and the lists of numbers that shapes are computed from, by walking
// back through a graph. Knows the operators that stand between a graph's inputs and its
// recurrent layers; what it does not know has no known rank.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_RANKS_H_
#define OLSTM_RUNTIME_FUSE_FUSE_RANKS_H_

#include "runtime/graph/graph.h"

/// How many operators one question is followed through in all, and through how many joins
/// of two operands.
enum { OLSTM__WALK_STEPS = 1024, OLSTM__WALK_DEPTH = 8 };

/// One question on its way.
typedef struct olstm__dim_walk {
  const olstm__graph* graph;
  int steps_left;
  // Of nested ranks and lists.
  int depth;
} olstm__dim_walk;

/// One number of a list that shapes are computed from: a number, or, where `root` is a
/// value, its dimension `number`.
typedef struct olstm__dim_item {
  int32_t root;
  int64_t number;
} olstm__dim_item;

typedef struct olstm__dim_list {
  size_t count;
  /// Of a shape whose rank is not known: how many there are is not.
  bool is_open;
  olstm__dim_item items[OLSTM_MAX_RANK];
} olstm__dim_list;

/// The rank of a value, -1 when it is not known.
int32_t olstm__walk_rank(olstm__dim_walk* walk, int32_t value);

/// The numbers of a scalar or a list that is computed from shapes and constants. False
/// when it is anything else.
bool olstm__walk_list(olstm__dim_walk* walk, int32_t value, olstm__dim_list* out);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_RANKS_H_
