// Runs a program: a plan bound to memory of its own. A context has one for the main
// graph, and one for every body of a control node that it runs. One thread at a time.
#ifndef OLSTM_RUNTIME_EXECUTE_EXECUTOR_H_
#define OLSTM_RUNTIME_EXECUTE_EXECUTOR_H_

#include "runtime/execute/body_executor.h"

/// limits: borrowed; those of the run, set before each prepare and run.
/// Memory: the caller owns it: olstm__executor_destroy, before the program.
olstm_status olstm__executor_create(olstm__program* program, olstm__run_limits* limits,
                                    olstm__executor** out_executor, olstm_error* error);
/// NULL is legal.
void olstm__executor_destroy(olstm__executor* executor);

/// Finds or makes the plan for these inputs and binds it; does nothing when it is bound
/// already.
///
/// inputs: as in olstm__plan_acquire; data counts only where is_constant says so.
/// is_constant: per input, whether its value stays what it is until the next prepare;
/// NULL: none does.
/// Errors: as olstm__plan_acquire; the executor is as before then.
olstm_status olstm__executor_prepare(olstm__executor* executor,
                                     const olstm_tensor* inputs, const bool* is_constant,
                                     olstm_error* error);

/// Runs once. Prepares first when the inputs' descs are not those of the bound plan.
///
/// inputs: all of the program's. outputs: all of the program's: an entry whose data is
/// NULL gets desc and a buffer of the executor's, good until its next call; one whose
/// data is set is the caller's buffer and must have the output's desc. Outputs must not
/// overlap inputs, nor each other. parallel: NULL for one thread. Errors: as
/// olstm__plan_acquire, and those of operators. [no-alloc] when prepared for these inputs
/// and the plan has no dynamic part.
olstm_status olstm__executor_run(olstm__executor* executor, const olstm_tensor* inputs,
                                 olstm_tensor* outputs, const olstm_parallel* parallel,
                                 olstm_error* error);

/// Runs the steps whose shapes are known once, on zeros, so that the first real run finds
/// code and weights in memory. Does nothing when the bound plan has run already, or is
/// large; its errors are nobody's.
void olstm__executor_warm_up(olstm__executor* executor);

/// The bound plan, NULL before the first prepare. Good until the next prepare or run.
const olstm__plan* olstm__executor_plan(const olstm__executor* executor);

/// What the bound plan's dynamic step `index` prepared last; NULL when it has not run.
const olstm_prepared* olstm__executor_dynamic_prepared(const olstm__executor* executor,
                                                       size_t index);

#endif  // OLSTM_RUNTIME_EXECUTE_EXECUTOR_H_
