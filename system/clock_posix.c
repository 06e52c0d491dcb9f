#include <time.h>

#include "system/clock.h"

enum { kNsPerSecond = 1000000000 };

int64_t olstm__clock_ns(void) {
  struct timespec time = {0, 0};
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * kNsPerSecond + time.tv_nsec;
}
