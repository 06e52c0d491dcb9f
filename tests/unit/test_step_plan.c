// The plans of tables of streams: what they take of memory, of a session's cache and of
// its limits.
#include <string.h>

#include "tests/support/stream_fixture.h"
#include "tests/support/stream_models.h"
#include "tests/support/test_allocator.h"

// ---------------------------------------------------------------- memory

enum { kRows = 5 };

static void steady_runs_allocate_nothing(void** state) {
  (void)state;
  stream_fixture f;
  olstm_error error = {""};
  olstm_stream handles[kRows];
  float x[kRows * 2] = {1, -1, 0.5F};
  float y[kRows * 3];
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {1, kRows, 2}}, x};
  olstm_tensor output = {.data = NULL};
  open_table(&f, ROWS_OF_STEPS "output y\n", kRows);
  for (size_t i = 0; i < kRows; i++) {
    assert_int_equal(olstm_streams_open(f.streams, &handles[i], &error), OLSTM_STATUS_OK);
  }
  assert_int_equal(
      olstm_streams_run(f.streams, handles, kRows, &input, 1, &output, 1, &error),
      OLSTM_STATUS_OK);
  const int64_t before = olstm_test_malloc_count();
  for (int i = 0; i < 10; i++) {
    output = (olstm_tensor){.data = NULL};
    assert_int_equal(
        olstm_streams_run(f.streams, handles, kRows, &input, 1, &output, 1, &error),
        OLSTM_STATUS_OK);
    output = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 4, {1, 1, kRows, 3}}, y};
    assert_int_equal(
        olstm_streams_run(f.streams, handles, kRows, &input, 1, &output, 1, &error),
        OLSTM_STATUS_OK);
  }
  assert_int_equal(olstm_test_malloc_count() - before, 0);
  // What was lent is no input, and an output of another shape is refused.
  output = (olstm_tensor){.data = NULL};
  assert_int_equal(
      olstm_streams_run(f.streams, handles, kRows, &input, 1, &output, 1, &error),
      OLSTM_STATUS_OK);
  const olstm_tensor lent = {input.desc, output.data};
  assert_int_equal(
      olstm_streams_run(f.streams, handles, kRows, &lent, 1, &output, 1, &error),
      OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message,
                      "input 'x' is a buffer that the table has lent: copy it first");
  output = (olstm_tensor){{OLSTM_DTYPE_FLOAT, 4, {1, 1, kRows, 2}}, y};
  assert_int_equal(
      olstm_streams_run(f.streams, handles, kRows, &input, 1, &output, 1, &error),
      OLSTM_STATUS_SHAPE_MISMATCH);
  const olstm_tensor wide = {{OLSTM_DTYPE_FLOAT, 3, {1, kRows - 1, 2}}, x};
  output = (olstm_tensor){.data = NULL};
  assert_int_equal(
      olstm_streams_run(f.streams, handles, kRows, &wide, 1, &output, 1, &error),
      OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "input 'x' has shape [1,4,2], expected 5 in dimension 1, a row for "
                      "each stream");
  close_all(&f);
}

/// Opens, runs, saves and loads with as much memory as there is.
static olstm_status live(const olstm_stream_model* model, olstm_session* session) {
  olstm_streams* streams = NULL;
  olstm_stream handles[3];
  float x[12] = {0.5F, -0.25F};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {2, 3, 2}}, x};
  olstm_tensor outputs[2] = {{.data = NULL}, {.data = NULL}};
  void* bytes = NULL;
  size_t count = 0;
  olstm_streams_options options;
  olstm_streams_options_init(&options);
  options.capacity = 3;
  options.largest_batch = 2;
  (void)model;
  olstm_status status = olstm_streams_create(session, &options, &streams, NULL);
  for (size_t i = 0; i < 3 && status == OLSTM_STATUS_OK; i++) {
    status = olstm_streams_open(streams, &handles[i], NULL);
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm_streams_run(streams, handles, 3, &input, 1, outputs, 2, NULL);
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm_streams_save_state(streams, handles[0], &bytes, &count, NULL);
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm_streams_load_state(streams, handles[1], bytes, count, NULL);
    olstm_streams_free_blob(streams, bytes, count);
  }
  olstm_streams_destroy(streams);
  return status;
}

