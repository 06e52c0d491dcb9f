#include "runtime/plan/plan_infer.h"

#include <string.h>

#include "base/array.h"
#include "base/tensor_size.h"
#include "runtime/plan/control_check.h"
#include "runtime/plan/fold.h"
#include "runtime/plan/plan_inputs.h"
#include "runtime/plan/plan_key.h"

/// A program while it is planned: the main one, or a body that is planned in place of its
/// If.
typedef struct plan_frame {
  const olstm__program* program;
  /// The planned value of each value, -1 for none yet.
  int32_t* map;
  int32_t depth;
} plan_frame;

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
}

// ---------------------------------------------------------------- values and steps

static int32_t add_value(olstm__planner* planner, const char* name) {
  const olstm_allocator scratch = olstm__arena_as_allocator(&planner->scratch);
  olstm__planned_value* values =
      planner->value_count == INT32_MAX
          ? NULL
          : olstm__array_reserve(&scratch, planner->values, (size_t)planner->value_count,
                                 1, &planner->value_capacity, sizeof *values);
  if (!values) return -1;
  planner->values = values;
  planner->values[planner->value_count] = (olstm__planned_value){.name = name,
                                                                 .pending_state = -1,
                                                                 .buffer = -1,
                                                                 .dynamic = -1,
                                                                 .last_dynamic_step = -1};
  return planner->value_count++;
}

/// Sets the desc of a value, and its data if known. Tensors without elements always count
/// as known.
static void describe(olstm__planned_value* value, const olstm_tensor_desc* desc,
                     const void* data) {
  value->tensor.desc = *desc;
  for (int32_t d = desc->rank; d < OLSTM_MAX_RANK; d++) value->tensor.desc.dims[d] = 0;
  value->is_described = true;
  value->pending_state = -1;
  value->tensor.data = (void*)data;
  if (olstm__desc_bytes(desc) == 0) {
    value->tensor.data = olstm__empty_tensor_data();
    value->location = (olstm__location){.kind = OLSTM__LOCATION_NONE};
  }
}

static int32_t add_constant(olstm__planner* planner, const char* name,
                            const olstm_tensor* tensor) {
  const int32_t value = add_value(planner, name);
  if (value < 0) return -1;
  planner->values[value].location =
      (olstm__location){.kind = OLSTM__LOCATION_CONSTANT, .data = tensor->data};
  describe(&planner->values[value], &tensor->desc, tensor->data);
  return value;
}

/// The planned value of a value, added if needed (without a desc, unless it is a
/// constant); -1 when there is no memory.
static int32_t get_value(olstm__planner* planner, const plan_frame* frame,
                         int32_t value) {
  const olstm__graph_value* from = &frame->program->graph->values[value];
  if (frame->map[value] < 0) {
    frame->map[value] = from->kind == OLSTM__VALUE_CONSTANT
                            ? add_constant(planner, from->info.name, from->constant)
                            : add_value(planner, from->info.name);
  }
  return frame->map[value];
}

static olstm__planned_step* add_step(olstm__planner* planner,
                                     const olstm__program_node* node) {
  const olstm_allocator scratch = olstm__arena_as_allocator(&planner->scratch);
  olstm__planned_step* steps =
      olstm__array_reserve(&scratch, planner->steps, planner->step_count, 1,
                           &planner->step_capacity, sizeof *steps);
  if (!steps) return NULL;
  planner->steps = steps;
  olstm__planned_step* step = &planner->steps[planner->step_count];
  *step = (olstm__planned_step){.node = node};
  step->inputs =
      olstm__arena_allocate(&planner->scratch, node->input_count, sizeof *step->inputs);
  step->outputs =
      olstm__arena_allocate(&planner->scratch, node->output_count, sizeof *step->outputs);
  if (!step->inputs || !step->outputs) return NULL;
  planner->step_count++;
  return step;
}

/// Makes the lists as long as the inputs and outputs of the node.
static bool reserve_lists(olstm__planner* planner, const olstm__program_node* node) {
  const size_t wanted =
      node->input_count > node->output_count ? node->input_count : node->output_count;
  if (wanted <= planner->list_capacity) return true;
  const size_t capacity = 2 * wanted;
  planner->input_list =
      olstm__arena_allocate(&planner->scratch, capacity, sizeof *planner->input_list);
  planner->desc_list =
      olstm__arena_allocate(&planner->scratch, capacity, sizeof *planner->desc_list);
  planner->list_capacity = planner->input_list && planner->desc_list ? capacity : 0;
  return planner->list_capacity > 0;
}

