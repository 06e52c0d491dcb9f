// Checks the inputs that a plan is made for, and infers the shapes of unset state slots.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_INPUTS_H_
#define OLSTM_RUNTIME_PLAN_PLAN_INPUTS_H_

#include "runtime/plan/planner.h"

/// Checks dtypes, ranks and dimensions of the inputs against the model's declarations,
/// and that symbolic dimensions agree. State slots of dtype UNDEFINED are skipped.
/// Errors: SHAPE_MISMATCH, DTYPE_MISMATCH, UNSUPPORTED; name the input.
olstm_status olstm__planner_check_inputs(olstm__planner* planner,
                                         const olstm_tensor* inputs, olstm_error* error);

/// Infers the desc of an unset state slot. batch: its batch size, -1 when unknown. False
/// when a dimension is unknown.
bool olstm__planner_find_state_desc(const olstm__planner* planner, size_t slot,
                                    int64_t batch, olstm_tensor_desc* out_desc);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_INPUTS_H_
