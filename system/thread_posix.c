#ifdef __linux__
#include <sched.h>
#endif
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "system/clock.h"
#include "system/thread.h"

enum { kNsPerSecond = 1000000000 };

static pthread_once_t fork_watch = PTHREAD_ONCE_INIT;
static atomic_uint fork_count;

static void count_fork(void) {
  atomic_fetch_add(&fork_count, 1);
}

static void watch_forks(void) {
  (void)pthread_atfork(NULL, NULL, count_fork);
}

unsigned olstm__fork_count(void) {
  (void)pthread_once(&fork_watch, watch_forks);
  return atomic_load(&fork_count);
}

int olstm__thread_start(pthread_t* out_thread, void* (*function)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failure = pthread_create(out_thread, NULL, function, argument);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failure;
}

#ifdef __linux__
int olstm__thread_cpu(void) {
  return sched_getcpu();
}

void olstm__thread_leave_cpu(int cpu) {
  cpu_set_t all;
  // Fails where there are more CPUs than a cpu_set_t holds.
  if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof all, &all)) return;
  cpu_set_t others = all;
  CPU_CLR(cpu, &others);
  if (CPU_COUNT(&others) == 0) return;
  (void)sched_setaffinity(0, sizeof others, &others);
  (void)sched_setaffinity(0, sizeof all, &all);
}
#else
int olstm__thread_cpu(void) {
  return -1;
}

void olstm__thread_leave_cpu(int cpu) {
  (void)cpu;
}
#endif

#ifdef __APPLE__
// There a condition has no choice of clock, but takes relative waits.
int olstm__condition_init(pthread_cond_t* condition) {
  return pthread_cond_init(condition, NULL);
}

void olstm__condition_wait_until(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                 int64_t deadline_ns) {
  const int64_t now = olstm__clock_ns();
  const int64_t left = deadline_ns > now ? deadline_ns - now : 0;
  const struct timespec time = {(time_t)(left / kNsPerSecond),
                                (long)(left % kNsPerSecond)};
  (void)pthread_cond_timedwait_relative_np(condition, mutex, &time);
}
#else
int olstm__condition_init(pthread_cond_t* condition) {
  pthread_condattr_t attributes;
  int failure = pthread_condattr_init(&attributes);
  if (failure) return failure;
  failure = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  if (!failure) failure = pthread_cond_init(condition, &attributes);
  (void)pthread_condattr_destroy(&attributes);
  return failure;
}

void olstm__condition_wait_until(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                 int64_t deadline_ns) {
  const struct timespec time = {(time_t)(deadline_ns / kNsPerSecond),
                                (long)(deadline_ns % kNsPerSecond)};
  (void)pthread_cond_timedwait(condition, mutex, &time);
}
#endif
