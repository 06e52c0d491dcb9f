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

/// The plan for these inputs: from the program's cache, or a new one.
///
/// inputs: one for each of the program's inputs. dtype UNDEFINED: a state slot that is
/// not set, or one whose shape follows from other inputs. data: NULL, or a value that
/// every run with this plan will have. Errors: SHAPE_MISMATCH, DTYPE_MISMATCH (name the
/// input), those of operators, LIMIT_EXCEEDED, OUT_OF_MEMORY, WRONG_STATE (a slot whose
/// shape nothing tells). Memory: olstm__plan_release gives the reference back.
/// [any-thread]
olstm_status olstm__plan_acquire(olstm__program* program, const olstm_tensor* inputs,
                                 olstm__plan** out_plan, olstm_error* error);

/// NULL is legal. [any-thread]
void olstm__plan_release(olstm__plan* plan);

/// Whether a plan was made for these inputs.
bool olstm__plan_matches(const olstm__plan* plan, const olstm_tensor* inputs);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_CACHE_H_
