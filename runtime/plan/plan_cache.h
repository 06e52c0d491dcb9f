// The plans of one program, by what they were made for: so many are kept, the least
// recently used goes first.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_CACHE_H_
#define OLSTM_RUNTIME_PLAN_PLAN_CACHE_H_

#include "runtime/plan/plan.h"

typedef struct olstm__plan_cache olstm__plan_cache;

olstm_status olstm__plan_cache_create(olstm__environment* environment,
                                      olstm__plan_cache** out_cache, olstm_error* error);
/// NULL is legal. Plans that somebody still holds live on.
void olstm__plan_cache_destroy(olstm__environment* environment, olstm__plan_cache* cache);

/// Whether a plan was made for these inputs.
bool olstm__plan_matches(const olstm__plan* plan, const olstm_tensor* inputs);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_CACHE_H_
