// See plan_inputs.c.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_INPUTS_H_
#define OLSTM_RUNTIME_PLAN_PLAN_INPUTS_H_

#include "runtime/plan/planner.h"

/// Checks the inputs' dtypes, ranks and dimensions against the model's declarations, and
/// symbolic dimensions against each other. State slots of dtype UNDEFINED are left out.
/// Errors: SHAPE_MISMATCH, DTYPE_MISMATCH, UNSUPPORTED; name the input.
olstm_status olstm__planner_check_inputs(olstm__planner* planner,
                                         const olstm_tensor* inputs, olstm_error* error);

/// The desc of a state slot that is not set. batch: what its source says, -1: not known.
/// False when a dimension stays open.
bool olstm__planner_find_state_desc(const olstm__planner* planner, size_t slot,
                                    int64_t batch, olstm_tensor_desc* out_desc);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_INPUTS_H_
