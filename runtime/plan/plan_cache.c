#include "runtime/plan/plan_cache.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/plan/fold.h"
#include "runtime/plan/plan_create.h"
#include "runtime/plan/plan_key.h"

struct olstm__plan_cache {
  size_t capacity;
  size_t count;
  /// Number of acquisitions: the source of last_use.
  uint64_t clock;
  olstm__plan* plans[];
};

/// The capacity is a user's option: entries are allocated as needed.
static size_t cache_bytes(size_t capacity) {
  return sizeof(olstm__plan_cache) + capacity * sizeof(olstm__plan*);
}

enum { kMaxCapacity = 1 << 20, kFirstCapacity = 16 };

static olstm__plan_cache* allocate(olstm__environment* environment, size_t capacity) {
  olstm__plan_cache* cache =
      olstm_allocate_zeroed(&environment->allocator, 1, cache_bytes(capacity));
  if (cache) cache->capacity = capacity;
  return cache;
}

static void release(olstm__environment* environment, olstm__plan_cache* cache) {
  olstm_release(&environment->allocator, cache, 1, cache_bytes(cache->capacity));
}

olstm_status olstm__plan_cache_create(olstm__environment* environment,
                                      olstm__plan_cache** out_cache, olstm_error* error) {
  const size_t limit = environment->plan_cache_capacity;
  *out_cache = allocate(environment, limit < kFirstCapacity ? limit : kFirstCapacity);
  if (*out_cache) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for plans");
}

/// Drops one reference; the environment is locked.
static void drop(olstm__plan* plan) {
  if (--plan->reference_count == 0) olstm__plan_destroy(plan);
}

void olstm__plan_cache_destroy(olstm__environment* environment,
                               olstm__plan_cache* cache) {
  if (!cache) return;
  olstm__environment_lock(environment);
  for (size_t p = 0; p < cache->count; p++) drop(cache->plans[p]);
  olstm__environment_unlock(environment);
  release(environment, cache);
}

bool olstm__plan_matches(const olstm__plan* plan, const olstm_tensor* inputs) {
  for (size_t i = 0; i < plan->input_count; i++) {
    const olstm_tensor* key = &plan->key[i];
    const bool was_open = key->desc.dtype == OLSTM_DTYPE_UNDEFINED;
    if (inputs[i].desc.dtype == OLSTM_DTYPE_UNDEFINED) {
      if (!was_open) return false;
      continue;
    }
    // A state slot that was unset when the plan was made matches its inferred desc, too.
    const olstm_tensor_desc* desc = was_open ? &plan->inputs[i] : &key->desc;
    if (!olstm_tensor_desc_equal(desc, &inputs[i].desc)) return false;
    const void* data = olstm__plan_key_data(&inputs[i]);
    if (!key->data != !data) return false;
    const size_t bytes = olstm__desc_bytes(desc);
    if (data && bytes > 0 && memcmp(key->data, data, bytes) != 0) return false;
  }
  return true;
}

/// Makes room for one more plan: grows up to the limit, then drops the least recently
/// used plan. NULL, with nothing changed, when there is no memory.
static olstm__plan_cache* make_room(olstm__program* program) {
  olstm__plan_cache* cache = program->plans;
  const olstm__environment* environment = program->environment;
  const size_t limit = environment->plan_cache_capacity < kMaxCapacity
                           ? environment->plan_cache_capacity + environment->more_plans
                           : kMaxCapacity;
  if (cache->count < cache->capacity) return cache;
  if (cache->capacity < limit) {
    const size_t wanted = 2 * cache->capacity < limit ? 2 * cache->capacity : limit;
    olstm__plan_cache* grown = allocate(program->environment, wanted);
    if (!grown) return NULL;
    memcpy(grown->plans, cache->plans, cache->count * sizeof *cache->plans);
    grown->count = cache->count;
    grown->clock = cache->clock;
    release(program->environment, cache);
    program->plans = grown;
    return grown;
  }
  size_t oldest = 0;
  for (size_t p = 1; p < cache->count; p++) {
    if (cache->plans[p]->last_use < cache->plans[oldest]->last_use) oldest = p;
  }
  drop(cache->plans[oldest]);
  cache->plans[oldest] = cache->plans[--cache->count];
  return cache;
}

static olstm_status lend_plan(olstm__program* program, const olstm_tensor* inputs,
                              uint64_t* fold_work, const olstm__plan** out_plan,
                              olstm_error* error);

// Bodies are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status acquire(olstm__program* program, const olstm_tensor* inputs,
                            uint64_t* fold_work, olstm__plan** out_plan,
                            olstm_error* error) {
  olstm__plan_cache* cache = program->plans;
  for (size_t p = 0; p < cache->count; p++) {
    if (!olstm__plan_matches(cache->plans[p], inputs)) continue;
    *out_plan = cache->plans[p];
    (*out_plan)->reference_count++;
    (*out_plan)->last_use = ++cache->clock;
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__plan_create(program, inputs, fold_work, lend_plan, out_plan, error));
  cache = make_room(program);
  if (!cache) {
    olstm__plan_destroy(*out_plan);
    *out_plan = NULL;
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for plans");
  }
  cache->plans[cache->count++] = *out_plan;
  (*out_plan)->last_use = ++cache->clock;
  // The cache's reference, and the caller's.
  (*out_plan)->reference_count = 2;
  return OLSTM_STATUS_OK;
}

// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status lend_plan(olstm__program* program, const olstm_tensor* inputs,
                              uint64_t* fold_work, const olstm__plan** out_plan,
                              olstm_error* error) {
  olstm__plan* plan = NULL;
  OLSTM_RETURN_IF_ERROR(acquire(program, inputs, fold_work, &plan, error));
  // The cache keeps its own reference.
  plan->reference_count--;
  *out_plan = plan;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__plan_acquire(olstm__program* program, const olstm_tensor* inputs,
                                 olstm__plan** out_plan, olstm_error* error) {
  uint64_t fold_work = OLSTM__FOLD_PLAN_WORK;
  *out_plan = NULL;
  olstm__environment_lock(program->environment);
  const olstm_status status = acquire(program, inputs, &fold_work, out_plan, error);
  olstm__environment_unlock(program->environment);
  return status;
}

olstm_status olstm__plan_describe(olstm__program* program, const olstm_tensor* inputs,
                                  olstm__inferred_value* out_values, olstm_error* error) {
  uint64_t fold_work = OLSTM__FOLD_PLAN_WORK;
  olstm__environment_lock(program->environment);
  const olstm_status status =
      olstm__plan_infer_values(program, inputs, &fold_work, lend_plan, out_values, error);
  olstm__environment_unlock(program->environment);
  return status;
}

void olstm__plan_cache_grow(olstm__environment* environment, ptrdiff_t plan_count) {
  olstm__environment_lock(environment);
  environment->more_plans += (size_t)plan_count;
  olstm__environment_unlock(environment);
}

void olstm__plan_release(olstm__plan* plan) {
  if (!plan) return;
  olstm__environment* environment = plan->program->environment;
  olstm__environment_lock(environment);
  drop(plan);
  olstm__environment_unlock(environment);
}
