// What the process has used so far.
#ifndef OLSTM_SYSTEM_USAGE_H_
#define OLSTM_SYSTEM_USAGE_H_

#include <stdint.h>

/// The most memory that it had at a time, in KB; 0 where the system does not tell.
int64_t olstm__usage_peak_kb(void);

/// Processor time of all its threads, in nanoseconds.
int64_t olstm__usage_cpu_ns(void);

/// Processor time of the thread that asks, in nanoseconds.
int64_t olstm__usage_thread_cpu_ns(void);

#endif  // OLSTM_SYSTEM_USAGE_H_
