// runtime/threads: every task runs once, nobody waits for a thread that does not come,
// waiting is cheap, and a fork does no harm.
#include "runtime/host/threads.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/aligned_memory.h"
#include "system/thread.h"
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

/// Who ran each of the tasks of a run in which every thread takes part.
typedef struct shares {
  int32_t thread_count;
  atomic_int begun;
  atomic_int order;
  pthread_t threads[64];
  int positions[64];
} shares;

static void note_task(void* argument, int32_t index) {
  shares* all = argument;
  all->threads[index] = pthread_self();
  all->positions[index] = atomic_fetch_add(&all->order, 1);
  (void)atomic_fetch_add(&all->begun, 1);
  // The first task of each thread waits for all threads to have one.
  while (atomic_load(&all->begun) < all->thread_count) olstm__thread_pause();
}

static void threads_begin_with_their_own_shares(void** state) {
  (void)state;
  for (int32_t thread_count = 2; thread_count <= 4; thread_count++) {
    olstm__threads* threads = make_threads(thread_count);
    const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
    shares all = {.thread_count = thread_count};
    parallel->run(parallel->pool, 22, note_task, &all);
    // The first tasks to begin are the first of each share, by different threads.
    for (int32_t i = 0; i < thread_count; i++) {
      const int32_t first = 22 * i / thread_count;
      assert_true(all.positions[first] < thread_count);
      for (int32_t j = 0; j < i; j++) {
        assert_false(
            pthread_equal(all.threads[first], all.threads[22 * j / thread_count]) != 0);
      }
    }
    assert_true(pthread_equal(all.threads[0], pthread_self()) != 0);
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

/// The thread of the process that is not this one; there are two.
static pid_t find_other_thread(void) {
  DIR* folder = opendir("/proc/self/task");
  pid_t other = 0;
  assert_non_null(folder);
  for (const struct dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
    const long id = strtol(entry->d_name, NULL, 10);
    if (id > 0 && id != syscall(SYS_gettid)) other = (pid_t)id;
  }
  (void)closedir(folder);
  return other;
}

/// Holds a thread of its parent still, says so (1, or 0 when it may not), and lets it go
/// on when it hears of it.
static _Noreturn void hold_thread(pid_t thread, int heard, int said) {
  char answer = 0;
  int status = 0;
  if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) == 0 &&
      ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) == 0 &&
      waitpid(thread, &status, __WALL) == thread) {
    answer = 1;
  }
  if (write(said, &answer, 1) != 1) _exit(1);
  const ssize_t ignored = read(heard, &answer, 1);
  (void)ignored;
  _exit(0);
}

typedef struct callers {
  pthread_t caller;
  atomic_int of_caller;
  atomic_int of_others;
} callers;

static void note_caller(void* argument, int32_t index) {
  callers* all = argument;
  (void)index;
  (void)atomic_fetch_add(
      pthread_equal(pthread_self(), all->caller) ? &all->of_caller : &all->of_others, 1);
}

/// On a busy machine a thread may have no core for a long time. The caller does not wait
/// for it: it takes the part itself, so that a run is never slower than one thread.
static void a_run_does_not_wait_for_a_thread_that_has_no_core(void** state) {
  enum { kRuns = 200 };
  olstm__threads* threads = make_threads(2);
  callers all = {.caller = pthread_self()};
  int to_child[2];
  int from_child[2];
  char answer = 0;
  (void)state;
  assert_int_equal(pipe(to_child), 0);
  assert_int_equal(pipe(from_child), 0);
  const pid_t worker = find_other_thread();
  (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  const pid_t child = fork();
  if (child == 0) hold_thread(worker, to_child[0], from_child[1]);
  assert_true(child > 0);
  assert_int_equal(read(from_child[0], &answer, 1), 1);
  for (int run = 0; answer == 1 && run < kRuns; run++) {
    const olstm_parallel* parallel = olstm__threads_try_acquire(threads);
    assert_non_null(parallel);
    parallel->run(parallel->pool, 2, note_caller, &all);
    olstm__threads_release(parallel);
  }
  assert_int_equal(write(to_child[1], &answer, 1), 1);
  assert_int_equal(waitpid(child, NULL, 0), child);
  for (int i = 0; i < 2; i++) {
    (void)close(to_child[i]);
    (void)close(from_child[i]);
  }
  olstm__threads_destroy(threads);
  if (answer == 0) skip();
  assert_int_equal(atomic_load(&all.of_caller), 2 * kRuns);
  assert_int_equal(atomic_load(&all.of_others), 0);
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
  return (*allowed)-- > 0 ? olstm__aligned_allocate(64, (bytes + 63) / 64 * 64) : NULL;
}

static void release_some(void* user, void* memory, size_t bytes) {
  (void)user;
  (void)bytes;
  olstm__aligned_release(memory);
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

static void leaves_a_cpu_and_keeps_its_affinity(void** state) {
  cpu_set_t before, after;
  bool has_left = false;
  (void)state;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  // The system may move the thread back at once.
  for (int i = 0; i < 100 && !has_left; i++) {
    const int cpu = olstm__thread_cpu();
    olstm__thread_leave_cpu(cpu);
    has_left = olstm__thread_cpu() != cpu;
  }
  assert_int_equal(has_left, CPU_COUNT(&before) > 1);
  assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
  assert_true(CPU_EQUAL(&before, &after));
}

static void stays_on_the_only_cpu_it_may_run_on(void** state) {
  cpu_set_t before, one, after;
  (void)state;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  const int cpu = olstm__thread_cpu();
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
  olstm__thread_leave_cpu(cpu);
  assert_int_equal(olstm__thread_cpu(), cpu);
  assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
  assert_true(CPU_EQUAL(&one, &after));
  assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_every_task_once),
      cmocka_unit_test(threads_begin_with_their_own_shares),
      cmocka_unit_test(ends_a_run_before_the_next_one),
      cmocka_unit_test(wakes_sleeping_threads_again),
      cmocka_unit_test(does_not_spin_once_a_run_has_returned),
      cmocka_unit_test(serves_one_caller_at_a_time),
      cmocka_unit_test(serves_callers_from_many_threads),
      cmocka_unit_test(does_without_threads_in_a_forked_child),
      cmocka_unit_test(a_run_does_not_wait_for_a_thread_that_has_no_core),
      cmocka_unit_test(one_thread_needs_no_pool),
      cmocka_unit_test(refuses_other_thread_counts),
      cmocka_unit_test(reports_a_failed_allocation),
      cmocka_unit_test(leaves_a_cpu_and_keeps_its_affinity),
      cmocka_unit_test(stays_on_the_only_cpu_it_may_run_on),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
