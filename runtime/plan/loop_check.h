// A Loop or Scan that a pass has replaced: its body is walked as it would run.
#ifndef OLSTM_RUNTIME_PLAN_LOOP_CHECK_H_
#define OLSTM_RUNTIME_PLAN_LOOP_CHECK_H_

#include "runtime/plan/plan_frame.h"

/// Walks all nodes of a frame's program.
typedef olstm_status olstm__plan_walk(olstm__planner* planner,
                                      const olstm__plan_frame* frame, olstm_error* error);

/// Walks the body as the first two trips would run it; not at all when there is no trip.
/// Errors: those of operators, and what a run would say of what is carried.
olstm_status olstm__planner_check_loop(olstm__planner* planner,
                                       const olstm__plan_frame* frame,
                                       const olstm__planned_step* step,
                                       olstm__plan_walk* walk, olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_LOOP_CHECK_H_
