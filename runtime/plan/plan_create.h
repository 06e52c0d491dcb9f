// Makes plans (see planner.h).
#ifndef OLSTM_RUNTIME_PLAN_PLAN_CREATE_H_
#define OLSTM_RUNTIME_PLAN_PLAN_CREATE_H_

#include "runtime/plan/plan.h"

/// Makes a plan; the caller owns it. The environment is locked. fold_work: how many
/// units of work folding may take; what it took is subtracted.
olstm_status olstm__plan_create(olstm__program* program, const olstm_tensor* inputs,
                                uint64_t* fold_work, olstm__plan_body plan_body,
                                olstm__plan** out_plan, olstm_error* error);
void olstm__plan_destroy(olstm__plan* plan);

/// Infers what is known of a program's values, and makes no plan. The environment is
/// locked; arguments as above. out_values: one for each value of the program's graph.
olstm_status olstm__plan_infer_values(olstm__program* program, const olstm_tensor* inputs,
                                      uint64_t* fold_work, olstm__plan_body plan_body,
                                      olstm__inferred_value* out_values,
                                      olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_CREATE_H_
