// If nodes whose condition only the run tells, but whose shapes do not depend on it: both
// branches are planned ahead, and the node is a step as any other.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_BRANCHES_H_
#define OLSTM_RUNTIME_PLAN_PLAN_BRANCHES_H_

#include "runtime/plan/planner.h"

/// Plans the branches of an If. If what they give is known and the same, the step becomes
/// a branch step, and its outputs are described. A branch that cannot be planned gives
/// its error when it is taken; the other one tells the shapes then. out_is_known: false
/// where the shapes depend on the branch, or on data. Errors: OUT_OF_MEMORY; with
/// real_time what a branch does not keep.
olstm_status olstm__planner_plan_branches(olstm__planner* planner,
                                          olstm__planned_step* step, bool* out_is_known,
                                          olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_BRANCHES_H_
