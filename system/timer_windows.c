#include "system/timer.h"

#include <windows.h>

enum {
  kMsPerSecond = 1000,
  kNsPerTick = 100,
  /// CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, which older headers lack.
  kHighResolution = 2
};

static void (*volatile current)(void);
static HANDLE timer;

static void CALLBACK handle(void* user, BOOLEAN has_fired) {
  (void)user;
  (void)has_fired;
  current();
}

bool olstm__timer_start(void (*tick)(void)) {
  current = tick;
  return CreateTimerQueueTimer(&timer, NULL, handle, NULL, kMsPerSecond, kMsPerSecond,
                               WT_EXECUTEINTIMERTHREAD);
}

void olstm__timer_stop(void) {
  (void)DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE);
}

void olstm__timer_sleep(int64_t nanoseconds) {
  // Negative: from now on.
  LARGE_INTEGER due = {.QuadPart = -(nanoseconds / kNsPerTick)};
  HANDLE sleep = CreateWaitableTimerExW(NULL, NULL, kHighResolution, TIMER_ALL_ACCESS);
  // Windows before 10.
  if (!sleep) sleep = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS);
  if (!sleep) return;
  if (SetWaitableTimer(sleep, &due, 0, NULL, NULL, FALSE)) {
    (void)WaitForSingleObject(sleep, INFINITE);
  }
  (void)CloseHandle(sleep);
}
