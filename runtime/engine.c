#include "runtime/engine.h"

#include <string.h>

#include "runtime/fold.h"
#include "runtime/registry.h"
#include "runtime/threads.h"

/// Where nobody says, memory goes by the inputs of a run, up to this.
static const size_t kMostMemory = (size_t)4 << 30;

/// "auto" and NULL mean the best one.
static olstm_status read_kernel(olstm__engine* engine, const char* kernel,
                                olstm_error* error) {
  static const char* const kKernels[] = {"onednn", "native", "reference"};
  if (!kernel || strcmp(kernel, "auto") == 0) return OLSTM_STATUS_OK;
  for (size_t k = 0; k < sizeof kKernels / sizeof kKernels[0]; k++) {
    if (strcmp(kernel, kKernels[k]) != 0) continue;
    memcpy(engine->kernel, kKernels[k], strlen(kKernels[k]) + 1);
    engine->options.kernel = engine->kernel;
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "kernel '%s' is unknown, expected auto, onednn, native or reference",
                    kernel);
}

static olstm_status read_options(olstm__engine* engine,
                                 const olstm_session_options* options,
                                 olstm_error* error) {
  if (options->thread_count < 1 || options->thread_count > OLSTM__MAX_THREADS) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "thread_count is %d, expected 1..%d", (int)options->thread_count,
                      (int)OLSTM__MAX_THREADS);
  }
  if (options->precision < OLSTM_PRECISION_F32 ||
      options->precision > OLSTM_PRECISION_INT8) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "precision %d is unknown, expected OLSTM_PRECISION_*",
                      (int)options->precision);
  }
  if (options->plan_cache_capacity < 1) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "plan_cache_capacity is 0, expected at least 1");
  }
  engine->options = (olstm_operator_options){.struct_size = sizeof engine->options,
                                             .thread_count = options->thread_count,
                                             .precision = options->precision};
  engine->has_max_memory = options->max_memory > 0;
  engine->max_memory = engine->has_max_memory ? options->max_memory : kMostMemory;
  engine->plan_cache_capacity = options->plan_cache_capacity;
  engine->max_work = options->max_work;
  return read_kernel(engine, options->kernel, error);
}

olstm_status olstm__engine_init(olstm__engine* engine, const olstm_registry* registry,
                                const olstm_session_options* options,
                                olstm_error* error) {
  *engine = (olstm__engine){.registry = registry, .fold_work = OLSTM__FOLD_SESSION_WORK};
  engine->allocator = olstm_allocator_or_default(options->allocator);
  OLSTM_RETURN_IF_ERROR(read_options(engine, options, error));
  engine->host = *olstm__registry_host(registry);
  engine->host.allocator = &engine->allocator;
  if (pthread_mutex_init(&engine->mutex, NULL) != 0) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a lock");
  }
  engine->has_mutex = true;
  return OLSTM_STATUS_OK;
}

void olstm__engine_deinit(olstm__engine* engine) {
  if (engine->has_mutex) (void)pthread_mutex_destroy(&engine->mutex);
  engine->has_mutex = false;
}

void olstm__engine_lock(olstm__engine* engine) {
  (void)pthread_mutex_lock(&engine->mutex);
}

void olstm__engine_unlock(olstm__engine* engine) {
  (void)pthread_mutex_unlock(&engine->mutex);
}
