// Many streams of one session: sequences that are alive at once, each with its own state,
// computed together and kept apart. What a stream gives is, bit for bit, what a context
// of its own would give, whatever company it runs in.
//
//   #define OLSTM_EXPERIMENTAL_STREAMS
//   #include "olstm/streams.h"
//
//   olstm_streams_options options;   olstm_streams_options_init(&options);
//   options.capacity = 1000;
//   olstm_streams* streams;          olstm_streams_create(session, &options, &streams,
//                                                         &error);
//   olstm_stream caller;             olstm_streams_open(streams, &caller, &error);
//   olstm_streams_run(streams, handles, 37, &input, 1, &output, 1, &error);
//
// The session has state (its options stateful or bindings). A table of streams holds a
// row of every state slot for each stream; a run reads and writes the rows of its streams
// alone. One table: one thread at a time. Several tables, and contexts, may share a
// session. olstm/batcher.h makes batches of what any number of threads bring.
//
// This header may still change: define OLSTM_EXPERIMENTAL_STREAMS to say that you know.
#ifndef OLSTM_STREAMS_H_
#define OLSTM_STREAMS_H_

#ifndef OLSTM_EXPERIMENTAL_STREAMS
#error "olstm/streams.h may still change: define OLSTM_EXPERIMENTAL_STREAMS to use it"
#endif

#include "olstm/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------- table

/// A table of streams.
typedef struct olstm_streams olstm_streams;

/// The handle of a stream: an index into the table, and which of the streams that have
/// had that index one after the other. The handle of a closed stream is never given
/// again. 0 is no stream's.
typedef uint64_t olstm_stream;

/// A batch axis that the caller names: -1 for an input that all streams of a run share.
typedef struct olstm_batch_axis {
  /// An input or an output of the session.
  const char* name;
  int32_t axis;
} olstm_batch_axis;

/// What a table shall be like. Init with olstm_streams_options_init; nothing is kept of
/// it after create.
typedef struct olstm_streams_options {
  size_t struct_size;
  /// Most streams that are open at once. Default 1024; 1 to 2^31 - 1.
  size_t capacity;
  /// Most rows that are computed at once; runs of more streams are cut into several.
  /// Default 64; 1 to 4096.
  size_t largest_batch;
  /// Steps that streams will bring: step_count lists of one desc for each input of the
  /// session, shaped as one stream gives it (batch axis 1). They are planned at create,
  /// so that runs of them allocate nothing; other ones at their first run. Default none.
  size_t step_count;
  const olstm_tensor_desc* steps;
  /// Kinds of steps (sets of shapes) whose plans are kept; the least recently used are
  /// dropped. Default 16; at least 1 and step_count.
  size_t step_capacity;
  /// Batch axes that are not to be searched for. Default none.
  size_t batch_axis_count;
  const olstm_batch_axis* batch_axes;
} olstm_streams_options;

/// Writes the defaults to a struct of `struct_size` bytes, which is what a caller in
/// another language passes; C and C++ take olstm_streams_options_init, which knows its
/// own size.
OLSTM_API void olstm_streams_options_init_sized(olstm_streams_options* options,
                                                size_t struct_size);
static inline void olstm_streams_options_init(olstm_streams_options* options) {
  olstm_streams_options_init_sized(options, sizeof *options);
}

/// Makes a table for streams of a session.
///
/// Finds the batch axis of every input, output and state slot: the one that the batch of
/// the stateful nodes comes from, or that the options name. Checks that no node mixes
/// rows: every batch size that will run is tried against rows alone, bit for bit. Where
/// that cannot be told of a node, or does not hold, rows are computed one by one, and
/// olstm_streams_info says why.
///
/// options: NULL for the defaults. Errors: WRONG_STATE (the session has no state),
/// UNSUPPORTED (names the input whose batch is fixed or cannot be told, the output
/// without a batch axis, or the node that mixes rows or branches on their data),
/// NOT_FOUND (a name in batch_axes), INVALID_ARGUMENT, SHAPE_MISMATCH and DTYPE_MISMATCH
/// (of steps), OUT_OF_MEMORY, LIMIT_EXCEEDED; *out_streams is NULL then.
/// Memory: the caller owns *out_streams: olstm_streams_destroy, before the session. All
/// rows are allocated here.
OLSTM_API olstm_status olstm_streams_create(olstm_session* session,
                                            const olstm_streams_options* options,
                                            olstm_streams** out_streams,
                                            olstm_error* error);
