// Threads lent by a pool that is made up here: one that runs what it gets at once, one
// that runs it in turn, and one that refuses.
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "adapters/onnxruntime/ort_threads.h"
#include "tests/support/test_main.h"

enum { kThreads = 3, kTasks = 7 };

typedef struct call {
  void (*task)(void* user, size_t index);
  void* user;
  size_t index;
} call;

static void* make_call(void* argument) {
  const call* c = argument;
  c->task(c->user, c->index);
  return NULL;
}

static OrtStatus* ORT_API_CALL run_at_once(const OrtKernelContext* context,
                                           void (*task)(void*, size_t), size_t total,
                                           size_t batches, void* user) {
  pthread_t threads[kThreads];
  call calls[kThreads];
  size_t count = total < kThreads ? total : kThreads;
  (void)context;
  (void)batches;
  for (size_t i = 1; i < count; i++) {
    calls[i] = (call){task, user, i};
    if (pthread_create(&threads[i], NULL, make_call, &calls[i]) != 0) count = i;
  }
  task(user, 0);
  for (size_t i = 1; i < count; i++) (void)pthread_join(threads[i], NULL);
  for (size_t i = count; i < total; i++) task(user, i);
  return NULL;
}

static OrtStatus* ORT_API_CALL run_in_turn(const OrtKernelContext* context,
                                           void (*task)(void*, size_t), size_t total,
                                           size_t batches, void* user) {
  (void)context;
  (void)batches;
  for (size_t i = 0; i < total; i++) task(user, i);
  return NULL;
}

static int refusal;

static OrtStatus* ORT_API_CALL refuse(const OrtKernelContext* context,
                                      void (*task)(void*, size_t), size_t total,
                                      size_t batches, void* user) {
  (void)context;
  (void)task;
  (void)total;
  (void)batches;
  (void)user;
  return (OrtStatus*)&refusal;
}

static void ORT_API_CALL release_refusal(OrtStatus* status) {
  assert_ptr_equal(status, &refusal);
}

static const OrtApi kAtOnce = {.KernelContext_ParallelFor = run_at_once};
static const OrtApi kInTurn = {.KernelContext_ParallelFor = run_in_turn};
static const OrtApi kRefusing = {.KernelContext_ParallelFor = refuse,
                                 .ReleaseStatus = release_refusal};

static void count_run(void* argument, int32_t index) {
  (void)atomic_fetch_add(&((atomic_int*)argument)[index], 1);
}

static void runs_every_task_once(void** state) {
  const OrtApi* const apis[] = {&kAtOnce, &kInTurn, &kRefusing};
  (void)state;
  for (size_t a = 0; a < sizeof apis / sizeof apis[0]; a++) {
    olstm__ort_pool pool;
    atomic_int runs[kTasks];
    memset(runs, 0, sizeof runs);
    olstm__ort_pool_init(&pool, apis[a], NULL, kThreads);
    assert_int_equal(pool.parallel.thread_count, kThreads);
    pool.parallel.run(pool.parallel.pool, kTasks, count_run, runs);
    for (int i = 0; i < kTasks; i++) assert_int_equal(atomic_load(&runs[i]), 1);
  }
}

static void counts_the_threads_that_there_are(void** state) {
  (void)state;
  assert_int_equal(olstm__ort_count_threads(&kInTurn, NULL), 1);
  assert_int_equal(olstm__ort_count_threads(&kRefusing, NULL), 1);
  assert_in_range(olstm__ort_count_threads(&kAtOnce, NULL), 1, kThreads);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_every_task_once),
      cmocka_unit_test(counts_the_threads_that_there_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
