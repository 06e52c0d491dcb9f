// The clock.
#ifndef OLSTM_SYSTEM_CLOCK_H_
#define OLSTM_SYSTEM_CLOCK_H_

#include <stdint.h>

/// A clock that never goes back, in nanoseconds from an unknown start.
/// [no-alloc] [any-thread]
int64_t olstm__clock_ns(void);

#endif  // OLSTM_SYSTEM_CLOCK_H_
