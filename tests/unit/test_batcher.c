// Batchers: results of any number of threads are those of contexts, bit for bit; order,
// failures of single steps, full queues, and both ways to shut down.
#define OLSTM_EXPERIMENTAL_STREAMS
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "olstm/olstm.h"
#include "tests/support/stream_models.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

enum {
  kCapacity = 12,
  kThreads = 4,
  kStreamsPerThread = 3,
  kSteps = 40,
  kValues = 3,
  kLongUs = 60000000
};

typedef struct fixture {
  olstm_fake_session fake;
  olstm_streams* streams;
  olstm_batcher* batcher;
} fixture;

static void must(olstm_status status, const olstm_error* error) {
  if (status != OLSTM_STATUS_OK) fail_msg("%s", error->message);
}

static const olstm_stream_model* find_model(const char* name) {
  for (size_t m = 0; m < olstm_stream_model_count; m++) {
    if (strcmp(olstm_stream_models[m].name, name) == 0) return &olstm_stream_models[m];
  }
  fail_msg("no model %s", name);
  return NULL;
}

static void open_all(fixture* f, const char* model, uint64_t wait_us, size_t capacity) {
  olstm_error error = {""};
  olstm_streams_options options;
  olstm_batcher_options batcher_options;
  olstm_streams_options_init(&options);
  options.capacity = kCapacity;
  options.largest_batch = 8;
  must(olstm_streams_create(olstm_stream_session(find_model(model), NULL, &f->fake),
                            &options, &f->streams, &error),
       &error);
  olstm_batcher_options_init(&batcher_options);
  batcher_options.max_wait_us = wait_us;
  batcher_options.queue_capacity = capacity;
  must(olstm_batcher_create(f->streams, &batcher_options, &f->batcher, &error), &error);
}

static void close_all(fixture* f) {
  olstm_batcher_destroy(f->batcher);
  olstm_streams_destroy(f->streams);
  olstm_fake_session_destroy(&f->fake);
}

static olstm_stream open_stream(fixture* f) {
  olstm_error error = {""};
  olstm_stream stream = 0;
  must(olstm_batcher_open_stream(f->batcher, &stream, &error), &error);
  return stream;
}

/// One step of the model "bound sum": x [1,2].
static olstm_tensor make_x(float* values, uint32_t seed) {
  values[0] = (float)(seed % 97) / 48.0F - 1.0F;
  values[1] = (float)(seed % 89) / 44.0F - 1.0F;
  return (olstm_tensor){{OLSTM_DTYPE_FLOAT, 2, {1, 2}}, values};
}

// ---------------------------------------------------------------- many threads

typedef struct caller {
  fixture* f;
  uint32_t number;
  pthread_t thread;
  /// How many results were not those of the context.
  atomic_int wrong;
} caller;

/// Whether two rows of two floats are the same, bit for bit.
static bool has_bits(const void* a, const void* b) {
  return memcmp(a, b, 2 * sizeof(float)) == 0;
}

static bool step_once(caller* c, olstm_stream stream, olstm_context* context,
                      uint32_t seed) {
  float x[2], y[2], next[2];
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 2, {1, 2}};
  const olstm_tensor input = make_x(x, seed);
  olstm_tensor outputs[2] = {{desc, y}, {desc, next}};
  olstm_tensor expected[2] = {{.data = NULL}, {.data = NULL}};
  return olstm_batcher_run(c->f->batcher, stream, &input, 1, outputs, 2, NULL) ==
             OLSTM_STATUS_OK &&
         olstm_context_run(context, &input, 1, expected, 2, NULL) == OLSTM_STATUS_OK &&
         has_bits(y, expected[0].data) && has_bits(next, expected[1].data);
}

static void* run_caller(void* argument) {
  caller* c = argument;
  olstm_stream streams[kStreamsPerThread];
  olstm_context* contexts[kStreamsPerThread];
  for (size_t s = 0; s < kStreamsPerThread; s++) {
    c->wrong += olstm_batcher_open_stream(c->f->batcher, &streams[s], NULL) != 0;
    c->wrong += olstm_context_create(c->f->fake.session, &contexts[s], NULL) != 0;
  }
  for (uint32_t i = 0; i < kSteps; i++) {
    const size_t s = i % kStreamsPerThread;
    olstm_streams* table = NULL;
    c->wrong += !step_once(c, streams[s], contexts[s], c->number * 1009 + i * 31);
    if (i % 11 != 10) continue;
    c->wrong += olstm_batcher_borrow(c->f->batcher, streams[s], &table, NULL) != 0;
    c->wrong += olstm_streams_reset(table, streams[s], NULL) != 0;
    olstm_batcher_give_back(c->f->batcher);
    c->wrong += olstm_context_reset(contexts[s], NULL) != 0;
  }
  for (size_t s = 0; s < kStreamsPerThread; s++) {
    c->wrong += olstm_batcher_close_stream(c->f->batcher, streams[s], NULL) != 0;
    olstm_context_destroy(contexts[s]);
  }
  return NULL;
}

