// The batcher: a queue of steps, a thread that computes them in batches, and exclusive
// access to the table for one caller or that thread at a time.
//
// One lock guards everything but the table. Who has the table is said by is_running (the
// batcher's thread) and is_borrowed (a caller): at most one of them is set. Callbacks are
// called without the lock, while is_running is set, because results lie in the table.
#include <stdatomic.h>
#include <string.h>

#include "olstm/sized_struct.h"

#include "runtime/batcher/step_queue.h"
#include "runtime/execute/output_check.h"
#include "runtime/streams/stream_table.h"
#include "system/clock.h"
#include "system/thread.h"

enum {
  kDefaultWaitUs = 1000,
  kDefaultQueue = 4096,
  kNsPerUs = 1000,
  /// Longer waits are clamped to this one.
  kMostWaitUs = 1000000000
};

struct olstm_batcher {
  olstm_streams* streams;
  olstm_allocator allocator;
  size_t max_batch;
  int64_t max_wait_ns;
  pthread_t thread;
  pthread_mutex_t lock;
  /// The thread waits for work; callers for results, the table, or the end.
  pthread_cond_t has_work, has_changed;
  bool has_lock, has_work_condition, has_changed_condition, has_thread;
  olstm__step_queue queue;
  bool is_running, is_borrowed, is_shut, is_cancelling, has_ended;
  /// Callers that wait for the table: they come before the next batch.
  size_t borrower_count;
  /// Open streams of the table.
  size_t open_count;
  uint64_t submitted_count, batch_count;
  /// Updated once a step without taking the lock, for which callers contend.
  _Atomic uint64_t done_count, failed_count, cancelled_count;
  /// Of the batch that is being computed.
  olstm__queued_step** batch;
  olstm_stream_step* steps;
  olstm_tensor* outputs;
};

// ---------------------------------------------------------------- the thread

/// Whether the calling thread is the batcher's: it runs a callback.
static bool is_own_thread(const olstm_batcher* batcher) {
  return pthread_equal(pthread_self(), batcher->thread) != 0;
}

static olstm_status refuse_callback(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                    "a callback must not wait for its own batcher");
}

/// Tells of the end of a step. The lock is not held.
static void end_step(olstm_batcher* batcher, const olstm__queued_step* step,
                     olstm_status status, const olstm_tensor* outputs,
                     const olstm_error* error) {
  const bool is_done = status == OLSTM_STATUS_OK;
  const size_t count = is_done ? batcher->streams->session->output_count : 0;
  _Atomic uint64_t* ends = is_done                            ? &batcher->done_count
                           : status == OLSTM_STATUS_CANCELLED ? &batcher->cancelled_count
                                                              : &batcher->failed_count;
  atomic_fetch_add_explicit(ends, 1, memory_order_relaxed);
  step->callback(step->user, status, count ? outputs : NULL, count, error);
}

/// Computes one step alone, and tells of its end.
static void run_alone(olstm_batcher* batcher, size_t index) {
  const size_t output_count = batcher->streams->session->output_count;
  olstm_error error = {""};
  olstm_stream_step* step = &batcher->steps[index];
  memset(step->outputs, 0, output_count * sizeof *step->outputs);
  const olstm_status status = olstm_streams_run_each(batcher->streams, step, 1, &error);
  end_step(batcher, batcher->batch[index], status, step->outputs, &error);
}

/// Computes the steps of a batch together; row by row where that fails, so that the wrong
/// one alone does.
static void run_batch(olstm_batcher* batcher, size_t count) {
  const size_t output_count = batcher->streams->session->output_count;
  olstm_error error = {""};
  for (size_t i = 0; i < count; i++) {
    batcher->steps[i] =
        (olstm_stream_step){batcher->batch[i]->stream, batcher->batch[i]->inputs,
                            batcher->outputs + i * output_count};
  }
  memset(batcher->outputs, 0, count * output_count * sizeof *batcher->outputs);
  const olstm_status status =
      olstm_streams_run_each(batcher->streams, batcher->steps, count, &error);
  for (size_t i = 0; i < count; i++) {
    if (status != OLSTM_STATUS_OK && count > 1) {
      run_alone(batcher, i);
    } else {
      end_step(batcher, batcher->batch[i], status, batcher->steps[i].outputs, &error);
    }
  }
}

