// Runs a program: binds a plan to memory of its own. A context has an executor for the
// main graph, and one for every body that it runs. One thread at a time.
#ifndef OLSTM_RUNTIME_EXECUTE_EXECUTOR_H_
#define OLSTM_RUNTIME_EXECUTE_EXECUTOR_H_

#include "runtime/execute/body_executor.h"

/// limits: borrowed; those of the run, to be set before each prepare and run. Memory: the
/// caller owns it: olstm__executor_destroy, before the program is destroyed.
olstm_status olstm__executor_create(olstm__program* program, olstm__run_limits* limits,
                                    olstm__executor** out_executor, olstm_error* error);
/// NULL is legal.
void olstm__executor_destroy(olstm__executor* executor);

/// Finds or makes the plan for these inputs, and binds it unless it is bound already.
///
/// inputs: as in olstm__plan_acquire; data is used only where is_constant is set.
/// is_constant: per input, whether its value stays the same until the next prepare; NULL:
/// none does. Errors: as olstm__plan_acquire; the executor is unchanged then.
olstm_status olstm__executor_prepare(olstm__executor* executor,
                                     const olstm_tensor* inputs, const bool* is_constant,
                                     olstm_error* error);

/// Runs once. Prepares first if the inputs' descs are not those of the bound plan.
///
/// inputs: all of the program's. outputs: all of the program's. When data is NULL, desc
/// and data are set to a buffer of the executor, valid until its next call; when data is
/// set, it is the caller's buffer, and desc must be the output's. Outputs must not
/// overlap inputs or each other. parallel: NULL for one thread. Errors: as
/// olstm__plan_acquire, and those of operators. [no-alloc] when prepared for these
/// inputs, if the plan has no dynamic part.
olstm_status olstm__executor_run(olstm__executor* executor, const olstm_tensor* inputs,
                                 olstm_tensor* outputs, const olstm_parallel* parallel,
                                 olstm_error* error);

/// Warms up caches: runs the steps that are not dynamic once, on inputs that it makes up.
/// Does nothing if the bound plan has run already, or is large. Errors are ignored.
void olstm__executor_warm_up(olstm__executor* executor);

/// The bound plan, NULL before the first prepare. Valid until the next prepare or run.
const olstm__plan* olstm__executor_plan(const olstm__executor* executor);

/// The executor of branch `body` of branch step `index`, counted among those of the bound
/// plan. It has no plan where that branch cannot be planned.
const olstm__executor* olstm__executor_branch(const olstm__executor* executor,
                                              size_t index, size_t body);

/// What dynamic step `index` of the bound plan prepared last; NULL before its first run.
const olstm_prepared* olstm__executor_dynamic_prepared(const olstm__executor* executor,
                                                       size_t index);

#endif  // OLSTM_RUNTIME_EXECUTE_EXECUTOR_H_