static void serves_many_threads_bit_for_bit(void** state) {
  (void)state;
  fixture f;
  caller callers[kThreads];
  olstm_batcher_info info;
  open_all(&f, "bound sum", 50, 64);
  for (uint32_t t = 0; t < kThreads; t++) {
    callers[t] = (caller){.f = &f, .number = t};
    assert_int_equal(pthread_create(&callers[t].thread, NULL, run_caller, &callers[t]),
                     0);
  }
  for (size_t t = 0; t < kThreads; t++) {
    assert_int_equal(pthread_join(callers[t].thread, NULL), 0);
    assert_int_equal(callers[t].wrong, 0);
  }
  olstm_batcher_get_info(f.batcher, &info);
  assert_int_equal(info.queued_count, 0);
  assert_int_equal(info.submitted_count, kThreads * kSteps);
  assert_int_equal(info.done_count, kThreads * kSteps);
  assert_int_equal(info.failed_count + info.cancelled_count, 0);
  assert_true(info.batch_count >= 1 && info.batch_count <= kThreads * kSteps);
  close_all(&f);
}

// ---------------------------------------------------------------- callbacks

/// What callbacks of one test have seen. Written by the batcher's thread; read when it
/// has shut down.
typedef struct record {
  size_t count;
  olstm_status statuses[64];
  float values[64][2];
  char messages[64][64];
} record;

static void note(void* user, olstm_status status, const olstm_tensor* outputs,
                 size_t output_count, const olstm_error* error) {
  record* seen = user;
  assert_true((outputs != NULL) == (status == OLSTM_STATUS_OK));
  (void)output_count;
  if (outputs) memcpy(seen->values[seen->count], outputs[0].data, 2 * sizeof(float));
  (void)snprintf(seen->messages[seen->count], 64, "%.60s", error->message);
  seen->statuses[seen->count++] = status;
}

static void submit(fixture* f, olstm_stream stream, uint32_t seed, record* seen) {
  float x[2];
  olstm_error error = {""};
  const olstm_tensor input = make_x(x, seed);
  must(olstm_batcher_submit(f->batcher, stream, &input, 1, note, seen, &error), &error);
  // The input is copied.
  x[0] = x[1] = 1e9F;
}

static void keeps_the_order_of_a_stream(void** state) {
  (void)state;
  fixture f;
  record seen[2] = {{0}};
  open_all(&f, "bound sum", 0, 64);
  const olstm_stream streams[] = {open_stream(&f), open_stream(&f)};
  for (uint32_t i = 0; i < 20; i++) {
    submit(&f, streams[0], i * 7, &seen[0]);
    submit(&f, streams[1], i * 13, &seen[1]);
  }
  size_t cancelled = 99;
  assert_int_equal(
      olstm_batcher_shutdown(f.batcher, OLSTM_SHUTDOWN_DRAIN, &cancelled, NULL),
      OLSTM_STATUS_OK);
  assert_int_equal(cancelled, 0);
  for (uint32_t s = 0; s < 2; s++) {
    olstm_context* context = olstm_fake_context(f.fake.session);
    assert_int_equal(seen[s].count, 20);
    for (uint32_t i = 0; i < 20; i++) {
      float x[2];
      const olstm_tensor input = make_x(x, i * (s ? 13 : 7));
      olstm_tensor expected[2] = {{.data = NULL}, {.data = NULL}};
      assert_int_equal(olstm_context_run(context, &input, 1, expected, 2, NULL),
                       OLSTM_STATUS_OK);
      assert_int_equal(seen[s].statuses[i], OLSTM_STATUS_OK);
      assert_memory_equal(seen[s].values[i], expected[0].data, 2 * sizeof(float));
    }
    olstm_context_destroy(context);
  }
  close_all(&f);
}