static void cancel_batch(olstm_batcher* batcher, size_t count) {
  olstm_error error = {""};
  (void)olstm_fail(&error, OLSTM_STATUS_CANCELLED,
                   "the batcher was shut down before this step was computed");
  for (size_t i = 0; i < count; i++) {
    end_step(batcher, batcher->batch[i], OLSTM_STATUS_CANCELLED, NULL, &error);
  }
}

/// How many ready steps make a full batch: once every open stream has one, no further
/// step can become ready.
static size_t full_count(const olstm_batcher* batcher) {
  return batcher->open_count < batcher->max_batch ? batcher->open_count
                                                  : batcher->max_batch;
}

/// Waits until a batch is to start; false at the end. The lock is held.
static bool wait_for_batch(olstm_batcher* batcher) {
  for (;;) {
    const olstm__step_queue* queue = &batcher->queue;
    const bool is_free = !batcher->is_borrowed && batcher->borrower_count == 0;
    if (batcher->is_shut && queue->count == 0) return false;
    if (queue->ready_count == 0 || !is_free) {
      (void)pthread_cond_wait(&batcher->has_work, &batcher->lock);
      continue;
    }
    const int64_t deadline = queue->first_ready->time_ns + batcher->max_wait_ns;
    if (queue->ready_count >= full_count(batcher) || batcher->is_shut ||
        olstm__clock_ns() >= deadline) {
      return true;
    }
    olstm__condition_wait_until(&batcher->has_work, &batcher->lock, deadline);
  }
}

static void* run_thread(void* argument) {
  olstm_batcher* batcher = argument;
  (void)pthread_mutex_lock(&batcher->lock);
  while (wait_for_batch(batcher)) {
    size_t count = 0;
    while (count < batcher->max_batch &&
           (batcher->batch[count] = olstm__step_queue_pop(&batcher->queue))) {
      count++;
    }
    const bool is_cancelling = batcher->is_cancelling;
    batcher->batch_count += !is_cancelling;
    batcher->is_running = true;
    (void)pthread_mutex_unlock(&batcher->lock);
    if (is_cancelling) {
      cancel_batch(batcher, count);
    } else {
      run_batch(batcher, count);
    }
    (void)pthread_mutex_lock(&batcher->lock);
    for (size_t i = 0; i < count; i++) {
      olstm__step_queue_finish(&batcher->queue, batcher->batch[i]);
    }
    batcher->is_running = false;
    (void)pthread_cond_broadcast(&batcher->has_changed);
  }
  batcher->has_ended = true;
  (void)pthread_cond_broadcast(&batcher->has_changed);
  (void)pthread_mutex_unlock(&batcher->lock);
  return NULL;
}

// ---------------------------------------------------------------- life

void olstm_batcher_options_init_sized(olstm_batcher_options* options,
                                      size_t struct_size) {
  const olstm_batcher_options defaults = {.max_wait_us = kDefaultWaitUs,
                                          .queue_capacity = kDefaultQueue};
  olstm_sized_struct_init(options, struct_size, &defaults, sizeof defaults);
}

static olstm_status read_options(const olstm_batcher_options* given,
                                 olstm_batcher_options* out_options, olstm_error* error) {
  olstm_batcher_options_init(out_options);
  if (given) {
    OLSTM_RETURN_IF_ERROR(olstm_sized_struct_read(given, "batcher options", out_options,
                                                  sizeof *out_options, error));
  }
  if (out_options->queue_capacity >= 1) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "batcher: queue_capacity is 0, expected at least 1");
}

static olstm_status allocate(olstm_batcher* batcher, size_t queue_capacity,
                             olstm_error* error) {
  const olstm_session* session = batcher->streams->session;
  const olstm_allocator* allocator = &batcher->allocator;
  const size_t count = batcher->max_batch;
  OLSTM_RETURN_IF_ERROR(olstm__step_queue_init(&batcher->queue, allocator,
                                               session->input_count, queue_capacity,
                                               batcher->streams->capacity, error));
  batcher->batch = olstm_allocate_zeroed(allocator, count, sizeof *batcher->batch);
  batcher->steps = olstm_allocate_zeroed(allocator, count, sizeof *batcher->steps);
  batcher->outputs = olstm_allocate_zeroed(allocator, count * session->output_count,
                                           sizeof *batcher->outputs);
  if (batcher->batch && batcher->steps && batcher->outputs) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a batcher");
}

