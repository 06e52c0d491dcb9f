// A program prepared for one set of inputs: which steps run in which order, where every
// tensor lies, what is known already. Const once made; counted references, since contexts
// hold on to plans that the cache has dropped.
//
// Steps whose shapes are known come first. Those whose shapes only data can tell, and
// all that follow from them, are the dynamic part: it runs behind them, one step at a
// time (runtime/execute/dynamic.h).
#ifndef OLSTM_RUNTIME_PLAN_PLAN_H_
#define OLSTM_RUNTIME_PLAN_PLAN_H_

#include "runtime/plan/program.h"

typedef enum olstm__location_kind {
  /// Absent, or without elements: NULL.
  OLSTM__LOCATION_NONE,
  /// `offset` bytes into the workspace.
  OLSTM__LOCATION_WORKSPACE,
  /// The run's input or output number `index`.
  OLSTM__LOCATION_INPUT,
  OLSTM__LOCATION_OUTPUT,
  /// `data`, of model or plan.
  OLSTM__LOCATION_CONSTANT,
  /// Tensor `index` of the dynamic part.
  OLSTM__LOCATION_DYNAMIC
} olstm__location_kind;

/// Where a tensor lies.
typedef struct olstm__location {
  olstm__location_kind kind;
  size_t index;
  size_t offset;
  const void* data;
} olstm__location;

/// One step of the part whose shapes are known.
typedef struct olstm__plan_step {
  /// NULL for a copy into an output.
  const olstm__program_node* node;
  olstm_prepared prepared;
  /// Nothing to do: the output is the input.
  bool is_view;
  size_t input_count;
  size_t output_count;
  /// Inputs, then outputs.
  const olstm__location* locations;
  size_t workspace_offset;
  /// Of the first layer of a wavefront: how many of the steps from here on that are no
  /// views are its layers, and the time steps of a piece. -1 for its other layers.
  int32_t wavefront_layers;
  int64_t piece_steps;
  /// Of a copy: and the name of the output.
  size_t copy_bytes;
  const char* copy_name;
} olstm__plan_step;

/// One step of the dynamic part.
typedef struct olstm__dynamic_step {
  const olstm__program_node* node;
  size_t input_count;
  const olstm__location* inputs;
  /// What is known of each input (not of DYNAMIC ones); data is set for constants.
  const olstm_tensor* input_tensors;
  size_t output_count;
  /// Late tensor of each output, -1 where nobody wants it.
  const int32_t* outputs;
  /// Late tensors that nobody needs after this step.
  size_t dead_count;
  const int32_t* dead;
} olstm__dynamic_step;

typedef struct olstm__plan_output {
  /// For messages.
  const char* name;
  /// Whether desc is known before the run; else `dynamic` is the dynamic tensor it is.
  bool is_known;
  olstm_tensor_desc desc;
  int32_t dynamic;
} olstm__plan_output;

typedef struct olstm__plan {
  olstm__program* program;
  /// Guarded by the environment's lock, as is `last_use`.
  size_t reference_count;
  uint64_t last_use;
  /// What it was made for, as given (see olstm__plan_acquire), and what came of it.
  size_t input_count;
  const olstm_tensor* key;
  const olstm_tensor_desc* inputs;
  size_t output_count;
  const olstm__plan_output* outputs;
  size_t step_count;
  olstm__plan_step* steps;
  size_t dynamic_step_count;
  olstm__dynamic_step* dynamic_steps;
  size_t dynamic_tensor_count;
  /// The most inputs and outputs of a dynamic step.
  size_t dynamic_input_capacity;
  size_t dynamic_output_capacity;
  size_t workspace_bytes;
  size_t unshared_bytes;
  size_t folded_count;
  size_t constant_bytes;
  /// Of a run of the known part, and of making the plan: see olstm__run_limits. And the
  /// step that takes most, NULL where there is none.
  uint64_t work;
  uint64_t planning_work;
  const olstm__program_node* costliest;
  /// Of everything above.
  olstm__arena memory;
} olstm__plan;

#endif  // OLSTM_RUNTIME_PLAN_PLAN_H_