static void any_allocation_may_fail(void** state) {
  (void)state;
  olstm_test_allocator memory;
  olstm_fake_session fake;
  olstm_session_options options;
  olstm_test_allocator_init(&memory);
  olstm_session_options_init(&options);
  options.allocator = &memory.allocator;
  options.stateful_count = 1;
  options.stateful = &olstm_stream_models[0].stateful;
  // Every time a session that has no plans yet.
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  for (int64_t nth = 1; status == OLSTM_STATUS_OUT_OF_MEMORY; nth++) {
    olstm_session* session =
        olstm_fake_session_must(olstm_stream_models[0].text, &options, &fake);
    const int64_t live_count = memory.live_count;
    olstm_test_allocator_fail_at(&memory, nth);
    status = live(&olstm_stream_models[0], session);
    olstm_test_allocator_fail_at(&memory, 0);
    // Plans that are cached stay.
    assert_true(memory.live_count >= live_count);
    olstm_fake_session_destroy(&fake);
    olstm_test_allocator_assert_clean(&memory);
  }
  assert_int_equal(status, OLSTM_STATUS_OK);
}

// ---------------------------------------------------------------- the session's limits

static olstm_status run_context(olstm_session* session, int64_t t, olstm_error* error) {
  float x[16] = {0.5F};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {t, 1, 2}}, x};
  olstm_tensor output = {.data = NULL};
  olstm_context* context = olstm_fake_context(session);
  const olstm_status status = olstm_context_run(context, &input, 1, &output, 1, error);
  olstm_context_destroy(context);
  return status;
}

/// A session whose cache has room for one plan: the plans of a table are not that one.
static void leaves_the_plans_of_contexts_in_the_cache(void** state) {
  (void)state;
  static const char* const kAll = "all";
  stream_fixture f;
  olstm_error error = {""};
  olstm_session_options options;
  olstm_streams_options streams;
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = &kAll;
  options.plan_cache_capacity = 1;
  olstm_session* session =
      olstm_fake_session_must("input x float[t,n,2]\n" WEIGHTS
                              "node test:Inc x -> v\n"
                              "node LSTM v,w,r -> y name=l hidden_size=3\noutput y\n",
                              &options, &f.fake);
  assert_int_equal(run_context(session, 5, &error), OLSTM_STATUS_OK);
  olstm_streams_options_init(&streams);
  streams.capacity = 2;
  if (olstm_streams_create(session, &streams, &f.streams, &error)) {
    fail_msg("%s", error.message);
  }
  const int before = olstm_fake.prepare;
  assert_int_equal(run_context(session, 5, &error), OLSTM_STATUS_OK);
  assert_int_equal(olstm_fake.prepare, before);
  close_all(&f);
}

/// What a row alone may take, every row of a batch may.
static void limits_are_those_of_a_row(void** state) {
  (void)state;
  static const char* const kAll = "all";
  stream_fixture f;
  olstm_error error = {""};
  olstm_session_options options;
  olstm_streams_options streams;
  olstm_stream handles[8];
  float x[16] = {0.5F, 1};
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {1, 8, 2}}, x};
  olstm_tensor output = {.data = NULL};
  olstm_session_options_init(&options);
  options.stateful_count = 1;
  options.stateful = &kAll;
  // The least that one row takes.
  for (options.max_work = 16;; options.max_work += options.max_work / 8) {
    (void)olstm_fake_session_must(ROWS_OF_STEPS "output y\n", &options, &f.fake);
    if (run_context(f.fake.session, 1, &error) == OLSTM_STATUS_OK) break;
    olstm_fake_session_destroy(&f.fake);
  }
  olstm_streams_options_init(&streams);
  streams.capacity = 8;
  if (olstm_streams_create(f.fake.session, &streams, &f.streams, &error)) {
    fail_msg("%s", error.message);
  }
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(olstm_streams_open(f.streams, &handles[i], &error), OLSTM_STATUS_OK);
  }
  if (olstm_streams_run(f.streams, handles, 8, &input, 1, &output, 1, &error)) {
    fail_msg("%s", error.message);
  }
  close_all(&f);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steady_runs_allocate_nothing),
      cmocka_unit_test(any_allocation_may_fail),
      cmocka_unit_test(leaves_the_plans_of_contexts_in_the_cache),
      cmocka_unit_test(limits_are_those_of_a_row),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
