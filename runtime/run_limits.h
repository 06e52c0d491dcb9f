// What one run of a context may take, and has taken: a model must not keep its caller for
// ever, nor fill memory.
#ifndef OLSTM_RUNTIME_RUN_LIMITS_H_
#define OLSTM_RUNTIME_RUN_LIMITS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct olstm__run_limits {
  /// Bytes of one graph's workspace and outputs, of its late tensors, and of what one
  /// loop keeps: each.
  size_t max_memory;
  /// How often bodies of Loop and Scan may run in all, and have run.
  uint64_t max_trips;
  uint64_t trips;
} olstm__run_limits;

/// Counts one more; false when it is one too many.
static inline bool olstm__run_limits_count_trip(olstm__run_limits* limits) {
  if (limits->trips >= limits->max_trips) return false;
  limits->trips++;
  return true;
}

#endif  // OLSTM_RUNTIME_RUN_LIMITS_H_
