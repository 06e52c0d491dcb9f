// Makes plans (see planner.h).
#ifndef OLSTM_RUNTIME_PLAN_PLAN_CREATE_H_
#define OLSTM_RUNTIME_PLAN_PLAN_CREATE_H_

#include "runtime/plan/plan.h"

/// Makes a plan; the caller owns it. The environment is locked.
olstm_status olstm__plan_create(olstm__program* program, const olstm_tensor* inputs,
                                olstm__plan** out_plan, olstm_error* error);
void olstm__plan_destroy(olstm__plan* plan);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_CREATE_H_
