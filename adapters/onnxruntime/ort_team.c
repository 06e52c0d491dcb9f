#include "ort_team.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
  MAX_THREADS = 64,
  COUNT_US = 1000,
  GATHER_US = 200,
  BARRIER_US = 500,
  SPINS = 1000
};

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// Where the cores are busy with other work, waiting must let it go on.
static void wait_a_little(int* spins) {
  if (++*spins > SPINS) (void)sched_yield();
}

// ---------------------------------------------------------------- counting

typedef struct head_count {
  double deadline_us;
  int most;
  atomic_int count;
} head_count;

static bool is_over(head_count* heads) {
  return atomic_load(&heads->count) >= heads->most || now_us() >= heads->deadline_us;
}

// Every thread that comes in time stays until the time is over: none counts twice.
static void count_one(void* user, size_t index) {
  head_count* heads = user;
  (void)index;
  if (is_over(heads)) return;
  (void)atomic_fetch_add(&heads->count, 1);
  while (!is_over(heads)) (void)sched_yield();
}

int32_t olstm__ort_team_count_threads(const OrtApi* api,
                                      const OrtKernelContext* context) {
  const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  head_count heads = {.deadline_us = now_us() + COUNT_US,
                      .most = cpus < MAX_THREADS ? (int)cpus : MAX_THREADS};
  OrtStatus* status =
      api->KernelContext_ParallelFor(context, count_one, MAX_THREADS, 0, &heads);
  if (status) api->ReleaseStatus(status);
  const int32_t count = atomic_load(&heads.count);
  return count > 1 ? count : 1;
}

// ---------------------------------------------------------------- a run

// True when all have come. Whoever waits too long closes the door, for all.
static bool gather(olstm__ort_team* team) {
  for (int spins = 0;; wait_a_little(&spins)) {
    int joined = atomic_load(&team->joined);
    if (joined < 0) return false;
    if (joined >= team->task_count) return true;
    if (now_us() < team->deadline_us) continue;
    if (atomic_compare_exchange_strong(&team->joined, &joined, INT_MIN / 2)) return false;
  }
}

static void join_team(void* user, size_t index) {
  olstm__ort_team* team = user;
  (void)index;
  const int32_t place = atomic_fetch_add(&team->joined, 1);
  if (place >= 0 && gather(team)) team->task(team->argument, place);
}

static void run_one(void* user, size_t index) {
  const olstm__ort_team* team = user;
  team->task(team->argument, (int32_t)index);
}

static void run_tasks(void* pool, int32_t task_count,
                      void (*task)(void* argument, int32_t index), void* argument) {
  olstm__ort_team* team = pool;
  const bool meets = task_count <= team->parallel.thread_count;
  if (atomic_load(&team->failed)) return;
  team->task = task;
  team->argument = argument;
  team->task_count = task_count;
  team->deadline_us = now_us() + GATHER_US;
  atomic_store(&team->joined, 0);
  OrtStatus* status = team->api->KernelContext_ParallelFor(
      team->context, meets ? join_team : run_one, (size_t)task_count, 0, team);
  if (status || atomic_load(&team->joined) < 0) atomic_store(&team->failed, true);
  if (status) team->api->ReleaseStatus(status);
}

// Where a thread keeps the others waiting, because its core does something else, all go
// on without a result: computing again on one thread is sooner done.
static void pass_barrier(void* pool) {
  olstm__ort_team* team = pool;
  const int passed = atomic_load(&team->barrier_passed);
  if (atomic_load(&team->failed)) return;
  if (atomic_fetch_add(&team->barrier_arrived, 1) + 1 == team->task_count) {
    atomic_store(&team->barrier_arrived, 0);
    (void)atomic_fetch_add(&team->barrier_passed, 1);
    return;
  }
  double deadline_us = 0.0;
  for (int spins = 0; atomic_load(&team->barrier_passed) == passed;
       wait_a_little(&spins)) {
    if (atomic_load(&team->failed)) return;
    if (spins < SPINS) continue;
    if (deadline_us == 0.0) deadline_us = now_us() + BARRIER_US;
    if (now_us() >= deadline_us) atomic_store(&team->failed, true);
  }
}

void olstm__ort_team_init(olstm__ort_team* team, const OrtApi* api,
                          const OrtKernelContext* context, int32_t thread_count) {
  memset(team, 0, sizeof *team);
  team->parallel = (olstm_parallel){.struct_size = sizeof team->parallel,
                                    .pool = team,
                                    .thread_count = thread_count,
                                    .run = run_tasks,
                                    .barrier = pass_barrier};
  team->api = api;
  team->context = context;
}
