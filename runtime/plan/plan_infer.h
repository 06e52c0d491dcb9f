// The first part of planning: goes through the nodes in order and infers what is known
// before the run: descs, values (by folding), and which steps are dynamic.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_INFER_H_
#define OLSTM_RUNTIME_PLAN_PLAN_INFER_H_

#include "runtime/plan/planner.h"

/// Fills the planner's values and steps.
olstm_status olstm__planner_infer(olstm__planner* planner, const olstm_tensor* inputs,
                                  olstm_error* error);

/// Lists the inputs of a step, as far as they are known, in planner->input_list: NULL
/// where absent.
const olstm_tensor* const* olstm__planner_list_inputs(olstm__planner* planner,
                                                      const olstm__planned_step* step);

/// Lists the descs of the outputs of a step in planner->desc_list.
const olstm_tensor_desc* olstm__planner_list_outputs(olstm__planner* planner,
                                                     const olstm__planned_step* step);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_INFER_H_
