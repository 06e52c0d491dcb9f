// The plans of one program by their keys; the least recently used is dropped first.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_CACHE_H_
#define OLSTM_RUNTIME_PLAN_PLAN_CACHE_H_

#include "runtime/plan/plan.h"

typedef struct olstm__plan_cache olstm__plan_cache;

olstm_status olstm__plan_cache_create(olstm__environment* environment,
                                      olstm__plan_cache** out_cache, olstm_error* error);
/// NULL is legal. Plans with other references stay valid.
void olstm__plan_cache_destroy(olstm__environment* environment, olstm__plan_cache* cache);

/// Returns the plan for these inputs: a cached one, or a new one.
///
/// inputs: one for each of the program's inputs. dtype UNDEFINED: an unset state slot, or
/// one whose shape follows from other inputs. data: NULL, or a value that is the same in
/// every run of the plan. Errors: SHAPE_MISMATCH, DTYPE_MISMATCH (name the input), those
/// of operators, LIMIT_EXCEEDED, OUT_OF_MEMORY, WRONG_STATE (the shape of a slot is
/// unknown). Memory: release with olstm__plan_release. [any-thread]
olstm_status olstm__plan_acquire(olstm__program* program, const olstm_tensor* inputs,
                                 olstm__plan** out_plan, olstm_error* error);

/// NULL is legal. [any-thread]
void olstm__plan_release(olstm__plan* plan);

/// Infers what is known of the program's values for these inputs, which are as above;
/// plans of bodies are cached, none of the program is. out_values: one for each value of
/// the graph. Errors: as above. [any-thread]
olstm_status olstm__plan_describe(olstm__program* program, const olstm_tensor* inputs,
                                  olstm__inferred_value* out_values, olstm_error* error);

/// Makes room for so many more plans, or takes it back (a negative number): those of
/// tables of streams must not drive out those of contexts. [any-thread]
void olstm__plan_cache_grow(olstm__environment* environment, ptrdiff_t plan_count);

/// Whether the plan's key matches these inputs.
bool olstm__plan_matches(const olstm__plan* plan, const olstm_tensor* inputs);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_CACHE_H_
