// No signals, no fork: Windows, with its POSIX threads, and web pages.
#include "system/thread.h"

#include <time.h>

#include "system/clock.h"

unsigned olstm__fork_count(void) {
  return 0;
}

int olstm__thread_cpu(void) {
  return -1;
}

void olstm__thread_leave_cpu(int cpu) {
  (void)cpu;
}

int olstm__thread_start(pthread_t* out_thread, void* (*function)(void*), void* argument) {
  return pthread_create(out_thread, NULL, function, argument);
}

int olstm__condition_init(pthread_cond_t* condition) {
  return pthread_cond_init(condition, NULL);
}

void olstm__condition_wait_until(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                 int64_t deadline_ns) {
  enum { kNsPerSecond = 1000000000 };
  struct timespec time = {0, 0};
  const int64_t now = olstm__clock_ns();
  const int64_t left = deadline_ns > now ? deadline_ns - now : 0;
  (void)clock_gettime(CLOCK_REALTIME, &time);
  const int64_t end = time.tv_nsec + left;
  time.tv_sec += (time_t)(end / kNsPerSecond);
  time.tv_nsec = (long)(end % kNsPerSecond);
  (void)pthread_cond_timedwait(condition, mutex, &time);
}
