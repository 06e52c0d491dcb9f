#include "system/timer.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { kNsPerSecond = 1000000000 };

static void (*volatile current)(void);

static void handle(int signal_number) {
  (void)signal_number;
  current();
}

bool olstm__timer_start(void (*tick)(void)) {
  struct sigaction action;
  const struct itimerval each_second = {{1, 0}, {1, 0}};
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  current = tick;
  return sigaction(SIGALRM, &action, NULL) == 0 &&
         setitimer(ITIMER_REAL, &each_second, NULL) == 0;
}

void olstm__timer_stop(void) {
  const struct itimerval never = {{0, 0}, {0, 0}};
  (void)setitimer(ITIMER_REAL, &never, NULL);
}

void olstm__timer_sleep(int64_t nanoseconds) {
  const struct timespec time = {(time_t)(nanoseconds / kNsPerSecond),
                                (long)(nanoseconds % kNsPerSecond)};
  (void)nanosleep(&time, NULL);
}