static void fails_the_wrong_step_alone(void** state) {
  (void)state;
  fixture f;
  record seen[4] = {{0}};
  olstm_stream streams[4];
  olstm_error error = {""};
  open_all(&f, "indices that can be wrong", kLongUs, 64);
  for (size_t s = 0; s < 4; s++) streams[s] = open_stream(&f);
  for (size_t s = 0; s < 4; s++) {
    int64_t index = s == 2 ? 9 : (int64_t)s;
    const olstm_tensor input = {{OLSTM_DTYPE_INT64, 2, {1, 1}}, &index};
    must(olstm_batcher_submit(f.batcher, streams[s], &input, 1, note, &seen[s], &error),
         &error);
  }
  must(olstm_batcher_shutdown(f.batcher, OLSTM_SHUTDOWN_DRAIN, NULL, &error), &error);
  for (size_t s = 0; s < 4; s++) {
    void* bytes = NULL;
    size_t count = 0;
    assert_int_equal(seen[s].count, 1);
    assert_int_equal(seen[s].statuses[0],
                     s == 2 ? OLSTM_STATUS_INVALID_VALUE : OLSTM_STATUS_OK);
    assert_true((strstr(seen[s].messages[0], "Gather") != NULL) == (s == 2));
    must(olstm_streams_save_state(f.streams, streams[s], &bytes, &count, &error), &error);
    olstm_state_info info;
    must(olstm_streams_get_state_info(f.streams, streams[s], 0, &info, &error), &error);
    assert_true(info.is_set == (s != 2));
    olstm_streams_free_blob(f.streams, bytes, count);
  }
  close_all(&f);
}

static void says_when_the_queue_is_full(void** state) {
  (void)state;
  fixture f;
  record seen = {0};
  float x[2];
  olstm_error error = {""};
  olstm_streams* table = NULL;
  open_all(&f, "bound sum", 0, 3);
  const olstm_stream stream = open_stream(&f);
  // Nothing is computed while the table is borrowed.
  must(olstm_batcher_borrow(f.batcher, 0, &table, &error), &error);
  assert_ptr_equal(table, f.streams);
  for (uint32_t i = 0; i < 3; i++) submit(&f, stream, i, &seen);
  const olstm_tensor input = make_x(x, 3);
  assert_int_equal(
      olstm_batcher_submit(f.batcher, stream, &input, 1, note, &seen, &error),
      OLSTM_STATUS_QUEUE_FULL);
  assert_string_equal(error.message, "the batcher's queue is full: 3 steps are waiting");
  olstm_batcher_give_back(f.batcher);
  must(olstm_batcher_borrow(f.batcher, stream, &table, &error), &error);
  assert_int_equal(seen.count, 3);
  olstm_batcher_give_back(f.batcher);
  submit(&f, stream, 3, &seen);
  must(olstm_batcher_close_stream(f.batcher, stream, &error), &error);
  assert_int_equal(seen.count, 4);
  close_all(&f);
}

static void starts_at_once_when_every_stream_has_a_step(void** state) {
  (void)state;
  fixture f;
  record seen = {0};
  float x[2], y[2];
  olstm_error error = {""};
  open_all(&f, "bound sum", kLongUs, 64);
  const olstm_stream first = open_stream(&f);
  const olstm_stream second = open_stream(&f);
  submit(&f, first, 1, &seen);
  const olstm_tensor input = make_x(x, 2);
  olstm_tensor outputs[2] = {{{OLSTM_DTYPE_FLOAT, 2, {1, 2}}, y}, {.data = NULL}};
  must(olstm_batcher_run(f.batcher, second, &input, 1, outputs, 2, &error), &error);
  // So it does when the other stream is closed.
  must(olstm_batcher_close_stream(f.batcher, first, &error), &error);
  assert_int_equal(seen.count, 1);
  must(olstm_batcher_run(f.batcher, second, &input, 1, outputs, 2, &error), &error);
  olstm_batcher_info info;
  olstm_batcher_get_info(f.batcher, &info);
  assert_int_equal(info.done_count, 3);
  assert_int_equal(info.batch_count, 2);
  close_all(&f);
}

