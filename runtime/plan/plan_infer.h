// The first part of planning: walks the nodes in order and finds out what can be known
// before the run: descs, values (folding), and what must wait for data.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_INFER_H_
#define OLSTM_RUNTIME_PLAN_PLAN_INFER_H_

#include "runtime/plan/planner.h"

/// Walks all nodes: fills values and steps.
olstm_status olstm__planner_infer(olstm__planner* planner, const olstm_tensor* inputs,
                                  olstm_error* error);

/// What is known of a step's inputs, in planner->input_list: NULL where absent.
const olstm_tensor* const* olstm__planner_list_inputs(olstm__planner* planner,
                                                      const olstm__planned_step* step);

/// What is known of a step's outputs, in planner->desc_list.
const olstm_tensor_desc* olstm__planner_list_outputs(olstm__planner* planner,
                                                     const olstm__planned_step* step);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_INFER_H_