/// Closes all streams. NULL is legal.
OLSTM_API void olstm_streams_destroy(olstm_streams* streams);

/// Plans for another kind of step, so that runs of it allocate nothing. inputs: as
/// options.steps. Errors: as olstm_streams_create; nothing changes then.
OLSTM_API olstm_status olstm_streams_prepare(olstm_streams* streams,
                                             const olstm_tensor_desc* inputs,
                                             size_t input_count, olstm_error* error);

/// What a table is like.
typedef struct olstm_streams_info {
  size_t struct_size;
  size_t capacity;
  size_t open_count;
  /// Most rows that are computed at once: 1 where rows cannot be computed together.
  size_t largest_batch;
  /// "", or why rows are computed one by one. Borrowed until the table is destroyed.
  const char* reason;
  /// Bytes that the table takes for each stream, and for plans and all else.
  size_t stream_bytes;
  size_t shared_bytes;
} olstm_streams_info;

/// Writes what is known of a table to a struct of `struct_size` bytes (see
/// olstm_streams_options_init_sized).
OLSTM_API void olstm_streams_get_info_sized(const olstm_streams* streams,
                                            olstm_streams_info* out_info,
                                            size_t struct_size);
static inline void olstm_streams_get_info(const olstm_streams* streams,
                                          olstm_streams_info* out_info) {
  olstm_streams_get_info_sized(streams, out_info, sizeof *out_info);
}

/// The batch axis of input or output `index` of the session; -1 for a shared input, or
/// for an index that is too large.
OLSTM_API int32_t olstm_streams_input_axis(const olstm_streams* streams, size_t index);
OLSTM_API int32_t olstm_streams_output_axis(const olstm_streams* streams, size_t index);

// ---------------------------------------------------------------- streams

/// Opens a stream, in its initial state. Errors: LIMIT_EXCEEDED (the table is full).
/// [no-alloc]
OLSTM_API olstm_status olstm_streams_open(olstm_streams* streams,
                                          olstm_stream* out_stream, olstm_error* error);

/// Closes a stream; its handle is refused from then on. Errors, of this and all following
/// functions: INVALID_ARGUMENT for a handle that is closed, or of no stream of this
/// table; nothing changes then. [no-alloc]
OLSTM_API olstm_status olstm_streams_close(olstm_streams* streams, olstm_stream stream,
                                           olstm_error* error);

/// Whether it is the handle of an open stream of this table. [no-alloc]
OLSTM_API bool olstm_streams_is_open(const olstm_streams* streams, olstm_stream stream);

/// Opens a stream with the state of another one; from then on each goes its own way.
/// Errors: LIMIT_EXCEEDED (the table is full). [no-alloc]
OLSTM_API olstm_status olstm_streams_clone(olstm_streams* streams, olstm_stream stream,
                                           olstm_stream* out_stream, olstm_error* error);

/// Back to the initial state: every slot of a stream, or one. [no-alloc]
/// Errors: NOT_FOUND (no slot of that name).
OLSTM_API olstm_status olstm_streams_reset(olstm_streams* streams, olstm_stream stream,
                                           olstm_error* error);
OLSTM_API olstm_status olstm_streams_reset_state(olstm_streams* streams,
                                                 olstm_stream stream, const char* name,
                                                 olstm_error* error);

// ---------------------------------------------------------------- running

