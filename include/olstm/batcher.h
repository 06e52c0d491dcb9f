// Makes batches of the steps that any number of threads bring to the streams of a table
// (olstm/streams.h).
//
//   #define OLSTM_EXPERIMENTAL_STREAMS
//   #include "olstm/batcher.h"
//
//   olstm_batcher* batcher;    olstm_batcher_create(streams, NULL, &batcher, &error);
//   olstm_stream caller;       olstm_batcher_open_stream(batcher, &caller, &error);
//   olstm_batcher_run(batcher, caller, &input, 1, &output, 1, &error);     // waits, or
//   olstm_batcher_submit(batcher, caller, &input, 1, on_done, user, &error);
//   olstm_batcher_shutdown(batcher, OLSTM_SHUTDOWN_DRAIN, NULL, NULL);
//   olstm_batcher_destroy(batcher);
//
// A batcher has one thread, which computes and calls back; it sleeps while there is
// nothing to do. The steps of a stream are computed in the order in which they were
// submitted, one at a time. The bits of a stream's results are those of the stream alone.
//
// This header may still change: define OLSTM_EXPERIMENTAL_STREAMS to say that you know.
#ifndef OLSTM_BATCHER_H_
#define OLSTM_BATCHER_H_

#include "olstm/streams.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct olstm_batcher olstm_batcher;

/// What a batcher shall be like. Init with olstm_batcher_options_init; nothing is kept of
/// it after create.
typedef struct olstm_batcher_options {
  size_t struct_size;
  /// Steps that make a full batch, which starts at once; so does one that has a step of
  /// every open stream. Default 0: the table's largest_batch.
  size_t max_batch;
  /// How long the oldest step waits for others, in microseconds; 0: not at all, and what
  /// has come meanwhile runs together. Default 1000.
  uint64_t max_wait_us;
  /// Steps that may wait, those that are being computed included; QUEUE_FULL beyond.
  /// Default 4096; at least 1.
  size_t queue_capacity;
} olstm_batcher_options;

/// Writes the defaults to a struct of `struct_size` bytes, which is what a caller in
/// another language passes; C and C++ take olstm_batcher_options_init, which knows its
/// own size.
OLSTM_API void olstm_batcher_options_init_sized(olstm_batcher_options* options,
                                                size_t struct_size);
static inline void olstm_batcher_options_init(olstm_batcher_options* options) {
  olstm_batcher_options_init_sized(options, sizeof *options);
}

/// Starts a batcher, and its thread, for a table.
///
/// streams: borrowed until the batcher is destroyed; meanwhile it is reached through the
/// batcher alone. options: NULL for the defaults. Errors: INVALID_ARGUMENT,
/// OUT_OF_MEMORY, BACKEND_ERROR (the system starts no more threads).
/// Memory: the caller owns *out_batcher: olstm_batcher_destroy, before the table.
OLSTM_API olstm_status olstm_batcher_create(olstm_streams* streams,
                                            const olstm_batcher_options* options,
                                            olstm_batcher** out_batcher,
                                            olstm_error* error);

/// What olstm_batcher_shutdown does with steps that are waiting.
enum {
  /// They are computed first.
  OLSTM_SHUTDOWN_DRAIN = 0,
  /// They end with CANCELLED; those that are being computed are finished.
  OLSTM_SHUTDOWN_CANCEL = 1
};

/// Takes no more steps, and returns when every one that was taken has its result, and no
/// callback runs any more. A second call has nothing left to do.
///
/// out_cancelled: how many steps ended with CANCELLED; may be NULL. Errors: WRONG_STATE
/// from within a callback, INVALID_ARGUMENT (mode). [any-thread]
OLSTM_API olstm_status olstm_batcher_shutdown(olstm_batcher* batcher, int32_t mode,
                                              size_t* out_cancelled, olstm_error* error);

/// Shuts down with OLSTM_SHUTDOWN_CANCEL unless that was done, and frees. The table stays
/// as it is, its streams open. No other call may be on its way. Not from within a
/// callback. NULL is legal.
OLSTM_API void olstm_batcher_destroy(olstm_batcher* batcher);

// ---------------------------------------------------------------- steps

