// Many contexts on one session, and sessions that come and go, on many threads: results
// are those of one thread. Meant for the thread sanitizer above all.
#include <pthread.h>
#include <stdatomic.h>

#include "tests/support/model_fixture.h"
#include "tests/support/test_system.h"

enum { kThreads = 4, kRounds = 12, kMaxSteps = 5, kBatch = 2, kHidden = 5 };

static float x[kMaxSteps * kBatch * 3];

/// y of the last step for each number of steps, from a context of its own.
typedef struct expected_results {
  float y[kMaxSteps + 1][kBatch * kHidden];
} expected_results;

typedef struct worker_job {
  olstm_session* session;
  const expected_results* expected;
  int number;
  atomic_int* errors;
} worker_job;

static bool are_same(const float* a, const float* b) {
  for (int i = 0; i < kBatch * kHidden; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

static olstm_status run_steps(olstm_context* context, int64_t steps, float* out_last) {
  const olstm_tensor input = {{OLSTM_DTYPE_FLOAT, 3, {steps, kBatch, 3}}, x};
  olstm_tensor outputs[2] = {{{0}, NULL}};
  OLSTM_RETURN_IF_ERROR(olstm_context_run(context, &input, 1, outputs, 2, NULL));
  memcpy(out_last, (float*)outputs[0].data + (steps - 1) * kBatch * kHidden,
         kBatch * kHidden * sizeof *out_last);
  return OLSTM_STATUS_OK;
}

/// Contexts that come and go, each with shapes of its own.
static void* use_session(void* argument) {
  const worker_job* job = argument;
  for (int round = 0; round < kRounds; round++) {
    olstm_context* context = NULL;
    if (olstm_context_create(job->session, &context, NULL) != OLSTM_STATUS_OK) {
      (void)atomic_fetch_add(job->errors, 1);
      return NULL;
    }
    for (int i = 0; i < kMaxSteps; i++) {
      const int64_t steps = 1 + (i + job->number + round) % kMaxSteps;
      float last[kBatch * kHidden];
      const bool right = olstm_context_reset(context, NULL) == OLSTM_STATUS_OK &&
                         run_steps(context, steps, last) == OLSTM_STATUS_OK &&
                         are_same(last, job->expected->y[steps]);
      if (!right) (void)atomic_fetch_add(job->errors, 1);
    }
    olstm_context_destroy(context);
  }
  return NULL;
}

static void start_session(model_fixture* fixture, int32_t thread_count) {
  static const char* const kAll[] = {"all"};
  olstm_session_options options;
  olstm_session_options_init(&options);
  options.thread_count = thread_count;
  options.plan_cache_capacity = 2;
  options.stateful_count = 1;
  options.stateful = kAll;
  model_start(fixture, OLSTM_TEST_DATA "/state/lstm_stack.onnx", &options);
}

static void find_expected(model_fixture* fixture, expected_results* out_expected) {
  for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
    x[i] = (float)((i * 37) % 19) / 10.0F - 0.9F;
  }
  for (int64_t steps = 1; steps <= kMaxSteps; steps++) {
    assert_int_equal(olstm_context_reset(fixture->context, NULL), OLSTM_STATUS_OK);
    assert_int_equal(run_steps(fixture->context, steps, out_expected->y[steps]),
                     OLSTM_STATUS_OK);
  }
}

static void share_a_session(int32_t thread_count) {
  model_fixture fixture;
  expected_results expected;
  pthread_t threads[kThreads];
  worker_job jobs[kThreads];
  atomic_int errors = 0;
  start_session(&fixture, thread_count);
  find_expected(&fixture, &expected);
  for (int t = 0; t < kThreads; t++) {
    jobs[t] = (worker_job){fixture.session, &expected, t, &errors};
    assert_int_equal(pthread_create(&threads[t], NULL, use_session, &jobs[t]), 0);
  }
  for (int t = 0; t < kThreads; t++) (void)pthread_join(threads[t], NULL);
  assert_int_equal(atomic_load(&errors), 0);
  model_end(&fixture);
}

static void share_a_session_of_one_thread(void** state) {
  (void)state;
  share_a_session(1);
}

static void share_a_session_with_a_pool(void** state) {
  (void)state;
  share_a_session(2);
}

/// Loops and branches: every context has runners of its own for the bodies.
static void* run_loops(void* argument) {
  const worker_job* job = argument;
  olstm_context* context = NULL;
  if (olstm_context_create(job->session, &context, NULL) != OLSTM_STATUS_OK) {
    (void)atomic_fetch_add(job->errors, 1);
    return NULL;
  }
  for (int64_t start = 1; start < 20; start++) {
    int64_t value = start + job->number;
    const olstm_tensor input = {{OLSTM_DTYPE_INT64, 0, {0}}, &value};
    olstm_tensor outputs[2] = {{{0}, NULL}};
    if (olstm_context_run(context, &input, 1, outputs, 2, NULL) != OLSTM_STATUS_OK ||
        *(int64_t*)outputs[0].data != 1) {
      (void)atomic_fetch_add(job->errors, 1);
    }
  }
  olstm_context_destroy(context);
  return NULL;
}

static void run_loops_side_by_side(void** state) {
  model_fixture fixture;
  pthread_t threads[kThreads];
  worker_job jobs[kThreads];
  atomic_int errors = 0;
  (void)state;
  model_start(&fixture, OLSTM_TEST_DATA "/control/if_in_loop.onnx", NULL);
  for (int t = 0; t < kThreads; t++) {
    jobs[t] = (worker_job){fixture.session, NULL, t + 1, &errors};
    assert_int_equal(pthread_create(&threads[t], NULL, run_loops, &jobs[t]), 0);
  }
  for (int t = 0; t < kThreads; t++) (void)pthread_join(threads[t], NULL);
  assert_int_equal(atomic_load(&errors), 0);
  model_end(&fixture);
}

/// Sessions made and destroyed side by side, each with a pool.
static void* make_sessions(void* argument) {
  const worker_job* job = argument;
  for (int round = 0; round < kRounds / 2; round++) {
    model_fixture fixture;
    float last[kBatch * kHidden];
    start_session(&fixture, 2);
    if (run_steps(fixture.context, kMaxSteps, last) != OLSTM_STATUS_OK ||
        !are_same(last, job->expected->y[kMaxSteps])) {
      (void)atomic_fetch_add(job->errors, 1);
    }
    model_end(&fixture);
  }
  return NULL;
}

static void sessions_come_and_go_side_by_side(void** state) {
  model_fixture fixture;
  expected_results expected;
  pthread_t threads[kThreads];
  worker_job job;
  atomic_int errors = 0;
  (void)state;
  start_session(&fixture, 2);
  find_expected(&fixture, &expected);
  job = (worker_job){NULL, &expected, 0, &errors};
  for (int t = 0; t < kThreads; t++) {
    assert_int_equal(pthread_create(&threads[t], NULL, make_sessions, &job), 0);
  }
  for (int t = 0; t < kThreads; t++) (void)pthread_join(threads[t], NULL);
  assert_int_equal(atomic_load(&errors), 0);
  model_end(&fixture);
}

/// One context in turn on threads that each do one run and end.
typedef struct short_job {
  olstm_context* context;
  const expected_results* expected;
  int64_t steps;
  bool is_right;
} short_job;

static void* run_and_end(void* argument) {
  short_job* job = argument;
  float last[kBatch * kHidden];
  job->is_right = olstm_context_reset(job->context, NULL) == OLSTM_STATUS_OK &&
                  run_steps(job->context, job->steps, last) == OLSTM_STATUS_OK &&
                  are_same(last, job->expected->y[job->steps]);
  return NULL;
}

static void threads_come_and_go(void** state) {
  model_fixture fixture;
  expected_results expected;
  (void)state;
  start_session(&fixture, 2);
  find_expected(&fixture, &expected);
  for (int i = 0; i < 10 * kRounds; i++) {
    pthread_t thread;
    short_job job = {fixture.context, &expected, 1 + i % kMaxSteps, false};
    assert_int_equal(pthread_create(&thread, NULL, run_and_end, &job), 0);
    (void)pthread_join(thread, NULL);
    assert_true(job.is_right);
  }
  model_end(&fixture);
}

/// A session with the results that are expected of it.
typedef struct prepared_session {
  model_fixture fixture;
  expected_results expected;
} prepared_session;

static bool goes_on(void* user) {
  prepared_session* prepared = user;
  float last[kBatch * kHidden];
  const bool right =
      olstm_context_reset(prepared->fixture.context, NULL) == OLSTM_STATUS_OK &&
      run_steps(prepared->fixture.context, 3, last) == OLSTM_STATUS_OK &&
      are_same(last, prepared->expected.y[3]);
  model_end(&prepared->fixture);
  return right;
}

static void a_forked_child_goes_on(void** state) {
  prepared_session prepared;
  (void)state;
  start_session(&prepared.fixture, 2);
  find_expected(&prepared.fixture, &prepared.expected);
  assert_true(olstm_test_holds_in_fork(goes_on, &prepared));
  model_end(&prepared.fixture);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(share_a_session_of_one_thread),
      cmocka_unit_test(share_a_session_with_a_pool),
      cmocka_unit_test(run_loops_side_by_side),
      cmocka_unit_test(sessions_come_and_go_side_by_side),
      cmocka_unit_test(threads_come_and_go),
      cmocka_unit_test(a_forked_child_goes_on),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
