// Time that passes while a command works.
#ifndef OLSTM_SYSTEM_TIMER_H_
#define OLSTM_SYSTEM_TIMER_H_

#include <stdbool.h>
#include <stdint.h>

/// Calls `tick` each second from now on, in a signal handler or a thread of its own: it
/// may do what a signal handler may. One at a time in a process. False when it cannot be.
bool olstm__timer_start(void (*tick)(void));

/// No call is under way when this returns.
void olstm__timer_stop(void);

/// Lets the thread sleep, in nanoseconds.
void olstm__timer_sleep(int64_t nanoseconds);

#endif  // OLSTM_SYSTEM_TIMER_H_