/// Gets the result of one step: called exactly once for each step that was taken.
///
/// status: OK; CANCELLED by a shutdown; or why this step failed, its stream being as
/// before then. outputs: the session's, with a batch axis of 1, borrowed until the
/// callback returns; NULL unless status is OK. error: what was wrong, never NULL.
/// Threads: the batcher's own, with none of its locks held; the batcher computes nothing
/// meanwhile, so be quick. A callback may submit, open streams, and call
/// olstm_batcher_get_info; a call that would have to wait for the batcher (run, borrow,
/// close_stream, shutdown) gets WRONG_STATE.
typedef void (*olstm_step_callback)(void* user, olstm_status status,
                                    const olstm_tensor* outputs, size_t output_count,
                                    const olstm_error* error);

/// Submits one step of a stream, and returns at once.
///
/// inputs: the session's, with a batch axis of 1; checked, and copied.
/// Errors: QUEUE_FULL (try again when a result has come), WRONG_STATE (after shutdown),
/// INVALID_ARGUMENT (counts, NULL, a handle of an index that this table does not have),
/// SHAPE_MISMATCH, DTYPE_MISMATCH, OUT_OF_MEMORY; the callback is not called then. A
/// handle that is closed, or another table's, is found out when its turn has come: it
/// ends the step with INVALID_ARGUMENT.
/// [any-thread]
OLSTM_API olstm_status olstm_batcher_submit(olstm_batcher* batcher, olstm_stream stream,
                                            const olstm_tensor* inputs,
                                            size_t input_count,
                                            olstm_step_callback callback, void* user,
                                            olstm_error* error);

/// Submits one step of a stream, and waits for its result.
///
/// outputs: the caller's buffers: desc and data set (data NULL for an output that is not
/// wanted). Errors: as olstm_batcher_submit, and those of the step; SHAPE_MISMATCH and
/// DTYPE_MISMATCH of an output when the step has been computed: the stream has moved on
/// then. [any-thread] but not from within a callback.
OLSTM_API olstm_status olstm_batcher_run(olstm_batcher* batcher, olstm_stream stream,
                                         const olstm_tensor* inputs, size_t input_count,
                                         olstm_tensor* outputs, size_t output_count,
                                         olstm_error* error);

// ---------------------------------------------------------------- streams

/// Opens a stream of the table; waits for a batch that is being computed.
/// Errors: LIMIT_EXCEEDED (the table is full). [any-thread]
OLSTM_API olstm_status olstm_batcher_open_stream(olstm_batcher* batcher,
                                                 olstm_stream* out_stream,
                                                 olstm_error* error);

/// Closes a stream when the steps that were submitted for it before are done. Errors:
/// INVALID_ARGUMENT (not open), WRONG_STATE. [any-thread]
OLSTM_API olstm_status olstm_batcher_close_stream(olstm_batcher* batcher,
                                                  olstm_stream stream,
                                                  olstm_error* error);

/// Borrows the table, for all that olstm/streams.h can do with it: state, reset, clone,
/// save, load. Waits until the steps that were submitted for `stream` before are done
/// (0: only for a batch that is being computed). Nothing is computed until
/// olstm_batcher_give_back, which the same thread must call soon, and before any other
/// function of the batcher. Errors: WRONG_STATE (from within a callback); nothing is to
/// be given back then. [any-thread]
OLSTM_API olstm_status olstm_batcher_borrow(olstm_batcher* batcher, olstm_stream stream,
                                            olstm_streams** out_streams,
                                            olstm_error* error);
OLSTM_API void olstm_batcher_give_back(olstm_batcher* batcher);

// ---------------------------------------------------------------- looking inside

typedef struct olstm_batcher_info {
  size_t struct_size;
  /// Steps that are waiting or being computed.
  size_t queued_count;
  /// Since create: steps that were taken, and how they ended.
  uint64_t submitted_count;
  uint64_t done_count;
  uint64_t failed_count;
  uint64_t cancelled_count;
  /// Batches that were computed, repetitions row by row not counted.
  uint64_t batch_count;
} olstm_batcher_info;

/// Writes what a batcher has done so far to a struct of `struct_size` bytes (see
/// olstm_batcher_options_init_sized). [any-thread]
OLSTM_API void olstm_batcher_get_info_sized(olstm_batcher* batcher,
                                            olstm_batcher_info* out_info,
                                            size_t struct_size);
static inline void olstm_batcher_get_info(olstm_batcher* batcher,
                                          olstm_batcher_info* out_info) {
  olstm_batcher_get_info_sized(batcher, out_info, sizeof *out_info);
}

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_BATCHER_H_