const olstm_tensor* const* olstm__planner_list_inputs(olstm__planner* planner,
                                                      const olstm__planned_step* step) {
  for (size_t i = 0; i < step->node->input_count; i++) {
    const int32_t value = step->inputs[i];
    planner->input_list[i] = value < 0 ? NULL : &planner->values[value].tensor;
  }
  return planner->input_list;
}

const olstm_tensor_desc* olstm__planner_list_outputs(olstm__planner* planner,
                                                     const olstm__planned_step* step) {
  for (size_t o = 0; o < step->node->output_count; o++) {
    const int32_t value = step->outputs[o];
    planner->desc_list[o] =
        value < 0 ? (olstm_tensor_desc){.rank = 0} : planner->values[value].tensor.desc;
  }
  return planner->desc_list;
}

// ---------------------------------------------------------------- inputs

static olstm_status add_inputs(olstm__planner* planner, const plan_frame* frame,
                               const olstm_tensor* inputs, olstm_error* error) {
  const olstm__program* program = frame->program;
  for (size_t i = 0; i < program->input_count; i++) {
    const int32_t value = get_value(planner, frame, program->inputs[i]);
    if (value < 0) return fail_memory(error);
    planner->values[value].location =
        (olstm__location){.kind = OLSTM__LOCATION_INPUT, .index = i};
    if (inputs[i].desc.dtype != OLSTM_DTYPE_UNDEFINED) {
      describe(&planner->values[value], &inputs[i].desc,
               olstm__plan_key_data(&planner->plan->key[i]));
    } else {
      planner->values[value].pending_state = (int32_t)(i - program->graph->input_count);
    }
  }
  return OLSTM_STATUS_OK;
}

/// The batch size of a state slot, taken from its source in a frame, where value `read`
/// reads the slot. -1 when unknown.
static int64_t find_batch(const olstm__planner* planner, const plan_frame* frame,
                          int32_t read) {
  const olstm__graph* graph = frame->program->graph;
  for (size_t s = 0; s < graph->state_count; s++) {
    const olstm__graph_state* state = &graph->states[s];
    if (state->input != read || state->batch_axis < 0) continue;
    const int32_t source =
        state->source == OLSTM__NO_VALUE ? -1 : frame->map[state->source];
    if (source < 0) return -1;
    const olstm__planned_value* from = &planner->values[source];
    return from->is_described && state->source_axis < from->tensor.desc.rank
               ? from->tensor.desc.dims[state->source_axis]
               : -1;
  }
  return -1;
}

