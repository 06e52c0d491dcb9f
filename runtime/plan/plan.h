// A program prepared for one set of inputs: the order of steps, the location of every
// tensor, and values that are known. Immutable and reference-counted, since contexts keep
// plans that the cache has dropped.
//
// Steps whose shapes are known come first. Steps whose shapes depend on data, and all
// steps that depend on those, are the dynamic part, which runs after them
// (runtime/execute/dynamic.h).
#ifndef OLSTM_RUNTIME_PLAN_PLAN_H_
#define OLSTM_RUNTIME_PLAN_PLAN_H_

#include "runtime/plan/program.h"

typedef enum olstm__location_kind {
  /// Absent, or without elements: NULL.
  OLSTM__LOCATION_NONE,
  /// At `offset` in the workspace.
  OLSTM__LOCATION_WORKSPACE,
  /// Input or output `index` of the run.
  OLSTM__LOCATION_INPUT,
  OLSTM__LOCATION_OUTPUT,
  /// At `data`, in memory of model or plan.
  OLSTM__LOCATION_CONSTANT,
  /// Tensor `index` of the dynamic part.
  OLSTM__LOCATION_DYNAMIC
} olstm__location_kind;

/// Where a tensor lies: `offset` bytes from the start of that memory, where a part of
/// another tensor is not at its start.
typedef struct olstm__location {
  olstm__location_kind kind;
  size_t index;
  size_t offset;
  const void* data;
} olstm__location;

/// One step of the part whose shapes are known.
typedef struct olstm__plan_step {
  /// NULL for a copy to an output.
  const olstm__program_node* node;
  olstm_prepared prepared;
  /// Nothing to run: the output shares the memory of the input.
  bool is_view;
  size_t input_count;
  size_t output_count;
  /// Inputs, then outputs.
  const olstm__location* locations;
  size_t workspace_offset;
  /// Of an If whose branches are both planned: its inputs, of which constants have data,
  /// and the descs of its outputs. NULL for other steps.
  const olstm_tensor* branch_inputs;
  const olstm_tensor_desc* branch_outputs;
  /// Of the first layer of a wavefront: its number of layers, which are this step and the
  /// following ones that are no views, and the time steps of a piece. -1 for its other
  /// layers.
  int32_t wavefront_layers;
  int64_t piece_steps;
  /// Of a copy: size, and name of the output.
  size_t copy_bytes;
  const char* copy_name;
} olstm__plan_step;

/// One step of the dynamic part.
typedef struct olstm__dynamic_step {
  const olstm__program_node* node;
  size_t input_count;
  const olstm__location* inputs;
  /// The descs of inputs that are not DYNAMIC; data is set for constants.
  const olstm_tensor* input_tensors;
  size_t output_count;
  /// The dynamic tensor of each output, -1 where unused.
  const int32_t* outputs;
  /// Dynamic tensors that no later step uses.
  size_t dead_count;
  const int32_t* dead;
} olstm__dynamic_step;

typedef struct olstm__plan_output {
  /// For messages.
  const char* name;
  /// Whether desc is known before the run; if not, `dynamic` is the number of the dynamic
  /// tensor.
  bool is_known;
  olstm_tensor_desc desc;
  int32_t dynamic;
} olstm__plan_output;

typedef struct olstm__plan {
  olstm__program* program;
  /// reference_count and last_use are guarded by the environment's lock.
  size_t reference_count;
  uint64_t last_use;
  /// The plan key, and the descs of the inputs that follow from it.
  size_t input_count;
  const olstm_tensor* key;
  const olstm_tensor_desc* inputs;
  size_t output_count;
  const olstm__plan_output* outputs;
  size_t step_count;
  olstm__plan_step* steps;
  /// How many of them are Ifs whose branches are both planned.
  size_t branch_count;
  size_t dynamic_step_count;
  olstm__dynamic_step* dynamic_steps;
  size_t dynamic_tensor_count;
  /// The most inputs and outputs that a dynamic step has.
  size_t dynamic_input_capacity;
  size_t dynamic_output_capacity;
  size_t workspace_bytes;
  size_t unshared_bytes;
  size_t folded_count;
  size_t constant_bytes;
  /// Work of one run without the dynamic part, and of making the plan (see
  /// olstm__run_limits); the step with most work, NULL when there is none.
  uint64_t work;
  uint64_t planning_work;
  const olstm__program_node* costliest;
  /// Holds everything above.
  olstm__arena memory;
} olstm__plan;

/// What is known of a value before a run. desc.dtype is UNDEFINED where its shape is not
/// known. first_byte: of its data, -1 where that is not known, or empty. first: up to 8
/// bytes of it, then zeros; not where is_known is false.
typedef struct olstm__inferred_value {
  olstm_tensor_desc desc;
  int32_t first_byte;
  bool is_known;
  uint8_t first[8];
} olstm__inferred_value;

/// Finds or makes the plan of a body, for the planner of the graph around it. fold_work:
/// how many units of work folding may take; what it took is subtracted. out_plan: lent
/// until the next call.
typedef olstm_status (*olstm__plan_body)(olstm__program* program,
                                         const olstm_tensor* inputs, uint64_t* fold_work,
                                         const olstm__plan** out_plan,
                                         olstm_error* error);

#endif  // OLSTM_RUNTIME_PLAN_PLAN_H_
