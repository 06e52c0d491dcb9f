// Steps of streams that wait to be computed: each with copies of its inputs, those of a
// stream in the order in which they came, of which only the first is ready. Knows nothing
// of threads: the batcher's lock guards it.
#ifndef OLSTM_RUNTIME_BATCHER_STEP_QUEUE_H_
#define OLSTM_RUNTIME_BATCHER_STEP_QUEUE_H_

#define OLSTM_EXPERIMENTAL_STREAMS
#include "olstm/batcher.h"

typedef struct olstm__queued_step olstm__queued_step;

struct olstm__queued_step {
  /// The next in the list of free or of ready steps; and the next of the same stream.
  olstm__queued_step* next;
  olstm__queued_step* next_of_stream;
  olstm_stream stream;
  /// When it was submitted.
  int64_t time_ns;
  olstm_step_callback callback;
  void* user;
  /// As many as the session has; their data is in `data`.
  olstm_tensor* inputs;
  char* data;
  size_t data_bytes;
};

/// The waiting steps of one stream, oldest first, and how many were submitted and
/// finished.
typedef struct olstm__stream_steps {
  olstm__queued_step *first, *last;
  uint64_t submitted_count;
  uint64_t finished_count;
} olstm__stream_steps;

typedef struct olstm__step_queue {
  olstm_allocator allocator;
  size_t input_count;
  /// The most steps, and how many there are: waiting, or being computed.
  size_t capacity;
  size_t count;
  olstm__queued_step* free;
  olstm__queued_step *first_ready, *last_ready;
  size_t ready_count;
  /// One for each entry of the table of streams.
  size_t stream_count;
  olstm__stream_steps* streams;
} olstm__step_queue;

/// Errors: OUT_OF_MEMORY; deinit is legal then.
olstm_status olstm__step_queue_init(olstm__step_queue* queue,
                                    const olstm_allocator* allocator, size_t input_count,
                                    size_t capacity, size_t stream_count,
                                    olstm_error* error);
/// No step may be in it. A zeroed queue is legal.
void olstm__step_queue_deinit(olstm__step_queue* queue);

/// The steps of a stream.
static inline olstm__stream_steps* olstm__step_queue_of(olstm__step_queue* queue,
                                                        olstm_stream stream) {
  return &queue->streams[stream & UINT32_MAX];
}

/// A step with copies of these inputs, to be filled in and pushed. Errors: QUEUE_FULL,
/// OUT_OF_MEMORY.
olstm_status olstm__step_queue_take_free(olstm__step_queue* queue,
                                         const olstm_tensor* inputs,
                                         olstm__queued_step** out_step,
                                         olstm_error* error);

/// Appends a step to those of its stream; it is ready when it is the only one.
void olstm__step_queue_push(olstm__step_queue* queue, olstm__queued_step* step);

/// Takes the oldest ready step out of the list of ready ones; it stays the first of its
/// stream. NULL when there is none.
olstm__queued_step* olstm__step_queue_pop(olstm__step_queue* queue);

/// Frees a step that was popped; the next one of its stream becomes ready.
void olstm__step_queue_finish(olstm__step_queue* queue, olstm__queued_step* step);

#endif  // OLSTM_RUNTIME_BATCHER_STEP_QUEUE_H_