static olstm_status start(olstm_batcher* batcher, olstm_error* error) {
  batcher->has_lock = pthread_mutex_init(&batcher->lock, NULL) == 0;
  batcher->has_work_condition = olstm__condition_init(&batcher->has_work) == 0;
  batcher->has_changed_condition = olstm__condition_init(&batcher->has_changed) == 0;
  if (batcher->has_lock && batcher->has_work_condition &&
      batcher->has_changed_condition) {
    // Until `thread` is written the thread must not compare itself with it.
    (void)pthread_mutex_lock(&batcher->lock);
    batcher->has_thread = olstm__thread_start(&batcher->thread, run_thread, batcher) == 0;
    (void)pthread_mutex_unlock(&batcher->lock);
  }
  if (batcher->has_thread) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                    "batcher: the system starts no more threads");
}

olstm_status olstm_batcher_create(olstm_streams* streams,
                                  const olstm_batcher_options* options,
                                  olstm_batcher** out_batcher, olstm_error* error) {
  olstm_batcher_options read;
  olstm_streams_info info;
  if (!streams || !out_batcher) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "olstm_batcher_create: streams and out_batcher must not be NULL");
  }
  *out_batcher = NULL;
  OLSTM_RETURN_IF_ERROR(read_options(options, &read, error));
  olstm_streams_get_info(streams, &info);
  const olstm_allocator allocator = streams->session->environment.allocator;
  olstm_batcher* batcher = olstm_allocate_zeroed(&allocator, 1, sizeof *batcher);
  if (!batcher) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a batcher");
  }
  batcher->streams = streams;
  batcher->allocator = allocator;
  batcher->open_count = info.open_count;
  batcher->max_batch = read.max_batch ? read.max_batch : info.largest_batch;
  if (batcher->max_batch > info.capacity) batcher->max_batch = info.capacity;
  const uint64_t wait_us =
      read.max_wait_us < kMostWaitUs ? read.max_wait_us : kMostWaitUs;
  batcher->max_wait_ns = (int64_t)wait_us * kNsPerUs;
  olstm_status status = allocate(batcher, read.queue_capacity, error);
  if (status == OLSTM_STATUS_OK) status = start(batcher, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_batcher_destroy(batcher);
    return status;
  }
  *out_batcher = batcher;
  return OLSTM_STATUS_OK;
}

olstm_status olstm_batcher_shutdown(olstm_batcher* batcher, int32_t mode,
                                    size_t* out_cancelled, olstm_error* error) {
  if (mode != OLSTM_SHUTDOWN_DRAIN && mode != OLSTM_SHUTDOWN_CANCEL) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "batcher: %d is no way to shut down", (int)mode);
  }
  if (is_own_thread(batcher)) return refuse_callback(error);
  (void)pthread_mutex_lock(&batcher->lock);
  batcher->is_shut = true;
  batcher->is_cancelling = batcher->is_cancelling || mode == OLSTM_SHUTDOWN_CANCEL;
  (void)pthread_cond_signal(&batcher->has_work);
  while (!batcher->has_ended) {
    (void)pthread_cond_wait(&batcher->has_changed, &batcher->lock);
  }
  if (out_cancelled) *out_cancelled = (size_t)batcher->cancelled_count;
  (void)pthread_mutex_unlock(&batcher->lock);
  return OLSTM_STATUS_OK;
}

void olstm_batcher_destroy(olstm_batcher* batcher) {
  if (!batcher) return;
  const olstm_allocator allocator = batcher->allocator;
  const size_t count = batcher->max_batch;
  if (batcher->has_thread) {
    (void)olstm_batcher_shutdown(batcher, OLSTM_SHUTDOWN_CANCEL, NULL, NULL);
    (void)pthread_join(batcher->thread, NULL);
  }
  if (batcher->has_changed_condition) (void)pthread_cond_destroy(&batcher->has_changed);
  if (batcher->has_work_condition) (void)pthread_cond_destroy(&batcher->has_work);
  if (batcher->has_lock) (void)pthread_mutex_destroy(&batcher->lock);
  olstm__step_queue_deinit(&batcher->queue);
  olstm_release(&allocator, batcher->batch, count, sizeof *batcher->batch);
  olstm_release(&allocator, batcher->steps, count, sizeof *batcher->steps);
  olstm_release(&allocator, batcher->outputs,
                count * batcher->streams->session->output_count,
                sizeof *batcher->outputs);
  olstm_release(&allocator, batcher, 1, sizeof *batcher);
}

// ---------------------------------------------------------------- submitting

