// The second part of planning: which steps are live, how long each tensor is kept, which
// tensors share memory (views, results computed in place, outputs in the caller's
// buffers), and so their locations.
#ifndef OLSTM_RUNTIME_PLAN_LIVENESS_H_
#define OLSTM_RUNTIME_PLAN_LIVENESS_H_

#include "runtime/plan/planner.h"

/// Marks the steps that outputs depend on, and numbers them.
void olstm__planner_mark_live(olstm__planner* planner);

/// Numbers the live steps of both parts in their order.
void olstm__planner_number_steps(olstm__planner* planner);

/// Finds which prepared steps are views.
void olstm__planner_mark_views(olstm__planner* planner);

/// Sets the location of every value of the prepared steps.
olstm_status olstm__planner_assign_locations(olstm__planner* planner, olstm_error* error);

/// The location of a value after olstm__planner_assign_locations.
olstm__location olstm__planner_get_location(const olstm__planner* planner, int32_t value);

#endif  // OLSTM_RUNTIME_PLAN_LIVENESS_H_
