// Shared by all parts of a session: allocator, limits, options and host of operators, and
// the session's lock.
#ifndef OLSTM_RUNTIME_HOST_ENVIRONMENT_H_
#define OLSTM_RUNTIME_HOST_ENVIRONMENT_H_

#include "olstm/runtime.h"

#include "runtime/host/operator_memory.h"
#include "system/thread.h"

typedef struct olstm__environment {
  olstm_allocator allocator;
  const olstm_registry* registry;
  /// Counts and shares the memory of operators; also the allocator that they get.
  olstm__operator_memory operator_memory;
  olstm_host host;
  olstm_operator_options options;
  /// Buffer of options.kernel.
  char kernel[32];
  /// The option; an upper bound when has_max_memory is false, and each run chooses its
  /// own limit.
  size_t max_memory;
  bool has_max_memory;
  size_t plan_cache_capacity;
  /// Plans that each cache keeps beyond those of the option, for tables of streams.
  /// Guarded by the lock.
  size_t more_plans;
  /// The option; 0: each run chooses its own limit.
  uint64_t max_work;
  /// The option: no step of a plan may allocate while it runs.
  bool real_time;
  /// Held during create, infer, prepare, release and destroy of an operator, and while a
  /// plan cache is accessed; never during run.
  pthread_mutex_t mutex;
  bool has_mutex;
  /// Nodes that were folded when the session was created, and the bytes of their results.
  size_t folded_count;
  size_t folded_bytes;
  /// Multiply-adds left for folding.
  uint64_t fold_work;
} olstm__environment;

/// Errors: INVALID_ARGUMENT (an option), OUT_OF_MEMORY. registry is borrowed.
olstm_status olstm__environment_init(olstm__environment* environment,
                                     const olstm_registry* registry,
                                     const olstm_session_options* options,
                                     olstm_error* error);

/// Raises the limit of the operators' memory in proportion to the model's constants.
void olstm__environment_set_constants(olstm__environment* environment,
                                      size_t constant_bytes);

/// A zeroed environment is legal.
void olstm__environment_deinit(olstm__environment* environment);

void olstm__environment_lock(olstm__environment* environment);
void olstm__environment_unlock(olstm__environment* environment);

#endif  // OLSTM_RUNTIME_HOST_ENVIRONMENT_H_
