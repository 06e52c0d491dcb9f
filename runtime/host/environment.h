// What all parts of a session share: memory, limits, the host that operators see, and the
// one lock.
#ifndef OLSTM_RUNTIME_HOST_ENVIRONMENT_H_
#define OLSTM_RUNTIME_HOST_ENVIRONMENT_H_

#include <pthread.h>

#include "olstm/runtime.h"

#include "runtime/host/operator_memory.h"

typedef struct olstm__environment {
  olstm_allocator allocator;
  const olstm_registry* registry;
  /// What operators keep, and what they are created with.
  olstm__operator_memory operator_memory;
  olstm_host host;
  olstm_operator_options options;
  /// Storage of options.kernel.
  char kernel[32];
  /// Most there is, where has_max_memory is not set: runs have less.
  size_t max_memory;
  bool has_max_memory;
  size_t plan_cache_capacity;
  /// 0: by the model and the inputs.
  uint64_t max_work;
  /// Held for every create, infer, prepare, release and destroy of an operator, and for
  /// every look into a plan cache; never while a model runs.
  pthread_mutex_t mutex;
  bool has_mutex;
  /// Nodes that were computed once for the session, and the bytes of their results.
  size_t folded_count;
  size_t folded_bytes;
  /// Multiply-adds that they may still take.
  uint64_t fold_work;
} olstm__environment;

/// Errors: INVALID_ARGUMENT (an option), OUT_OF_MEMORY. registry is borrowed.
olstm_status olstm__environment_init(olstm__environment* environment,
                                     const olstm_registry* registry,
                                     const olstm_session_options* options,
                                     olstm_error* error);

/// Lets operators keep memory in proportion to the model's constants, too.
void olstm__environment_set_constants(olstm__environment* environment,
                                      size_t constant_bytes);

/// A zeroed environment is legal.
void olstm__environment_deinit(olstm__environment* environment);

void olstm__environment_lock(olstm__environment* environment);
void olstm__environment_unlock(olstm__environment* environment);

#endif  // OLSTM_RUNTIME_HOST_ENVIRONMENT_H_
