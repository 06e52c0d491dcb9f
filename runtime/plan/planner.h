// A plan under construction. plan_infer.h goes through the nodes and infers what is
// known; dead steps are left out and the others prepared; liveness.h assigns locations;
// plan_create.h writes the plan. The environment is locked meanwhile.
#ifndef OLSTM_RUNTIME_PLAN_PLANNER_H_
#define OLSTM_RUNTIME_PLAN_PLANNER_H_

#include "runtime/plan/plan.h"

/// A tensor of the plan. A body that is planned in place of its If adds its own.
typedef struct olstm__planned_value {
  const char* name;
  /// desc is set when is_described; data when the value is known (always for tensors
  /// without elements).
  olstm_tensor tensor;
  bool is_described;
  /// Its shape is known only while running.
  bool is_dynamic;
  /// The location of an INPUT or CONSTANT; others are assigned later.
  olstm__location location;
  /// The number of a state slot whose desc is not inferred yet, else -1.
  int32_t pending_state;
  /// Whether a live step or an output uses it.
  bool is_live;
  /// Its buffer (olstm__planned_buffer), -1 for none.
  int32_t buffer;
  /// Of a dynamic tensor: its number, and the last dynamic step that uses it (-1: kept
  /// until the end).
  int32_t dynamic;
  int32_t last_dynamic_step;
} olstm__planned_value;

typedef struct olstm__planned_step {
  const olstm__program_node* node;
  /// Planned values, -1 where absent.
  int32_t* inputs;
  int32_t* outputs;
  bool is_dynamic;
  /// An If whose branches are both planned (plan_branches.h).
  bool is_branch;
  bool is_live;
  bool is_view;
  bool is_prepared;
  olstm_prepared prepared;
  uint64_t work;
  /// Index among the known or the dynamic steps; and the first and last index at which
  /// the memory that the step uses must be kept: layers of a wavefront run at the same
  /// time.
  size_t position;
  size_t first_position, last_position;
  /// Of the first layer of a wavefront: how many layers, and the steps of a piece. -1 for
  /// its other layers, 0 for other steps.
  int32_t wavefront_layers;
  int64_t piece_steps;
  size_t workspace_offset;
} olstm__planned_step;

/// Memory of one value, or of several that share it: views, and results computed in
/// place; or a part of such memory.
typedef struct olstm__planned_buffer {
  /// WORKSPACE, unless it is an output; INPUT; CONSTANT.
  olstm__location location;
  size_t bytes;
  /// The first and the last step at which it is in use.
  size_t first_step;
  size_t last_step;
  /// The buffer that it was merged into, -1: none.
  int32_t merged_into;
  /// The buffer that it is a part of, which is no part itself, and where in it it begins;
  /// -1: none.
  int32_t part_of;
  size_t part_offset;
} olstm__planned_buffer;

/// An output that must be copied from `value`.
typedef struct olstm__planned_copy {
  int32_t value;
  size_t output;
} olstm__planned_copy;

typedef struct olstm__planner {
  olstm__environment* environment;
  olstm__program* program;
  /// The plan; its memory holds what outlives the planner.
  olstm__plan* plan;
  /// Memory for the time of planning.
  olstm__arena scratch;
  int32_t value_count;
  size_t value_capacity;
  olstm__planned_value* values;
  size_t step_count, step_capacity;
  olstm__planned_step* steps;
  int32_t buffer_count;
  olstm__planned_buffer* buffers;
  size_t copy_count;
  olstm__planned_copy* copies;
  /// The planned value of each value of the main program, -1 for none yet.
  int32_t* map;
  /// The size of each symbolic dimension, -1 where unknown; and the input that set it.
  int64_t* symbols;
  size_t* symbol_inputs;
  /// Lists as long as the most inputs or outputs of a step so far.
  size_t list_capacity;
  const olstm_tensor** input_list;
  olstm_tensor_desc* desc_list;
  /// Number of live steps that are not dynamic, without copies.
  size_t known_step_count;
  size_t dynamic_step_count;
  size_t dynamic_tensor_count;
  /// Multiply-adds left for folding, and how many there were.
  uint64_t fold_work, fold_limit;
  /// Plans the body of a control node.
  olstm__plan_body plan_body;
  /// While nodes are walked that passes have replaced: nothing of it stays in the plan.
  /// How many were, and the bytes of values that were known ahead.
  bool is_checking;
  size_t checked_count;
  size_t checked_bytes;
} olstm__planner;

#endif  // OLSTM_RUNTIME_PLAN_PLANNER_H_
