// Makes a kind of step: its plans, and which of them to take for how many rows.
#ifndef OLSTM_RUNTIME_STREAMS_STEP_PLAN_H_
#define OLSTM_RUNTIME_STREAMS_STEP_PLAN_H_

#include "runtime/streams/step_kind.h"

/// Makes a kind: traces rows, and plans for one.
///
/// step: the inputs of one stream (borrowed for the call); axes: the batch axes of the
/// session's inputs; named_outputs: see olstm__row_trace; both borrowed. limits:
/// borrowed; a run's. largest: most rows that it will have a plan for.
/// Errors: as olstm__batch_axes_trace and olstm__executor_prepare. Memory: the caller
/// owns *out_kind: olstm__step_kind_destroy.
olstm_status olstm__step_kind_create(olstm_session* session, olstm__run_limits* limits,
                                     const olstm_tensor_desc* step, const int32_t* axes,
                                     const int32_t* named_outputs, size_t largest,
                                     olstm__step_kind** out_kind, olstm_error* error);

/// Plans for up to so many rows, or the most that the kind may have: tries the new sizes
/// against rows alone, all of them where is_thorough is set, measures them, and decides
/// anew which to take for how many rows. Errors: as olstm__executor_prepare.
olstm_status olstm__step_kind_extend(olstm__step_kind* kind, size_t rows,
                                     bool is_thorough, olstm_error* error);

#endif  // OLSTM_RUNTIME_STREAMS_STEP_PLAN_H_
