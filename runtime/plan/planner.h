// A plan in the making. First all nodes are walked in order and what can be known is
// found out (plan_infer.h); then those that nobody needs are left out, the others
// prepared, and every tensor is given its location (liveness.h); then the plan is written
// down (plan_create.h). The environment is locked all the while.
#ifndef OLSTM_RUNTIME_PLAN_PLANNER_H_
#define OLSTM_RUNTIME_PLAN_PLANNER_H_

#include "runtime/plan/plan.h"

/// One tensor of the plan. A body that is planned in place of its If adds its own.
typedef struct olstm__planned_value {
  const char* name;
  /// desc is set when is_described; data when the value is known (and for tensors without
  /// elements, whose value is always known).
  olstm_tensor tensor;
  bool is_described;
  /// Its shape is known only while running.
  bool is_dynamic;
  /// Where it lies, as far as that is settled by what it is (INPUT, CONSTANT).
  olstm__location location;
  /// A state slot whose desc follows from another value: the slot's number, else -1.
  int32_t pending_state;
  /// Whether a step that stays, or an output, needs it.
  bool is_live;
  /// Buffer that holds it (olstm__planned_buffer), -1: none.
  int32_t buffer;
  /// Of dynamic ones: number among the dynamic tensors; the last dynamic step that reads
  /// it, -1: kept until the end.
  int32_t dynamic;
  int32_t last_dynamic_step;
} olstm__planned_value;

typedef struct olstm__planned_step {
  const olstm__program_node* node;
  /// Planned values, -1 where absent.
  int32_t* inputs;
  int32_t* outputs;
  bool is_dynamic;
  bool is_live;
  bool is_view;
  bool is_prepared;
  olstm_prepared prepared;
  uint64_t work;
  /// Its index among the steps of its part; and those of the steps from which and to
  /// which what it reads and writes must be kept: layers of a wavefront run at the same
  /// time.
  size_t position;
  size_t first_position, last_position;
  /// Of the first layer of a wavefront: how many layers, and the steps of a piece. -1 for
  /// its other layers, 0 for other steps.
  int32_t wavefront_layers;
  int64_t piece_steps;
  size_t workspace_offset;
} olstm__planned_step;

/// Memory that one or several values share: views, and results written over their input.
typedef struct olstm__planned_buffer {
  /// WORKSPACE until it turns out to be an output; INPUT, CONSTANT.
  olstm__location location;
  size_t bytes;
  /// The steps from which and to which it must be kept.
  size_t first_step;
  size_t last_step;
  /// Another buffer that it has become one with, -1: none.
  int32_t merged_into;
} olstm__planned_buffer;

/// An output that must be copied from `value`.
typedef struct olstm__planned_copy {
  int32_t value;
  size_t output;
} olstm__planned_copy;

typedef struct olstm__planner {
  olstm__environment* environment;
  olstm__program* program;
  /// What is being made; its memory takes what outlives the planner.
  olstm__plan* plan;
  /// What does not.
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
  /// The main program's values as planned values, -1 for those not met yet.
  int32_t* map;
  /// Sizes of the symbolic dimensions, -1 where unknown; and the input that set it.
  int64_t* symbols;
  size_t* symbol_inputs;
  /// The most inputs and outputs that any step has, and lists of that length.
  size_t list_capacity;
  const olstm_tensor** input_list;
  olstm_tensor_desc* desc_list;
  /// How many steps run in the part whose shapes are known, copies left out.
  size_t known_step_count;
  size_t dynamic_step_count;
  size_t dynamic_tensor_count;
  /// Multiply-adds that may still go into values known ahead.
  uint64_t fold_work;
} olstm__planner;

#endif  // OLSTM_RUNTIME_PLAN_PLANNER_H_