static olstm_status check_step(const olstm_batcher* batcher, olstm_stream stream,
                               const olstm_tensor* inputs, size_t input_count,
                               olstm_error* error) {
  const olstm_session* session = batcher->streams->session;
  if (input_count != session->input_count || (input_count > 0 && !inputs)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model has %zu inputs, and %zu are given", session->input_count,
                      inputs ? input_count : 0);
  }
  if (stream == 0 || (stream & UINT32_MAX) >= batcher->streams->capacity) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "stream %#llx is none of this table's", (unsigned long long)stream);
  }
  for (size_t i = 0; i < input_count; i++) {
    size_t bytes = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__streams_check_input(batcher->streams, i, &inputs[i].desc, true, error));
    if (!olstm_tensor_desc_bytes(&inputs[i].desc, &bytes)) {
      return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                        "input '%s' has shape %s, which is none that fits into memory",
                        session->inputs[i].name, olstm_shape_text(&inputs[i].desc).text);
    }
    if (bytes == 0 || inputs[i].data) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "input '%s' has no data",
                      session->inputs[i].name);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm_batcher_submit(olstm_batcher* batcher, olstm_stream stream,
                                  const olstm_tensor* inputs, size_t input_count,
                                  olstm_step_callback callback, void* user,
                                  olstm_error* error) {
  olstm__queued_step* step = NULL;
  if (!callback) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "callback must not be NULL");
  }
  OLSTM_RETURN_IF_ERROR(check_step(batcher, stream, inputs, input_count, error));
  (void)pthread_mutex_lock(&batcher->lock);
  olstm_status status =
      batcher->is_shut
          ? olstm_fail(error, OLSTM_STATUS_WRONG_STATE, "the batcher was shut down")
          : olstm__step_queue_take_free(&batcher->queue, inputs, &step, error);
  if (status == OLSTM_STATUS_OK) {
    step->stream = stream;
    step->time_ns = olstm__clock_ns();
    step->callback = callback;
    step->user = user;
    olstm__step_queue_push(&batcher->queue, step);
    batcher->submitted_count++;
    const size_t ready = batcher->queue.ready_count;
    // The first sets the time at which a batch starts; between it and the last there is
    // nothing to do.
    if (ready == 1 || ready >= full_count(batcher)) {
      (void)pthread_cond_signal(&batcher->has_work);
    }
  }
  (void)pthread_mutex_unlock(&batcher->lock);
  return status;
}

// ---------------------------------------------------------------- waiting for a result

/// A caller of olstm_batcher_run.
typedef struct step_wait {
  const olstm_batcher* batcher;
  pthread_mutex_t lock;
  pthread_cond_t has_ended;
  bool is_done;
  olstm_status status;
  olstm_tensor* outputs;
  olstm_error* error;
} step_wait;

/// Copies results into the caller's buffers.
static olstm_status copy_results(const step_wait* wait, const olstm_tensor* outputs,
                                 size_t output_count) {
  const olstm_session* session = wait->batcher->streams->session;
  for (size_t o = 0; o < output_count; o++) {
    if (!wait->outputs[o].data) continue;
    OLSTM_RETURN_IF_ERROR(olstm__output_check(
        session->outputs[o].name, &wait->outputs[o].desc, &outputs[o].desc, wait->error));
  }
  for (size_t o = 0; o < output_count; o++) {
    const size_t bytes = olstm__desc_bytes(&outputs[o].desc);
    if (wait->outputs[o].data && bytes) {
      memcpy(wait->outputs[o].data, outputs[o].data, bytes);
    }
  }
  return OLSTM_STATUS_OK;
}

static void end_wait(void* user, olstm_status status, const olstm_tensor* outputs,
                     size_t output_count, const olstm_error* error) {
  step_wait* wait = user;
  (void)pthread_mutex_lock(&wait->lock);
  wait->status = status;
  if (status == OLSTM_STATUS_OK) {
    wait->status = copy_results(wait, outputs, output_count);
  } else if (wait->error) {
    *wait->error = *error;
  }
  wait->is_done = true;
  // The waiting thread destroys both as soon as it has the lock.
  (void)pthread_cond_signal(&wait->has_ended);
  (void)pthread_mutex_unlock(&wait->lock);
}

