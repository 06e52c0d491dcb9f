// Finds the batch axis of each input of a session: the one that the batch of its stateful
// nodes comes from.
#ifndef OLSTM_RUNTIME_STREAMS_BATCH_AXES_H_
#define OLSTM_RUNTIME_STREAMS_BATCH_AXES_H_

#include "runtime/session.h"
#include "runtime/streams/row_trace.h"

enum {
  /// The caller named no axis.
  OLSTM__AXIS_UNKNOWN = -2
};

/// Writes the inputs of a program for so many rows: the session's, as `step` has them for
/// one, and its state slots, of dtype UNDEFINED where inference tells their shape.
void olstm__batch_inputs(const olstm_session* session, const olstm_tensor_desc* step,
                         const int32_t* axes, int64_t rows, olstm_tensor* out_inputs);

/// Finds the batch axes.
///
/// step: shapes of a step of one stream; NULL: those that the model declares, with sizes
/// made up for its symbolic dimensions. axes: for each input of the session the one that
/// the caller named, -1 for a shared input, or OLSTM__AXIS_UNKNOWN; set to those found.
/// trace: the trace with them. out_made_up: the size that served for symbolic dimensions.
/// Errors: UNSUPPORTED (names the input whose batch is fixed, and see
/// olstm__row_trace_run), and those of olstm__plan_describe.
olstm_status olstm__batch_axes_find(const olstm_session* session,
                                    const olstm_tensor_desc* step, int32_t* axes,
                                    olstm__row_trace* trace, int64_t* out_made_up,
                                    olstm_error* error);

/// Traces a program with known axes for a step.
olstm_status olstm__batch_axes_trace(const olstm_session* session,
                                     const olstm_tensor_desc* step, const int32_t* axes,
                                     olstm__row_trace* trace, olstm_error* error);

#endif  // OLSTM_RUNTIME_STREAMS_BATCH_AXES_H_
