#include "ort_threads.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { kMaxThreads = 64, kCountUs = 1000 };

static double now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
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

/// Every thread that comes in time stays until the time is over: none counts twice.
static void count_one(void* user, size_t index) {
  head_count* heads = user;
  (void)index;
  if (is_over(heads)) return;
  (void)atomic_fetch_add(&heads->count, 1);
  while (!is_over(heads)) (void)sched_yield();
}

int32_t olstm__ort_count_threads(const OrtApi* api, const OrtKernelContext* context) {
  const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  head_count heads = {.deadline_us = now_us() + kCountUs,
                      .most = cpus < kMaxThreads ? (int)cpus : kMaxThreads};
  OrtStatus* status =
      api->KernelContext_ParallelFor(context, count_one, kMaxThreads, 0, &heads);
  if (status) api->ReleaseStatus(status);
  const int32_t count = atomic_load(&heads.count);
  return count > 1 ? count : 1;
}

// ---------------------------------------------------------------- running

typedef struct task_call {
  void (*task)(void* argument, int32_t index);
  void* argument;
} task_call;

static void call_task(void* user, size_t index) {
  const task_call* call = user;
  call->task(call->argument, (int32_t)index);
}

static void run_tasks(void* user, int32_t task_count,
                      void (*task)(void* argument, int32_t index), void* argument) {
  const olstm__ort_pool* pool = user;
  task_call call = {task, argument};
  OrtStatus* status = pool->api->KernelContext_ParallelFor(pool->context, call_task,
                                                           (size_t)task_count, 0, &call);
  if (!status) return;
  // Refused before any task was begun.
  pool->api->ReleaseStatus(status);
  for (int32_t i = 0; i < task_count; i++) task(argument, i);
}

void olstm__ort_pool_init(olstm__ort_pool* pool, const OrtApi* api,
                          const OrtKernelContext* context, int32_t thread_count) {
  pool->parallel = (olstm_parallel){.struct_size = sizeof pool->parallel,
                                    .pool = pool,
                                    .thread_count = thread_count,
                                    .run = run_tasks};
  pool->api = api;
  pool->context = context;
}
