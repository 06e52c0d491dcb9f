// Values on their way into a plan: what the walk over its nodes (plan_infer.h) knows of
// them.
#ifndef OLSTM_RUNTIME_PLAN_PLAN_FRAME_H_
#define OLSTM_RUNTIME_PLAN_PLAN_FRAME_H_

#include "runtime/plan/planner.h"

/// A program whose values are being planned: the main one, or a body planned in place of
/// its If.
typedef struct olstm__plan_frame {
  const olstm__program* program;
  /// Of each value: the planned value, -1 for one not met yet.
  int32_t* map;
  int32_t depth;
} olstm__plan_frame;

/// Adds a value of which nothing is known. -1 when there is no memory.
int32_t olstm__planner_add_value(olstm__planner* planner, const char* name);

/// Sets a value's desc and, where it is known (always for tensors without elements), its
/// data.
void olstm__planned_value_describe(olstm__planned_value* value,
                                   const olstm_tensor_desc* desc, const void* data);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_FRAME_H_
