// Single steps of a sequence, as exporters cut them out: by Gather, or by Split or Slice
// with a Squeeze behind it.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_STEPS_H_
#define OLSTM_RUNTIME_FUSE_FUSE_STEPS_H_

#include "runtime/graph/graph.h"

/// Step `step` of dimension `axis` of a sequence.
typedef struct olstm__sequence_step {
  int32_t sequence;
  int64_t axis, step;
} olstm__sequence_step;

/// The sequence and step that `value` is; false when it is no single step of axis 0 or 1.
bool olstm__match_step(const olstm__graph* graph, int32_t value,
                       olstm__sequence_step* out_step);

/// The number of steps that is known of a sequence, or -1.
int64_t olstm__sequence_step_count(const olstm__graph* graph,
                                   const olstm__sequence_step* at);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_STEPS_H_
