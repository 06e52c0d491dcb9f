// The struct behind olstm_streams: a table with a row of every state slot for each
// stream, and the kinds of steps that run on it.
//
// Each stream has two copies of its rows: a run writes to the one that is not valid, and
// they change places when all of the run has succeeded.
#ifndef OLSTM_RUNTIME_STREAMS_STREAM_TABLE_H_
#define OLSTM_RUNTIME_STREAMS_STREAM_TABLE_H_

#define OLSTM_EXPERIMENTAL_STREAMS
#include "olstm/streams.h"

#include "runtime/state/state.h"
#include "runtime/streams/step_kind.h"

/// An entry of the table: the stream that is open at its index, or none.
typedef struct olstm__stream_record {
  /// The generation in the handle of the stream that is open here, or of the next one to
  /// be opened here.
  uint32_t generation;
  /// Index of the next free entry; SIZE_MAX for none.
  size_t next_free;
  /// Number of the last run that included the stream.
  uint64_t run;
  bool is_open;
  /// Which copy of its rows is valid.
  uint8_t valid;
} olstm__stream_record;

/// A buffer that grows; what it holds is lent until the table's next call.
typedef struct olstm__lent_buffer {
  char* data;
  size_t capacity;
  size_t used;
} olstm__lent_buffer;

/// Where the result of one output goes: a row's, or that of all rows.
typedef struct olstm__stream_result {
  olstm_tensor_desc desc;
  /// The caller's buffer; or NULL, and bytes from `offset` on of the output's lent one.
  char* data;
  size_t offset;
} olstm__stream_result;

struct olstm_streams {
  olstm_session* session;
  /// Holds all that has its size from the beginning.
  olstm__arena memory;
  olstm__run_limits limits;
  size_t capacity;
  size_t open_count;
  size_t largest;
  olstm__stream_record* records;
  size_t first_free;
  /// For every slot, internal ones included: its desc for one stream, the layout of its
  /// rows, and its offset in a copy of a stream's rows; copy_bytes is the size of a copy.
  size_t slot_count;
  olstm_tensor_desc* slots;
  olstm__row_layout* slot_rows;
  size_t* slot_offsets;
  size_t copy_bytes;
  /// Start values of all slots, laid out as one copy of a stream's rows.
  char* start;
  char* rows;
  /// is_set[stream * slot_count + slot]: whether it holds a value.
  uint8_t* is_set;
  /// Scratch states of one row: olstm_streams_* functions that contexts have too (get,
  /// set, save, ...) work on them.
  olstm__states scratch;
  /// Batch axes of the session's inputs and outputs; the latter as the caller named them.
  int32_t* axes;
  int32_t* named_outputs;
  /// Of the first kind of step.
  int32_t* output_axes;
  char reason[OLSTM_ERROR_CAPACITY];
  /// Kinds of steps. Of each the plans that the session's caches made room for.
  size_t kind_count, kind_capacity;
  olstm__step_kind** kinds;
  size_t more_plans;
  /// Number of runs: the source of last_use, and of olstm__stream_record.run.
  uint64_t run_count;
  /// Buffers of outputs that the caller brings none for.
  olstm__lent_buffer* lent;
  /// For a run of as many streams as fit: the order in which they are computed, and the
  /// results of each.
  size_t item_capacity;
  size_t* order;
  olstm__stream_result* results;
};

/// The index of an open stream's entry. Errors: INVALID_ARGUMENT.
olstm_status olstm__stream_find(const olstm_streams* streams, olstm_stream stream,
                                size_t* out_index, olstm_error* error);

/// A copy of a stream's rows: the valid one, or the other.
static inline char* olstm__stream_copy(const olstm_streams* streams, size_t index,
                                       bool is_other) {
  const size_t copy = 2 * index + (streams->records[index].valid ^ is_other);
  return streams->rows + copy * streams->copy_bytes;
}

/// The kind of step with these inputs of one stream; made when there is none yet.
olstm_status olstm__streams_get_kind(olstm_streams* streams,
                                     const olstm_tensor_desc* step,
                                     olstm__step_kind** out_kind, olstm_error* error);

/// Checks the desc of an input of one stream against what the model declares and, when
/// has_axis, for one row in its batch axis. Errors: SHAPE_MISMATCH, DTYPE_MISMATCH.
/// [any-thread]
olstm_status olstm__streams_check_input(const olstm_streams* streams, size_t input,
                                        const olstm_tensor_desc* desc, bool has_axis,
                                        olstm_error* error);

#endif  // OLSTM_RUNTIME_STREAMS_STREAM_TABLE_H_