static void cancels_what_waits(void** state) {
  (void)state;
  fixture f;
  record seen = {0};
  float x[2];
  olstm_error error = {""};
  size_t cancelled = 0;
  olstm_batcher_info info;
  open_all(&f, "bound sum", kLongUs, 64);
  const olstm_stream stream = open_stream(&f);
  // A second one, for whose steps those of the first wait.
  (void)open_stream(&f);
  for (uint32_t i = 0; i < 5; i++) submit(&f, stream, i, &seen);
  must(olstm_batcher_shutdown(f.batcher, OLSTM_SHUTDOWN_CANCEL, &cancelled, &error),
       &error);
  assert_int_equal(cancelled, 5);
  assert_int_equal(seen.count, 5);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(seen.statuses[i], OLSTM_STATUS_CANCELLED);
    assert_string_equal(seen.messages[i],
                        "the batcher was shut down before this step was computed");
  }
  const olstm_tensor input = make_x(x, 0);
  assert_int_equal(
      olstm_batcher_submit(f.batcher, stream, &input, 1, note, &seen, &error),
      OLSTM_STATUS_WRONG_STATE);
  assert_string_equal(error.message, "the batcher was shut down");
  must(olstm_batcher_shutdown(f.batcher, OLSTM_SHUTDOWN_DRAIN, NULL, &error), &error);
  olstm_batcher_get_info(f.batcher, &info);
  assert_int_equal(info.cancelled_count, 5);
  assert_int_equal(info.batch_count, 0);
  close_all(&f);
}

/// Steps of streams that were closed, and calls from within a callback.
typedef struct visit {
  fixture* f;
  olstm_stream stream, opened;
  olstm_status statuses[6];
  record seen;
} visit;

static void call_from_within(void* user, olstm_status status, const olstm_tensor* outputs,
                             size_t output_count, const olstm_error* error) {
  visit* v = user;
  float x[2], y[2], next[2];
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 2, {1, 2}};
  const olstm_tensor input = make_x(x, 5);
  olstm_tensor results[2] = {{desc, y}, {desc, next}};
  olstm_streams* table = NULL;
  olstm_batcher* batcher = v->f->batcher;
  (void)status, (void)outputs, (void)output_count, (void)error;
  v->statuses[0] = olstm_batcher_run(batcher, v->stream, &input, 1, results, 2, NULL);
  v->statuses[1] = olstm_batcher_borrow(batcher, 0, &table, NULL);
  v->statuses[2] = olstm_batcher_close_stream(batcher, v->stream, NULL);
  v->statuses[3] = olstm_batcher_shutdown(batcher, OLSTM_SHUTDOWN_DRAIN, NULL, NULL);
  v->statuses[4] = olstm_batcher_open_stream(batcher, &v->opened, NULL);
  v->statuses[5] =
      olstm_batcher_submit(batcher, v->opened, &input, 1, note, &v->seen, NULL);
}

static void a_callback_submits_and_does_not_wait(void** state) {
  (void)state;
  fixture f;
  float x[2];
  olstm_error error = {""};
  open_all(&f, "bound sum", 0, 64);
  visit v = {.f = &f, .stream = open_stream(&f)};
  const olstm_tensor input = make_x(x, 1);
  must(olstm_batcher_submit(f.batcher, v.stream, &input, 1, call_from_within, &v, &error),
       &error);
  // What the callback has submitted is not waited for by name: shutting down drains it,
  // once the first step is done.
  must(olstm_batcher_close_stream(f.batcher, v.stream, &error), &error);
  must(olstm_batcher_shutdown(f.batcher, OLSTM_SHUTDOWN_DRAIN, NULL, &error), &error);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(v.statuses[i], OLSTM_STATUS_WRONG_STATE);
  }
  assert_int_equal(v.statuses[4], OLSTM_STATUS_OK);
  assert_int_equal(v.statuses[5], OLSTM_STATUS_OK);
  assert_int_equal(v.seen.count, 1);
  assert_int_equal(v.seen.statuses[0], OLSTM_STATUS_OK);
  close_all(&f);
}

