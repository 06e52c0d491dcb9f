// The branch steps of a plan: Ifs whose branches are both planned. Each branch has an
// executor, bound and warmed up before the run, which then takes one of them and
// allocates nothing.
#ifndef OLSTM_RUNTIME_EXECUTE_BRANCHES_H_
#define OLSTM_RUNTIME_EXECUTE_BRANCHES_H_

#include "runtime/execute/body_executor.h"

typedef struct olstm__branches olstm__branches;

/// bodies: runs the branches. limits: borrowed; those of the run.
olstm_status olstm__branches_create(olstm__environment* environment,
                                    const olstm__body_executor* bodies,
                                    olstm__run_limits* limits,
                                    olstm__branches** out_branches, olstm_error* error);
/// NULL is legal.
void olstm__branches_destroy(olstm__branches* branches);

/// Makes ready to bind the branch steps of a plan, which must be kept as long as it is
/// bound. What keeps a branch from being planned is an error of the run that takes it.
olstm_status olstm__branches_start(olstm__branches* branches, const olstm__plan* plan,
                                   olstm_error* error);
/// Binds what was started last in the place of the plan before.
void olstm__branches_bind(olstm__branches* branches);

/// The handle of branch step `index`, counted among those of the bound plan, for
/// olstm__branches_run.
const void* olstm__branches_handle(const olstm__branches* branches, size_t index);

/// Runs a branch step, as an operator's run does. instance: unused.
olstm_status olstm__branches_run(const void* instance, const void* handle,
                                 const olstm_run_args* args, olstm_error* error);

/// See olstm__executor_warm_up.
void olstm__branches_warm_up(const olstm__branches* branches);

/// The executor of branch `body` of a branch step; without a plan when it could not be
/// planned.
const olstm__executor* olstm__branches_executor(const olstm__branches* branches,
                                                size_t index, size_t body);

#endif  // OLSTM_RUNTIME_EXECUTE_BRANCHES_H_
