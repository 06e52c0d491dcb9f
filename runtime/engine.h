// What all parts of a session share: memory, limits, the host that operators see, and the
// one lock.
#ifndef OLSTM_RUNTIME_ENGINE_H_
#define OLSTM_RUNTIME_ENGINE_H_

#include <pthread.h>

#include "olstm/runtime.h"

typedef struct olstm__engine {
  olstm_allocator allocator;
  const olstm_registry* registry;
  /// What operators are created with. Its allocator is the one above.
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
} olstm__engine;

/// Errors: INVALID_ARGUMENT (an option), OUT_OF_MEMORY. registry is borrowed.
olstm_status olstm__engine_init(olstm__engine* engine, const olstm_registry* registry,
                                const olstm_session_options* options, olstm_error* error);
/// A zeroed engine is legal.
void olstm__engine_deinit(olstm__engine* engine);

void olstm__engine_lock(olstm__engine* engine);
void olstm__engine_unlock(olstm__engine* engine);

#endif  // OLSTM_RUNTIME_ENGINE_H_