static void refuses_what_does_not_fit(void** state) {
  (void)state;
  fixture f;
  record seen = {0};
  float x[4];
  olstm_error error = {""};
  open_all(&f, "bound sum", 0, 64);
  const olstm_stream stream = open_stream(&f);
  const olstm_stream closed = open_stream(&f);
  must(olstm_batcher_close_stream(f.batcher, closed, &error), &error);
  olstm_tensor input = make_x(x, 1);
  submit(&f, closed, 1, &seen);
  input.desc.dims[0] = 2;
  assert_int_equal(
      olstm_batcher_submit(f.batcher, stream, &input, 1, note, &seen, &error),
      OLSTM_STATUS_SHAPE_MISMATCH);
  input = make_x(x, 1);
  input.desc.dtype = OLSTM_DTYPE_INT32;
  assert_int_equal(
      olstm_batcher_submit(f.batcher, stream, &input, 1, note, &seen, &error),
      OLSTM_STATUS_DTYPE_MISMATCH);
  assert_string_equal(error.message, "input 'x' has dtype int32, expected float");
  input = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 2, {1, 2}}, NULL};
  assert_int_equal(
      olstm_batcher_submit(f.batcher, stream, &input, 1, note, &seen, &error),
      OLSTM_STATUS_INVALID_ARGUMENT);
  input = make_x(x, 1);
  assert_int_equal(olstm_batcher_submit(f.batcher, 0, &input, 1, note, &seen, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(
      olstm_batcher_submit(f.batcher, stream, &input, 2, note, &seen, &error),
      OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(olstm_batcher_submit(f.batcher, stream, &input, 1, NULL, NULL, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_int_equal(olstm_batcher_shutdown(f.batcher, 7, NULL, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  olstm_tensor outputs[2] = {{{OLSTM_DTYPE_FLOAT, 2, {1, 1}}, x}, {.data = NULL}};
  assert_int_equal(olstm_batcher_run(f.batcher, stream, &input, 1, outputs, 2, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  must(olstm_batcher_shutdown(f.batcher, OLSTM_SHUTDOWN_DRAIN, NULL, &error), &error);
  assert_int_equal(seen.count, 1);
  assert_int_equal(seen.statuses[0], OLSTM_STATUS_INVALID_ARGUMENT);
  assert_non_null(strstr(seen.messages[0], "is not open in this table"));
  close_all(&f);
}

// ---------------------------------------------------------------- several tables

/// A thread with a table of its own, of a session that others use at the same time.
static void* run_table(void* argument) {
  caller* c = argument;
  olstm_streams_options options;
  olstm_streams* streams = NULL;
  olstm_stream handles[3];
  olstm_context* contexts[3];
  olstm_streams_options_init(&options);
  options.capacity = 3;
  options.largest_batch = 2;
  c->wrong += olstm_streams_create(c->f->fake.session, &options, &streams, NULL) != 0;
  for (size_t s = 0; s < 3; s++) {
    c->wrong += olstm_streams_open(streams, &handles[s], NULL) != 0;
    c->wrong += olstm_context_create(c->f->fake.session, &contexts[s], NULL) != 0;
  }
  for (uint32_t i = 0; i < kSteps; i++) {
    float x[6];
    olstm_tensor output[2] = {{.data = NULL}, {.data = NULL}};
    for (uint32_t s = 0; s < 3; s++) (void)make_x(x + 2 * s, c->number + i * 7 + s);
    const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 2, {3, 2}}, x};
    c->wrong += olstm_streams_run(streams, handles, 3, &input, 1, output, 2, NULL) != 0;
    for (size_t s = 0; s < 3; s++) {
      const olstm_tensor one = {{OLSTM_DTYPE_FLOAT, 2, {1, 2}}, x + 2 * s};
      olstm_tensor expected[2] = {{.data = NULL}, {.data = NULL}};
      c->wrong += olstm_context_run(contexts[s], &one, 1, expected, 2, NULL) != 0;
      c->wrong += !has_bits((const float*)output[0].data + 2 * s, expected[0].data);
    }
  }
  for (size_t s = 0; s < 3; s++) olstm_context_destroy(contexts[s]);
  olstm_streams_destroy(streams);
  return NULL;
}

static void tables_share_a_session(void** state) {
  (void)state;
  fixture f;
  caller callers[kThreads];
  open_all(&f, "bound sum", 0, 16);
  for (uint32_t t = 0; t < kThreads; t++) {
    callers[t] = (caller){.f = &f, .number = t * 11};
    assert_int_equal(pthread_create(&callers[t].thread, NULL, run_table, &callers[t]), 0);
  }
  for (size_t t = 0; t < kThreads; t++) {
    assert_int_equal(pthread_join(callers[t].thread, NULL), 0);
    assert_int_equal(callers[t].wrong, 0);
  }
  close_all(&f);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(serves_many_threads_bit_for_bit),
      cmocka_unit_test(keeps_the_order_of_a_stream),
      cmocka_unit_test(fails_the_wrong_step_alone),
      cmocka_unit_test(says_when_the_queue_is_full),
      cmocka_unit_test(starts_at_once_when_every_stream_has_a_step),
      cmocka_unit_test(cancels_what_waits),
      cmocka_unit_test(a_callback_submits_and_does_not_wait),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(tables_share_a_session),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
