// runtime/threads: every task runs once, nobody waits for a thread that does not come,
// waiting is cheap, and a fork does no harm.
#include "runtime/host/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/test_main.h"

static olstm__threads* make_threads(int32_t thread_count) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__threads* threads = NULL;
  assert_int_equal(olstm__threads_create(thread_count, &allocator, &threads, NULL),
                   OLSTM_STATUS_OK);
  return threads;
}

typedef struct counts {
  const olstm_parallel* parallel;
  atomic_int runs_of_task[64];
  int steps;
  int values[8];
  atomic_int errors;
} counts;

static void count_task(void* argument, int32_t index) {
  counts* all = argument;
  (void)atomic_fetch_add(&all->runs_of_task[index], 1);
}

static void runs_every_task_once(void** state) {
  (void)state;
  for (int32_t thread_count = 2; thread_count <= 5; thread_count++) {
    olstm__threads* threads = make_threads(thread_count);
    const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
    assert_non_null(parallel);
    assert_int_equal(parallel->thread_count, thread_count);
    for (int32_t task_count = 0; task_count <= 64; task_count++) {
      counts all = {.parallel = parallel};
      parallel->run(parallel->pool, task_count, count_task, &all);
      for (int32_t i = 0; i < 64; i++) {
        assert_int_equal(atomic_load(&all.runs_of_task[i]), i < task_count ? 1 : 0);
      }
    }
    olstm__threads_release(parallel);
    olstm__threads_destroy(threads);
  }
}

static void ends_a_run_before_the_next_one(void** state) {
  olstm__threads* threads = make_threads(4);
  const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
  counts all = {.parallel = parallel};
  (void)state;
  for (int step = 1; step <= 20000; step++) {
    parallel->run(parallel->pool, 2 + step % 3, count_task, &all);
    // Plain reads and writes between runs: a race where one had not ended.
    if (all.steps++ != step - 1) (void)atomic_fetch_add(&all.errors, 1);
  }
  assert_int_equal(atomic_load(&all.errors), 0);
  assert_int_equal(atomic_load(&all.runs_of_task[0]), 20000);
  assert_int_equal(atomic_load(&all.runs_of_task[1]), 20000);
  olstm__threads_release(parallel);
  olstm__threads_destroy(threads);
}

static void sleep_ms(int milliseconds) {
  const struct timespec time = {0, milliseconds * 1000000L};
  (void)nanosleep(&time, NULL);
}

static double cpu_seconds(void) {
  struct rusage usage;
  (void)getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void wakes_sleeping_threads_again(void** state) {
  olstm__threads* threads = make_threads(3);
  const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
  counts all = {.parallel = parallel};
  (void)state;
  for (int i = 0; i < 20; i++) {
    parallel->run(parallel->pool, 3, count_task, &all);
    parallel->run(parallel->pool, 2, count_task, &all);
    sleep_ms(2);
  }
  assert_int_equal(atomic_load(&all.runs_of_task[1]), 40);
  assert_int_equal(atomic_load(&all.runs_of_task[2]), 20);
  olstm__threads_release(parallel);
  olstm__threads_destroy(threads);
}

static void does_not_spin_once_a_run_has_returned(void** state) {
  olstm__threads* threads = make_threads(3);
  const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
  counts all = {.parallel = parallel};
  (void)state;
  parallel->run(parallel->pool, 3, count_task, &all);
  olstm__threads_release(parallel);
  sleep_ms(5);
  const double before = cpu_seconds();
  sleep_ms(300);
  assert_true(cpu_seconds() - before < 0.05);
  olstm__threads_destroy(threads);
}

static void serves_one_caller_at_a_time(void** state) {
  olstm__threads* threads = make_threads(2);
  const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
  (void)state;
  assert_non_null(parallel);
  assert_null(olstm__threads_try_acquire(threads));
  olstm__threads_release(parallel);
  parallel = olstm__threads_try_acquire(threads);
  assert_non_null(parallel);
  olstm__threads_release(parallel);
  olstm__threads_destroy(threads);
}

static void* contend(void* argument) {
  olstm__threads* threads = argument;
  intptr_t errors = 0;
  for (int i = 0; i < 300; i++) {
    const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
    if (!parallel) continue;
    counts all = {.parallel = parallel};
    parallel->run(parallel->pool, 2, count_task, &all);
    for (int task = 0; task < 2; task++) {
      errors += atomic_load(&all.runs_of_task[task]) != 1;
    }
    olstm__threads_release(parallel);
  }
  return (void*)errors;
}

static void serves_callers_from_many_threads(void** state) {
  olstm__threads* threads = make_threads(2);
  pthread_t callers[4];
  (void)state;
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_create(&callers[i], NULL, contend, threads), 0);
  }
  for (int i = 0; i < 4; i++) {
    void* errors = NULL;
    (void)pthread_join(callers[i], &errors);
    assert_null(errors);
  }
  olstm__threads_destroy(threads);
}