/// Infers the desc of an unset state slot when value `read` of a frame, which reads it,
/// is used.
static olstm_status resolve_state(olstm__planner* planner, const plan_frame* frame,
                                  int32_t read, olstm_error* error) {
  const int32_t value = frame->map[read];
  // State slots belong to the main program.
  const size_t slot = (size_t)planner->values[value].pending_state;
  const olstm__graph_state* state = &planner->program->graph->states[slot];
  const int64_t batch = find_batch(planner, frame, read);
  olstm_tensor_desc desc;
  size_t bytes = 0;
  if (!olstm__planner_find_state_desc(planner, slot, batch, &desc)) {
    return olstm_fail(error, OLSTM_STATUS_WRONG_STATE, "state '%s' has shape %s, %s",
                      state->name, olstm_dims_text(state->dims, state->rank).text,
                      state->batch_axis < 0
                          ? "whose open dimensions no input tells: set it before the "
                            "first run"
                          : "and its batch is known only while running: its node cannot "
                            "keep it");
  }
  if (!olstm_tensor_desc_bytes(&desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "state '%s' has shape %s, which is too large", state->name,
                      olstm_shape_text(&desc).text);
  }
  // The value is unknown even if it is empty; its location is an input of the run.
  describe(&planner->values[value], &desc, NULL);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- operators

static olstm_status check_outputs(const olstm__planner* planner,
                                  const olstm__planned_step* step,
                                  const olstm_tensor_desc* descs, size_t* out_bytes,
                                  olstm_error* error) {
  const olstm_node* node = &step->node->node;
  const size_t most = olstm__call_output_limit(
      planner->environment->max_memory, planner->input_list, step->node->input_count);
  *out_bytes = 0;
  for (size_t o = 0; o < step->node->output_count; o++) {
    size_t bytes = 0;
    if (step->outputs[o] < 0) continue;
    const size_t left = SIZE_MAX - *out_bytes;
    OLSTM_RETURN_IF_ERROR(olstm__call_check_output(
        node, o, &descs[o], most < left ? most : left, &bytes, error));
    *out_bytes += bytes;
  }
  return OLSTM_STATUS_OK;
}

/// Whether a step can be folded, and its results are worth keeping.
static bool can_fold(const olstm__planner* planner, const olstm__planned_step* step,
                     size_t output_bytes) {
  const bool is_shape_only =
      (step->node->callbacks->flags & OLSTM_OPERATOR_SHAPE_ONLY) != 0;
  size_t input_bytes = 0;
  bool has_input = false;
  if (step->node->callbacks->flags & OLSTM_OPERATOR_RANDOM) return false;
  for (size_t i = 0; i < step->node->input_count; i++) {
    if (step->inputs[i] < 0) continue;
    const olstm_tensor* input = &planner->values[step->inputs[i]].tensor;
    if (!input->data && !is_shape_only) return false;
    input_bytes += olstm__desc_bytes(&input->desc);
    has_input = true;
  }
  return has_input && olstm__fold_is_worthwhile(input_bytes, output_bytes) &&
         output_bytes <= planner->environment->max_memory - planner->plan->constant_bytes;
}

/// Folds a step: computes it into memory of the plan, unless that takes too much work.
/// Its outputs become constants.
static olstm_status fold_step(olstm__planner* planner, const olstm__planned_step* step,
                              size_t output_bytes, bool* out_is_done,
                              olstm_error* error) {
  const size_t output_count = step->node->output_count;
  void** data = olstm__arena_allocate(&planner->scratch, output_count, sizeof *data);
  if (!data) return fail_memory(error);
  for (size_t o = 0; o < output_count; o++) {
    if (step->outputs[o] < 0) continue;
    data[o] = olstm__arena_allocate_data(&planner->plan->memory,
                                         olstm__desc_bytes(&planner->desc_list[o]));
    if (!data[o]) return fail_memory(error);
  }
  // Counted even if the result is not used: the memory stays allocated.
  planner->plan->constant_bytes += output_bytes;
  const olstm__fold_call call = {planner->environment,
                                 olstm__program_instance(step->node), planner->input_list,
                                 planner->desc_list, data};
  OLSTM_RETURN_IF_ERROR(olstm__fold_run(&call, &planner->fold_work, out_is_done, error));
  if (!*out_is_done) return OLSTM_STATUS_OK;
  for (size_t o = 0; o < output_count; o++) {
    if (step->outputs[o] < 0) continue;
    olstm__planned_value* value = &planner->values[step->outputs[o]];
    value->location =
        (olstm__location){.kind = OLSTM__LOCATION_CONSTANT, .data = data[o]};
    describe(value, &planner->desc_list[o], data[o]);
  }
  planner->plan->folded_count++;
  return OLSTM_STATUS_OK;
}

static void make_dynamic(olstm__planner* planner, olstm__planned_step* step) {
  step->is_dynamic = true;
  for (size_t o = 0; o < step->node->output_count; o++) {
    if (step->outputs[o] >= 0) planner->values[step->outputs[o]].is_dynamic = true;
  }
}

static olstm_status infer_operator(olstm__planner* planner, olstm__planned_step* step,
                                   olstm_error* error) {
  const olstm__program_node* node = step->node;
  const olstm_tensor* const* inputs = olstm__planner_list_inputs(planner, step);
  const olstm_infer_args args = {sizeof args, node->input_count, inputs,
                                 node->output_count};
  size_t output_bytes = 0;
  bool is_folded = false;
  memset(planner->desc_list, 0, node->output_count * sizeof *planner->desc_list);
  const olstm__operator_instance of = olstm__program_instance(node);
  const olstm_status status = olstm__call_infer(&of, &args, planner->desc_list, error);
  if (status == OLSTM_STATUS_NEEDS_DATA) {
    make_dynamic(planner, step);
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(status);
  OLSTM_RETURN_IF_ERROR(
      check_outputs(planner, step, planner->desc_list, &output_bytes, error));
  if (can_fold(planner, step, output_bytes)) {
    OLSTM_RETURN_IF_ERROR(fold_step(planner, step, output_bytes, &is_folded, error));
  }
  if (is_folded) {
    planner->step_count--;
    return OLSTM_STATUS_OK;
  }
  for (size_t o = 0; o < node->output_count; o++) {
    if (step->outputs[o] < 0) continue;
    describe(&planner->values[step->outputs[o]], &planner->desc_list[o], NULL);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- control nodes

static olstm_status infer_program(olstm__planner* planner, const plan_frame* frame,
                                  olstm_error* error);

/// Plans a body of an If in a frame of its own: its captures are values of the outer
/// frame.
static olstm_status walk_body(olstm__planner* planner, const plan_frame* outer,
                              const olstm__planned_step* step,
                              const olstm__program_body* body, plan_frame* out_inner,
                              olstm_error* error) {
  const olstm__program* program = body->program;
  const size_t value_count = (size_t)program->graph->value_count;
  plan_frame inner = {program, NULL, outer->depth + 1};
  if (inner.depth > OLSTM__MAX_NESTING) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED, "graphs are nested too deep");
  }
  const int32_t* captured = step->inputs + body->first_capture;
  inner.map = olstm__arena_allocate(&planner->scratch, value_count, sizeof *inner.map);
  if (!inner.map) return fail_memory(error);
  for (size_t v = 0; v < value_count; v++) inner.map[v] = -1;
  for (size_t c = 0; c < body->capture_count; c++) {
    inner.map[program->inputs[c]] = captured[c];
  }
  *out_inner = inner;
  return infer_program(planner, &inner, error);
}

/// Plans a body in place of its If: the outputs of the body become those of the If.
static olstm_status infer_body(olstm__planner* planner, const plan_frame* outer,
                               const olstm__planned_step* step,
                               const olstm__program_body* body, olstm_error* error) {
  plan_frame inner;
  const olstm__program* program = body->program;
  const int32_t* outputs = step->node->outputs;
  OLSTM_RETURN_IF_ERROR(walk_body(planner, outer, step, body, &inner, error));
  for (size_t o = 0; o < step->node->output_count && o < program->output_count; o++) {
    if (outputs[o] == OLSTM__NO_VALUE) continue;
    outer->map[outputs[o]] = get_value(planner, &inner, program->outputs[o]);
    if (outer->map[outputs[o]] < 0) return fail_memory(error);
  }
  return OLSTM_STATUS_OK;
}

static bool has_pending_input(const olstm__planner* planner,
                              const olstm__planned_step* step) {
  for (size_t i = 0; i < step->node->input_count; i++) {
    const int32_t value = step->inputs[i];
    if (value >= 0 && planner->values[value].pending_state >= 0) return true;
  }
  return false;
}

/// Infers the descs of state slots that pass through an If to a node in a branch. The
/// branches are walked for that, and their steps are dropped. Errors are ignored: they
/// occur again when the branch is planned.
static olstm_status resolve_passing(olstm__planner* planner, const plan_frame* frame,
                                    const olstm__planned_step* step, olstm_error* error) {
  const olstm__program_node* node = step->node;
  const size_t branch_count =
      strcmp(node->node.op_type, "If") == 0 ? node->body_count : 0;
  for (size_t b = 0; b < branch_count && has_pending_input(planner, step); b++) {
    plan_frame inner;
    const size_t step_count = planner->step_count;
    (void)walk_body(planner, frame, step, &node->bodies[b], &inner, NULL);
    planner->step_count = step_count;
  }
  for (size_t i = 0; i < node->input_count; i++) {
    if (step->inputs[i] < 0 || planner->values[step->inputs[i]].pending_state < 0) {
      continue;
    }
    OLSTM_RETURN_IF_ERROR(resolve_state(planner, frame, node->inputs[i], error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status infer_control(olstm__planner* planner, const plan_frame* frame,
                                  olstm__planned_step* step, olstm_error* error) {
  const olstm__program_body* body = NULL;
  const olstm__planned_step control = *step;
  const int32_t condition = step->node->input_count > 0 ? step->inputs[0] : -1;
  if (condition >= 0 && planner->values[condition].tensor.data) {
    OLSTM_RETURN_IF_ERROR(olstm__control_choose_body(
        step->node, &planner->values[condition].tensor, &body, error));
  }
  if (!body) {
    make_dynamic(planner, step);
    return resolve_passing(planner, frame, &control, error);
  }
  // The step is removed; its lists stay in scratch memory.
  planner->step_count--;
  OLSTM_RETURN_IF_ERROR(infer_body(planner, frame, &control, body, error));
  return resolve_passing(planner, frame, &control, error);
}

// ---------------------------------------------------------------- all nodes

/// Whether an input of a step is dynamic.
static bool has_dynamic_input(const olstm__planner* planner,
                              const olstm__planned_step* step) {
  for (size_t i = 0; i < step->node->input_count; i++) {
    if (step->inputs[i] >= 0 && planner->values[step->inputs[i]].is_dynamic) return true;
  }
  return false;
}

static olstm_status infer_node(olstm__planner* planner, const plan_frame* frame,
                               const olstm__program_node* node, olstm_error* error) {
  olstm__planned_step* step = add_step(planner, node);
  if (!step || !reserve_lists(planner, node)) return fail_memory(error);
  for (size_t i = 0; i < node->input_count; i++) {
    step->inputs[i] = -1;
    if (node->inputs[i] == OLSTM__NO_VALUE) continue;
    const int32_t value = get_value(planner, frame, node->inputs[i]);
    if (value < 0) return fail_memory(error);
    step->inputs[i] = value;
    // The desc of a slot that a body captures is inferred in the body.
    const bool is_capture = node->body_count > 0 && i >= node->node.input_count;
    if (planner->values[value].pending_state >= 0 && !is_capture) {
      OLSTM_RETURN_IF_ERROR(resolve_state(planner, frame, node->inputs[i], error));
    }
  }
  for (size_t o = 0; o < node->output_count; o++) {
    step->outputs[o] = -1;
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    const int32_t value = get_value(planner, frame, node->outputs[o]);
    if (value < 0) return fail_memory(error);
    step->outputs[o] = value;
  }
  if (node->kind == OLSTM__NODE_CONTROL)
    return infer_control(planner, frame, step, error);
  if (has_dynamic_input(planner, step)) {
    make_dynamic(planner, step);
    return OLSTM_STATUS_OK;
  }
  return infer_operator(planner, step, error);
}

static olstm_status infer_program(olstm__planner* planner, const plan_frame* frame,
                                  olstm_error* error) {
  for (size_t n = 0; n < frame->program->node_count; n++) {
    OLSTM_RETURN_IF_ERROR(infer_node(planner, frame, &frame->program->nodes[n], error));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__planner_infer(olstm__planner* planner, const olstm_tensor* inputs,
                                  olstm_error* error) {
  const olstm__program* program = planner->program;
  const plan_frame main = {program, planner->map, 0};
  OLSTM_RETURN_IF_ERROR(olstm__planner_check_inputs(planner, inputs, error));
  OLSTM_RETURN_IF_ERROR(add_inputs(planner, &main, inputs, error));
  OLSTM_RETURN_IF_ERROR(infer_program(planner, &main, error));
  for (size_t o = 0; o < program->output_count; o++) {
    const int32_t value = get_value(planner, &main, program->outputs[o]);
    if (value < 0) return fail_memory(error);
    if (planner->values[value].pending_state >= 0) {
      OLSTM_RETURN_IF_ERROR(resolve_state(planner, &main, program->outputs[o], error));
    }
  }
  // A slot that is not read needs a desc, too: the context stores it.
  for (size_t i = program->graph->input_count; i < program->input_count; i++) {
    const int32_t value = planner->map[program->inputs[i]];
    if (planner->values[value].pending_state >= 0) {
      OLSTM_RETURN_IF_ERROR(resolve_state(planner, &main, program->inputs[i], error));
    }
  }
  return OLSTM_STATUS_OK;
}
