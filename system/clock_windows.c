#include <windows.h>

#include "system/clock.h"

enum { kNsPerSecond = 1000000000 };

int64_t olstm__clock_ns(void) {
  LARGE_INTEGER ticks, per_second;
  (void)QueryPerformanceFrequency(&per_second);
  (void)QueryPerformanceCounter(&ticks);
  const int64_t seconds = ticks.QuadPart / per_second.QuadPart;
  const int64_t rest = ticks.QuadPart % per_second.QuadPart;
  return seconds * kNsPerSecond + rest * kNsPerSecond / per_second.QuadPart;
}
