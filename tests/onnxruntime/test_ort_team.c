// Threads lent by a pool that is made up here: one that has as many as asked for, and one
// that has none to spare.
#include <pthread.h>
#include <string.h>

#include "adapters/onnxruntime/ort_team.h"
#include "tests/support/test_main.h"

enum { TASKS = 3, ROUNDS = 20 };

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

// A thread for each of up to TASKS calls; the caller makes the first, and all beyond
// those.
static OrtStatus* ORT_API_CALL run_at_once(const OrtKernelContext* context,
                                           void (*task)(void*, size_t), size_t total,
                                           size_t batches, void* user) {
  pthread_t threads[TASKS];
  call calls[TASKS];
  size_t count = total < TASKS ? total : TASKS;
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

typedef struct job {
  const olstm_parallel* parallel;
  // The round that each task is in, and whether one was seen in another round.
  atomic_int round[TASKS];
  atomic_int runs[2 * TASKS];
  atomic_int strayed;
} job;

static void meet(void* argument, int32_t index) {
  job* j = argument;
  for (int round = 1; round <= ROUNDS; round++) {
    atomic_store(&j->round[index], round);
    j->parallel->barrier(j->parallel->pool);
    for (int other = 0; other < TASKS; other++) {
      if (atomic_load(&j->round[other]) != round) atomic_store(&j->strayed, 1);
    }
    j->parallel->barrier(j->parallel->pool);
  }
  (void)atomic_fetch_add(&j->runs[index], 1);
}

static void count_run(void* argument, int32_t index) {
  (void)atomic_fetch_add(&((job*)argument)->runs[index], 1);
}

static void tasks_meet_at_every_barrier(void** state) {
  const OrtApi api = {.KernelContext_ParallelFor = run_at_once};
  olstm__ort_team team;
  (void)state;
  // A busy machine may need a while to bring the threads together.
  for (int attempt = 0; attempt < 1000; attempt++) {
    job j;
    memset(&j, 0, sizeof j);
    olstm__ort_team_init(&team, &api, NULL, TASKS);
    j.parallel = &team.parallel;
    team.parallel.run(team.parallel.pool, TASKS, meet, &j);
    if (atomic_load(&team.failed)) continue;
    for (int i = 0; i < TASKS; i++) assert_int_equal(atomic_load(&j.runs[i]), 1);
    assert_int_equal(atomic_load(&j.strayed), 0);
    return;
  }
  fail_msg("no team came together");
}

// The first task never comes to the barrier.
static void meet_all_but_one(void* argument, int32_t index) {
  job* j = argument;
  if (index > 0) j->parallel->barrier(j->parallel->pool);
  (void)atomic_fetch_add(&j->runs[index], 1);
}

static void waits_for_nobody_for_long(void** state) {
  const OrtApi api = {.KernelContext_ParallelFor = run_at_once};
  olstm__ort_team team;
  job j;
  (void)state;
  memset(&j, 0, sizeof j);
  olstm__ort_team_init(&team, &api, NULL, TASKS);
  j.parallel = &team.parallel;
  team.parallel.run(team.parallel.pool, TASKS, meet_all_but_one, &j);
  assert_true(atomic_load(&team.failed));
}

static void begins_no_task_when_threads_are_missing(void** state) {
  const OrtApi api = {.KernelContext_ParallelFor = run_in_turn};
  olstm__ort_team team;
  job j;
  (void)state;
  memset(&j, 0, sizeof j);
  olstm__ort_team_init(&team, &api, NULL, TASKS);
  j.parallel = &team.parallel;
  team.parallel.run(team.parallel.pool, TASKS, meet, &j);
  assert_true(atomic_load(&team.failed));
  team.parallel.run(team.parallel.pool, 2 * TASKS, count_run, &j);
  for (int i = 0; i < 2 * TASKS; i++) assert_int_equal(atomic_load(&j.runs[i]), 0);
}

static void runs_more_tasks_than_threads_in_any_order(void** state) {
  const OrtApi api = {.KernelContext_ParallelFor = run_in_turn};
  olstm__ort_team team;
  job j;
  (void)state;
  memset(&j, 0, sizeof j);
  olstm__ort_team_init(&team, &api, NULL, TASKS);
  team.parallel.run(team.parallel.pool, 2 * TASKS, count_run, &j);
  assert_false(atomic_load(&team.failed));
  for (int i = 0; i < 2 * TASKS; i++) assert_int_equal(atomic_load(&j.runs[i]), 1);
}

static void counts_the_threads_that_there_are(void** state) {
  const OrtApi at_once = {.KernelContext_ParallelFor = run_at_once};
  const OrtApi in_turn = {.KernelContext_ParallelFor = run_in_turn};
  (void)state;
  assert_int_equal(olstm__ort_team_count_threads(&in_turn, NULL), 1);
  assert_in_range(olstm__ort_team_count_threads(&at_once, NULL), 1, TASKS);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tasks_meet_at_every_barrier),
      cmocka_unit_test(waits_for_nobody_for_long),
      cmocka_unit_test(begins_no_task_when_threads_are_missing),
      cmocka_unit_test(runs_more_tasks_than_threads_in_any_order),
      cmocka_unit_test(counts_the_threads_that_there_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
