// One kind of step of a table of streams (a set of shapes): its plans for 1, 2, 4, ...
// rows, each bound to an executor, and which of them to take for how many rows. Knows
// nothing of streams.
#ifndef OLSTM_RUNTIME_STREAMS_STEP_KIND_H_
#define OLSTM_RUNTIME_STREAMS_STEP_KIND_H_

#include "base/arena.h"
#include "runtime/execute/executor.h"
#include "runtime/streams/batch_axes.h"
#include "runtime/streams/row_layout.h"

/// 1, 2, 4, ... 4096, and the largest itself.
enum { OLSTM__MOST_BATCH_SIZES = 14, OLSTM__LARGEST_BATCH = 4096 };

/// A plan for one batch size, bound to an executor.
typedef struct olstm__batch_size {
  size_t rows;
  olstm__executor* executor;
  /// All inputs of the program, in buffers that the kind owns; and those that a run
  /// reads, which may point to other buffers.
  olstm_tensor* inputs;
  olstm_tensor* run_inputs;
  /// All outputs of the program, set by a run.
  olstm_tensor* outputs;
  /// Measured time of one run.
  int64_t nanoseconds;
} olstm__batch_size;

typedef struct olstm__step_kind {
  olstm_session* session;
  olstm__run_limits* limits;
  /// The inputs of one stream; data is NULL.
  olstm_tensor* step;
  /// Row layouts of the program's inputs and outputs. An output whose shape is not known
  /// before the run (its desc has dtype UNDEFINED) has only an axis.
  olstm__row_layout* inputs;
  olstm__row_layout* outputs;
  /// The descs of outputs of one row alone, which may have no batch axis (a Squeeze takes
  /// what is 1), and of several, with any number of rows.
  olstm_tensor_desc* output_rows;
  olstm_tensor_desc* output_stacks;
  /// Whether rows are computed together; else why not.
  olstm__row_trace trace;
  size_t size_count;
  olstm__batch_size sizes[OLSTM__MOST_BATCH_SIZES];
  /// For 0 ... largest rows: index of the size to run next, and the least time in which
  /// all of the rows can be computed.
  uint8_t* choices;
  int64_t* best;
  /// The largest batch size that has a plan, and the largest that may get one.
  size_t largest, wanted;
  /// The batch axes of the session's inputs.
  const int32_t* axes;
  /// When it ran last, for dropping kinds.
  uint64_t last_use;
  /// Holds all arrays and buffers.
  olstm__arena memory;
} olstm__step_kind;

/// NULL is legal.
void olstm__step_kind_destroy(olstm__step_kind* kind);

/// The size to take when so many rows (at least 1) are left.
static inline olstm__batch_size* olstm__step_kind_choose(olstm__step_kind* kind,
                                                         size_t rows) {
  return &kind->sizes[kind->choices[rows < kind->largest ? rows : kind->largest]];
}

/// Runs with size->run_inputs and size->outputs. Errors: as olstm__executor_run.
olstm_status olstm__step_kind_run(olstm__step_kind* kind, olstm__batch_size* size,
                                  const olstm_parallel* parallel, olstm_error* error);

/// Starts counting the work of a run of so many rows: each may take what a context's run
/// may.
void olstm__step_kind_start_limits(const olstm__step_kind* kind, size_t rows);

/// Bytes of its buffers, those of the executors included.
size_t olstm__step_kind_bytes(const olstm__step_kind* kind);

#endif  // OLSTM_RUNTIME_STREAMS_STEP_KIND_H_