olstm_status olstm_batcher_run(olstm_batcher* batcher, olstm_stream stream,
                               const olstm_tensor* inputs, size_t input_count,
                               olstm_tensor* outputs, size_t output_count,
                               olstm_error* error) {
  step_wait wait = {.batcher = batcher, .outputs = outputs, .error = error};
  const size_t expected = batcher->streams->session->output_count;
  if (is_own_thread(batcher)) return refuse_callback(error);
  if (output_count != expected || !outputs) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model has %zu outputs, and %zu are given", expected,
                      outputs ? output_count : 0);
  }
  if (pthread_mutex_init(&wait.lock, NULL) != 0) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a lock");
  }
  if (pthread_cond_init(&wait.has_ended, NULL) != 0) {
    (void)pthread_mutex_destroy(&wait.lock);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a lock");
  }
  olstm_status status =
      olstm_batcher_submit(batcher, stream, inputs, input_count, end_wait, &wait, error);
  if (status == OLSTM_STATUS_OK) {
    (void)pthread_mutex_lock(&wait.lock);
    while (!wait.is_done) (void)pthread_cond_wait(&wait.has_ended, &wait.lock);
    (void)pthread_mutex_unlock(&wait.lock);
    status = wait.status;
  }
  (void)pthread_cond_destroy(&wait.has_ended);
  (void)pthread_mutex_destroy(&wait.lock);
  return status;
}

// ---------------------------------------------------------------- the table

/// Waits for the table, and for the steps of a stream (0: none) that were submitted
/// before. The lock is held then.
static void acquire(olstm_batcher* batcher, olstm_stream stream) {
  (void)pthread_mutex_lock(&batcher->lock);
  if (stream != 0 && (stream & UINT32_MAX) < batcher->queue.stream_count) {
    const olstm__stream_steps* steps = olstm__step_queue_of(&batcher->queue, stream);
    const uint64_t target = steps->submitted_count;
    while (steps->finished_count < target) {
      (void)pthread_cond_wait(&batcher->has_changed, &batcher->lock);
    }
  }
  batcher->borrower_count++;
  while (batcher->is_running || batcher->is_borrowed) {
    (void)pthread_cond_wait(&batcher->has_changed, &batcher->lock);
  }
  batcher->borrower_count--;
  batcher->is_borrowed = true;
}

/// Ends what acquire began. The lock is held before, and not then.
static void release(olstm_batcher* batcher) {
  batcher->open_count = batcher->streams->open_count;
  batcher->is_borrowed = false;
  (void)pthread_cond_signal(&batcher->has_work);
  (void)pthread_cond_broadcast(&batcher->has_changed);
  (void)pthread_mutex_unlock(&batcher->lock);
}

olstm_status olstm_batcher_open_stream(olstm_batcher* batcher, olstm_stream* out_stream,
                                       olstm_error* error) {
  const bool is_own = is_own_thread(batcher);
  if (is_own) {
    // A callback: the table is the batcher's, and nothing of it is computed now.
    (void)pthread_mutex_lock(&batcher->lock);
  } else {
    acquire(batcher, 0);
  }
  const olstm_status status = olstm_streams_open(batcher->streams, out_stream, error);
  if (!is_own) {
    release(batcher);
    return status;
  }
  batcher->open_count = batcher->streams->open_count;
  (void)pthread_mutex_unlock(&batcher->lock);
  return status;
}

olstm_status olstm_batcher_close_stream(olstm_batcher* batcher, olstm_stream stream,
                                        olstm_error* error) {
  if (is_own_thread(batcher)) return refuse_callback(error);
  acquire(batcher, stream);
  const olstm_status status = olstm_streams_close(batcher->streams, stream, error);
  release(batcher);
  return status;
}

olstm_status olstm_batcher_borrow(olstm_batcher* batcher, olstm_stream stream,
                                  olstm_streams** out_streams, olstm_error* error) {
  if (is_own_thread(batcher)) return refuse_callback(error);
  acquire(batcher, stream);
  (void)pthread_mutex_unlock(&batcher->lock);
  *out_streams = batcher->streams;
  return OLSTM_STATUS_OK;
}

void olstm_batcher_give_back(olstm_batcher* batcher) {
  (void)pthread_mutex_lock(&batcher->lock);
  release(batcher);
}

// ---------------------------------------------------------------- looking inside

void olstm_batcher_get_info_sized(olstm_batcher* batcher, olstm_batcher_info* out_info,
                                  size_t struct_size) {
  (void)pthread_mutex_lock(&batcher->lock);
  const olstm_batcher_info known = {.queued_count = batcher->queue.count,
                                    .submitted_count = batcher->submitted_count,
                                    .done_count = batcher->done_count,
                                    .failed_count = batcher->failed_count,
                                    .cancelled_count = batcher->cancelled_count,
                                    .batch_count = batcher->batch_count};
  (void)pthread_mutex_unlock(&batcher->lock);
  olstm_sized_struct_init(out_info, struct_size, &known, sizeof known);
}