static void does_without_threads_in_a_forked_child(void** state) {
  olstm__threads* threads = make_threads(3);
  const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
  counts all = {.parallel = parallel};
  int child_status = -1;
  (void)state;
  parallel->run(parallel->pool, 3, count_task, &all);
  olstm__threads_release(parallel);
  const pid_t child = fork();
  if (child == 0) {
    const bool none = olstm__threads_try_acquire(threads) == NULL;
    olstm__threads_destroy(threads);
    _exit(none ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &child_status, 0), child);
  assert_true(WIFEXITED(child_status) && WEXITSTATUS(child_status) == 0);
  parallel = olstm__threads_try_acquire(threads);
  assert_non_null(parallel);
  parallel->run(parallel->pool, 3, count_task, &all);
  assert_int_equal(atomic_load(&all.runs_of_task[2]), 2);
  olstm__threads_release(parallel);
  olstm__threads_destroy(threads);
}

static double now_seconds(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void compute(int amount) {
  volatile double value = 1;
  for (int i = 0; i < amount; i++) value = value * 1.0000001 + 1e-9;
}

enum { kBusySteps = 50, kBusyAmount = 2000 };

/// Half of the work of a step.
static void half_task(void* argument, int32_t index) {
  (void)argument;
  (void)index;
  compute(kBusyAmount / 2);
}

static atomic_bool hogs_may_stop;

static void* hog(void* argument) {
  while (!atomic_load(&hogs_may_stop)) compute(1000);
  return argument;
}

static void slows_in_proportion_on_a_busy_machine(void** state) {
  enum { kHogs = 8, kRuns = 60 };
  olstm__threads* threads = make_threads(2);
  pthread_t hogs[kHogs];
  double alone = 0;
  double shared = 0;
  (void)state;
  atomic_store(&hogs_may_stop, false);
  for (int i = 0; i < kHogs; i++) {
    assert_int_equal(pthread_create(&hogs[i], NULL, hog, NULL), 0);
  }
  for (int run = 0; run < kRuns; run++) {
    const double start = now_seconds();
    for (int step = 0; step < kBusySteps; step++) compute(kBusyAmount);
    const double middle = now_seconds();
    const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
    assert_non_null(parallel);
    for (int step = 0; step < kBusySteps; step++) {
      parallel->run(parallel->pool, 2, half_task, NULL);
    }
    olstm__threads_release(parallel);
    alone += middle - start;
    shared += now_seconds() - middle;
  }
  atomic_store(&hogs_may_stop, true);
  for (int i = 0; i < kHogs; i++) (void)pthread_join(hogs[i], NULL);
  // Both fight for the same cores, and luck has a part in who gets them: far from the
  // hundreds that waiting for each other costs.
  if (shared > 10 * alone) {
    fail_msg("one thread took %g s, two threads %g s", alone, shared);
  }
  olstm__threads_destroy(threads);
}

static void one_thread_needs_no_pool(void** state) {
  olstm__threads* threads = make_threads(1);
  (void)state;
  assert_null(threads);
  assert_null(olstm__threads_try_acquire(threads));
  olstm__threads_release(NULL);
  olstm__threads_destroy(threads);
}

static void refuses_other_thread_counts(void** state) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm__threads* threads = NULL;
  olstm_error error;
  (void)state;
  assert_int_equal(olstm__threads_create(0, &allocator, &threads, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "thread_count is 0, expected 1..256");
  assert_int_equal(olstm__threads_create(257, &allocator, &threads, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_null(threads);
}

static void* allocate_some(void* user, size_t bytes) {
  int* allowed = user;
  return (*allowed)-- > 0 ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
}

static void release_some(void* user, void* memory, size_t bytes) {
  (void)user;
  (void)bytes;
  free(memory);
}

static void reports_a_failed_allocation(void** state) {
  (void)state;
  for (int n = 0; n < 3; n++) {
    int allowed = n;
    const olstm_allocator allocator = {&allowed, allocate_some, release_some};
    olstm__threads* threads = NULL;
    assert_int_equal(olstm__threads_create(2, &allocator, &threads, NULL),
                     n < 2 ? OLSTM_STATUS_OUT_OF_MEMORY : OLSTM_STATUS_OK);
    olstm__threads_destroy(threads);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_every_task_once),
      cmocka_unit_test(ends_a_run_before_the_next_one),
      cmocka_unit_test(wakes_sleeping_threads_again),
      cmocka_unit_test(does_not_spin_once_a_run_has_returned),
      cmocka_unit_test(serves_one_caller_at_a_time),
      cmocka_unit_test(serves_callers_from_many_threads),
      cmocka_unit_test(does_without_threads_in_a_forked_child),
      cmocka_unit_test(slows_in_proportion_on_a_busy_machine),
      cmocka_unit_test(one_thread_needs_no_pool),
      cmocka_unit_test(refuses_other_thread_counts),
      cmocka_unit_test(reports_a_failed_allocation),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
