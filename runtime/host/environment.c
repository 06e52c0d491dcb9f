#include "runtime/host/environment.h"

#include <string.h>

#include "runtime/host/registry.h"
#include "runtime/host/threads.h"

/// Multiply-adds that a session may spend on folding.
enum { kFoldWork = 1 << 30 };

/// The memory that operators may keep for each byte of constants, with and without the
/// option max_memory; and at least, without it.
enum {
  kKeptPerConstantByte = 4,
  kDefaultKeptPerConstantByte = 16,
  kLeastKept = 256 << 20,
  /// The memory that operators may keep however small max_memory is.
  kLeastOfAll = 1 << 20
};

/// The upper bound of max_memory when the option is not set: runs then choose a limit by
/// their inputs. 4 GB, or half of the addresses that there are.
static const size_t kMostMemory = SIZE_MAX >> 31 > 1
                                      ? (size_t)((uint64_t)4 << 30 & SIZE_MAX)
                                      : SIZE_MAX / 2;

/// "auto" and NULL leave options.kernel NULL: the operator chooses. So does "fastest"
/// where real_time leaves no choice: what oneDNN computes allocates.
static olstm_status read_kernel(olstm__environment* environment, const char* kernel,
                                olstm_error* error) {
  static const char* const kKernels[] = {"onednn", "native", "reference", "fastest"};
  if (!kernel || strcmp(kernel, "auto") == 0) return OLSTM_STATUS_OK;
  for (size_t k = 0; k < sizeof kKernels / sizeof kKernels[0]; k++) {
    if (strcmp(kernel, kKernels[k]) != 0) continue;
    if (environment->real_time && strcmp(kernel, "fastest") == 0) return OLSTM_STATUS_OK;
    memcpy(environment->kernel, kKernels[k], strlen(kKernels[k]) + 1);
    environment->options.kernel = environment->kernel;
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "kernel '%s' is unknown, expected auto, onednn, native, "
                    "reference or fastest",
                    kernel);
}

static olstm_status read_options(olstm__environment* environment,
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
  environment->options =
      (olstm_operator_options){.struct_size = sizeof environment->options,
                               .thread_count = options->thread_count,
                               .precision = options->precision,
                               .has_seed = options->has_seed,
                               .seed = options->seed};
  environment->has_max_memory = options->max_memory > 0;
  environment->max_memory =
      environment->has_max_memory ? options->max_memory : kMostMemory;
  environment->plan_cache_capacity = options->plan_cache_capacity;
  environment->max_work = options->max_work;
  environment->real_time = options->real_time;
  return read_kernel(environment, options->kernel, error);
}

olstm_status olstm__environment_init(olstm__environment* environment,
                                     const olstm_registry* registry,
                                     const olstm_session_options* options,
                                     olstm_error* error) {
  *environment = (olstm__environment){.registry = registry, .fold_work = kFoldWork};
  environment->allocator = olstm_allocator_or_default(options->allocator);
  OLSTM_RETURN_IF_ERROR(read_options(environment, options, error));
  olstm__operator_memory_init(&environment->operator_memory, &environment->allocator,
                              environment->max_memory);
  environment->host = *olstm__registry_host(registry);
  olstm__operator_memory_offer(&environment->operator_memory, &environment->host);
  if (pthread_mutex_init(&environment->mutex, NULL) != 0) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a lock");
  }
  environment->has_mutex = true;
  return OLSTM_STATUS_OK;
}

void olstm__environment_set_constants(olstm__environment* environment,
                                      size_t constant_bytes) {
  const size_t factor =
      environment->has_max_memory ? kKeptPerConstantByte : kDefaultKeptPerConstantByte;
  const size_t least = environment->has_max_memory ? environment->max_memory : kLeastKept;
  size_t limit = 0;
  if (!olstm_size_multiply(constant_bytes, factor, &limit)) limit = SIZE_MAX;
  limit = limit > least ? limit : least;
  environment->operator_memory.limit = limit > kLeastOfAll ? limit : kLeastOfAll;
}

void olstm__environment_deinit(olstm__environment* environment) {
  olstm__operator_memory_deinit(&environment->operator_memory);
  if (environment->has_mutex) (void)pthread_mutex_destroy(&environment->mutex);
  environment->has_mutex = false;
}

void olstm__environment_lock(olstm__environment* environment) {
  (void)pthread_mutex_lock(&environment->mutex);
}

void olstm__environment_unlock(olstm__environment* environment) {
  (void)pthread_mutex_unlock(&environment->mutex);
}
