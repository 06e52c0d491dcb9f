// Follows the rows of a batch through a program: from inputs and state slots to outputs
// and next values. Decides whether rows stay apart, and where the batch is.
#ifndef OLSTM_RUNTIME_STREAMS_ROW_TRACE_H_
#define OLSTM_RUNTIME_STREAMS_ROW_TRACE_H_

#include "runtime/streams/row_rules.h"

typedef struct olstm__row_trace {
  /// Whether all shapes could be inferred, whatever else went wrong.
  bool is_inferred;
  /// Whether rows may be computed together; if not, why: "" or a line.
  bool is_apart;
  char reason[OLSTM_ERROR_CAPACITY];
  /// The batch axis of each input and output of the program, state slots included; -1:
  /// none. Inputs are the caller's to set before, slots to be set here.
  int32_t* input_axes;
  int32_t* output_axes;
  /// The desc of each output with OLSTM__TRACE_ROWS_A rows; dtype UNDEFINED where only
  /// data can tell.
  olstm_tensor_desc* output_descs;
  /// Per output of the session: the axis that the caller named, or negative. It serves
  /// where only data can tell the shape.
  const int32_t* named_outputs;
  /// As the model declares them: serve there as well, where a dimension has the name that
  /// the batch axis of an input has.
  const olstm_value_info* declared_outputs;
} olstm__row_trace;

/// Traces the rows of a program.
///
/// inputs: those of the program with OLSTM__TRACE_ROWS_A and with OLSTM__TRACE_ROWS_B
/// rows, as for olstm__plan_describe. Errors: UNSUPPORTED (names a node that mixes rows,
/// or branches on what is in them; or an output without a batch axis), and those of
/// olstm__plan_describe.
olstm_status olstm__row_trace_run(olstm__program* program, const olstm_tensor* inputs_a,
                                  const olstm_tensor* inputs_b, olstm__row_trace* trace,
                                  olstm_error* error);

#endif  // OLSTM_RUNTIME_STREAMS_ROW_TRACE_H_
