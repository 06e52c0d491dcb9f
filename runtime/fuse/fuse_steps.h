// Recognises single steps of a sequence, as exporters take them: with Gather, or with
// Split or Slice and a Squeeze.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_STEPS_H_
#define OLSTM_RUNTIME_FUSE_FUSE_STEPS_H_

#include "runtime/graph/graph.h"

/// Step `step` of dimension `axis` of a sequence.
typedef struct olstm__sequence_step {
  int32_t sequence;
  int64_t axis, step;
} olstm__sequence_step;

/// Matches a single step of axis 0 or 1 of a sequence.
bool olstm__match_step(const olstm__graph* graph, int32_t value,
                       olstm__sequence_step* out_step);

/// The number of steps of the sequence; -1 when unknown.
int64_t olstm__sequence_step_count(const olstm__graph* graph,
                                   const olstm__sequence_step* at);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_STEPS_H_