/// Runs the model once for each of these streams, computed together.
///
/// handles: stream_count open ones in any order, each once. inputs: input_count tensors
/// in the session's order, with stream_count rows along their batch axis: row i is that
/// of handles[i]. Several time steps at once are as legal as for a context. A shared
/// input has no batch axis and is the same for all. outputs: output_count tensors in the
/// session's order, with stream_count rows; an entry whose data is NULL gets desc and a
/// buffer of the table's, good until the table's next call; an entry whose data is set is
/// the caller's buffer, and its desc must be the output's.
/// Outputs must not overlap inputs nor each other.
/// Errors: INVALID_ARGUMENT (a handle that is closed, foreign or given twice; counts),
/// and as olstm_context_run. No stream has changed then, whichever row was at fault; the
/// content of the caller's outputs is undefined. stream_count 0 is legal and does
/// nothing.
/// Memory: nothing is allocated for a kind of step that was prepared, and for at most as
/// many streams as ran before, but by dynamic steps.
OLSTM_API olstm_status olstm_streams_run(olstm_streams* streams,
                                         const olstm_stream* handles, size_t stream_count,
                                         const olstm_tensor* inputs, size_t input_count,
                                         olstm_tensor* outputs, size_t output_count,
                                         olstm_error* error);

/// One stream's part in olstm_streams_run_each.
typedef struct olstm_stream_step {
  olstm_stream stream;
  /// As many as the session has, in its order, with a batch axis of 1.
  const olstm_tensor* inputs;
  /// As many as the session has; data NULL or the caller's, as in olstm_streams_run.
  olstm_tensor* outputs;
} olstm_stream_step;

/// As olstm_streams_run, with tensors of each stream's own, shaped as a context with one
/// row has them: their shapes (number of time steps) and shared inputs may differ;
/// streams whose shapes, and the bytes of whose shared inputs, are equal are computed
/// together. All or nothing as well.
OLSTM_API olstm_status olstm_streams_run_each(olstm_streams* streams,
                                              olstm_stream_step* steps, size_t step_count,
                                              olstm_error* error);

// ---------------------------------------------------------------- state

/// The slots of a stream are those of a context of the session, with a batch of 1: see
/// olstm_context_get_state_info and its neighbours for names and shapes.
OLSTM_API size_t olstm_streams_state_count(const olstm_streams* streams);
OLSTM_API olstm_status olstm_streams_get_state_info_sized(
    const olstm_streams* streams, olstm_stream stream, size_t index,
    olstm_state_info* out_info, size_t struct_size, olstm_error* error);
static inline olstm_status olstm_streams_get_state_info(const olstm_streams* streams,
                                                        olstm_stream stream, size_t index,
                                                        olstm_state_info* out_info,
                                                        olstm_error* error) {
  return olstm_streams_get_state_info_sized(streams, stream, index, out_info,
                                            sizeof *out_info, error);
}

/// Lends a slot's value, good until the table's next call. As olstm_context_get_state.
OLSTM_API olstm_status olstm_streams_get_state(olstm_streams* streams,
                                               olstm_stream stream, const char* name,
                                               olstm_tensor* out_tensor,
                                               olstm_error* error);

/// Copies a value into a slot. As olstm_context_set_state: [N,H] is taken for [1,N,H];
/// NOT_FOUND, SHAPE_MISMATCH, DTYPE_MISMATCH. Nothing changes then.
OLSTM_API olstm_status olstm_streams_set_state(olstm_streams* streams,
                                               olstm_stream stream, const char* name,
                                               const olstm_tensor* value,
                                               olstm_error* error);

/// Writes all slots of a stream to bytes, and reads them back, here or in another
/// process. They are those of a context with a batch of 1 (olstm_context_save_state): a
/// stream can go on as a context, and a context as a stream. A stream that never ran can
/// be saved as well. Errors: as olstm_context_load_state; nothing changes then.
/// Memory: *out_bytes comes from the session's allocator; olstm_streams_free_blob frees
/// it.
OLSTM_API olstm_status olstm_streams_save_state(olstm_streams* streams,
                                                olstm_stream stream, void** out_bytes,
                                                size_t* out_byte_count,
                                                olstm_error* error);
OLSTM_API void olstm_streams_free_blob(const olstm_streams* streams, void* bytes,
                                       size_t byte_count);
OLSTM_API olstm_status olstm_streams_load_state(olstm_streams* streams,
                                                olstm_stream stream, const void* bytes,
                                                size_t byte_count, olstm_error* error);

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_STREAMS_H_
