#include "system/usage.h"

#include <sys/resource.h>
#include <time.h>

enum { kNsPerSecond = 1000000000 };

int64_t olstm__usage_peak_kb(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss : 0;
}

static int64_t read_clock(clockid_t clock) {
  struct timespec time = {0, 0};
  (void)clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * kNsPerSecond + time.tv_nsec;
}

int64_t olstm__usage_cpu_ns(void) {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t olstm__usage_thread_cpu_ns(void) {
  return read_clock(CLOCK_THREAD_CPUTIME_ID);
}
