#include "system/usage.h"

#include <windows.h>
// After windows.h, which it needs.
#include <psapi.h>

enum { kNsPerTick = 100 };

int64_t olstm__usage_peak_kb(void) {
  PROCESS_MEMORY_COUNTERS counters;
  if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) return 0;
  return (int64_t)(counters.PeakWorkingSetSize / 1024);
}

static int64_t ticks(const FILETIME* time) {
  return (int64_t)((uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime);
}

static int64_t sum(const FILETIME* kernel, const FILETIME* user) {
  return (ticks(kernel) + ticks(user)) * kNsPerTick;
}

int64_t olstm__usage_cpu_ns(void) {
  FILETIME start, end, kernel, user;
  return GetProcessTimes(GetCurrentProcess(), &start, &end, &kernel, &user)
             ? sum(&kernel, &user)
             : 0;
}

int64_t olstm__usage_thread_cpu_ns(void) {
  FILETIME start, end, kernel, user;
  return GetThreadTimes(GetCurrentThread(), &start, &end, &kernel, &user)
             ? sum(&kernel, &user)
             : 0;
}
