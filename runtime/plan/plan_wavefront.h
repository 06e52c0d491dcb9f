// Finds the recurrent layers of a plan that stand on top of each other and run faster as
// a wavefront (runtime/plan/wavefront.h) than one after the other. They become neighbours
// in the order of steps, and what they read and write is kept as long as any of them
// runs.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_WAVEFRONT_H_
#define OLSTM_RUNTIME_PLAN_PLAN_WAVEFRONT_H_

#include "runtime/plan/planner.h"

/// For sessions with more than one thread; others keep their steps as they are. After
/// olstm__planner_mark_views. Errors: OUT_OF_MEMORY.
olstm_status olstm__planner_find_wavefronts(olstm__planner* planner, olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_WAVEFRONT_H_
