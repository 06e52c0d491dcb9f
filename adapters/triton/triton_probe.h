// Trial runs of a session: rows of made-up numbers, alone and together, from the start
// value and from what a run before left.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_PROBE_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_PROBE_H_

#include "triton_traits.h"

enum { OLSTM__TRITON_PROBE_ROWS = 3 };

/// What a trial run gave: the outputs, then the slots. Owned.
typedef struct olstm__triton_trial {
  size_t tensor_count;
  olstm_tensor* tensors;
} olstm__triton_trial;

typedef struct olstm__triton_probe {
  olstm_session* session;
  olstm_context* context;
  const olstm__triton_traits* traits;
  /// The input tensors of a trial. Owned.
  olstm_tensor* inputs;
  olstm_tensor* outputs;
  /// The size of dimensions that the model leaves open, and of the batch axes.
  int64_t length;
  /// What floats are multiplied with; 0 for 1.
  double scale;
  /// The batch axis of each input, where they have one. Owned.
  bool has_axes;
  int32_t* axes;
} olstm__triton_probe;

/// Memory: borrows; olstm__triton_probe_deinit, which takes a zeroed probe, too.
olstm_status olstm__triton_probe_init(olstm__triton_probe* probe, olstm_session* session,
                                      const olstm__triton_traits* traits,
                                      olstm_error* error);
void olstm__triton_probe_deinit(olstm__triton_probe* probe);

/// Runs `step_count` times from the start value, on rows first_row, ... of the made-up
/// data, which differ from row to row and from step to step.
/// Memory: olstm__triton_trial_deinit.   Errors: what the runs say; WRONG_STATE when a
/// slot holds no value afterwards.
olstm_status olstm__triton_probe_run(olstm__triton_probe* probe, int64_t first_row,
                                     int64_t row_count, int step_count,
                                     olstm__triton_trial* out_trial, olstm_error* error);
void olstm__triton_trial_deinit(olstm__triton_trial* trial);

/// Resets the context and prepares it for one row: slots have their start values then.
olstm_status olstm__triton_probe_prepare(olstm__triton_probe* probe, olstm_error* error);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_PROBE_H_
