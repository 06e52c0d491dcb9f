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
  /// How often bodies of Loop and Scan may run in all, and have run. A body that takes
  /// long counts as several.
  uint64_t max_trips;
  uint64_t trips;
} olstm__run_limits;

/// Counts so many more; false when they are too many.
static inline bool olstm__run_limits_count_trips(olstm__run_limits* limits,
                                                 uint64_t count) {
  if (count > limits->max_trips - limits->trips) return false;
  limits->trips += count;
  return true;
}

#endif  // OLSTM_RUNTIME_RUN_LIMITS_H_
