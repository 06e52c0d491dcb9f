#include "runtime/plan/plan_infer.h"

#include <string.h>

#include "base/array.h"
#include "base/tensor_size.h"
#include "runtime/plan/control_check.h"
#include "runtime/plan/fold.h"
#include "runtime/plan/loop_check.h"
#include "runtime/plan/plan_branches.h"
#include "runtime/plan/plan_frame.h"
#include "runtime/plan/plan_inputs.h"
#include "runtime/plan/plan_key.h"

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
}

// ---------------------------------------------------------------- values and steps

static int32_t add_constant(olstm__planner* planner, const char* name,
                            const olstm_tensor* tensor) {
  const int32_t value = olstm__planner_add_value(planner, name);
  if (value < 0) return -1;
  planner->values[value].location =
      (olstm__location){.kind = OLSTM__LOCATION_CONSTANT, .data = tensor->data};
  olstm__planned_value_describe(&planner->values[value], &tensor->desc, tensor->data);
  return value;
}

/// The planned value of a graph's value; -1 when there is no memory. Those that nodes
/// make are added without a desc.
static int32_t get_value(olstm__planner* planner, const olstm__plan_frame* frame,
                         int32_t value) {
  const olstm__graph_value* from = &frame->program->graph->values[value];
  if (frame->map[value] < 0) {
    frame->map[value] = from->kind == OLSTM__VALUE_CONSTANT
                            ? add_constant(planner, from->info.name, from->constant)
                            : olstm__planner_add_value(planner, from->info.name);
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

static olstm_status add_inputs(olstm__planner* planner, const olstm__plan_frame* frame,
                               const olstm_tensor* inputs, olstm_error* error) {
  const olstm__program* program = frame->program;
  for (size_t i = 0; i < program->input_count; i++) {
    const int32_t value = get_value(planner, frame, program->inputs[i]);
    if (value < 0) return fail_memory(error);
    planner->values[value].location =
        (olstm__location){.kind = OLSTM__LOCATION_INPUT, .index = i};
    if (inputs[i].desc.dtype != OLSTM_DTYPE_UNDEFINED) {
      olstm__planned_value_describe(&planner->values[value], &inputs[i].desc,
                                    olstm__plan_key_data(&planner->plan->key[i]));
    } else {
      planner->values[value].pending_state = (int32_t)(i - program->graph->input_count);
    }
  }
  return OLSTM_STATUS_OK;
}

/// The batch that a slot must have, told by where it is read in a frame: read is the
/// value there that reads it. -1 when nothing tells.
static int64_t find_batch(const olstm__planner* planner, const olstm__plan_frame* frame,
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

/// Finds the desc of a state slot that is about to be read, as value `read` of a frame.
static olstm_status resolve_state(olstm__planner* planner, const olstm__plan_frame* frame,
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
  // Never computed ahead, be it empty: the run says where it lies.
  olstm__planned_value_describe(&planner->values[value], &desc, NULL);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- operators

static olstm_status check_outputs(const olstm__planner* planner,
                                  const olstm__planned_step* step,
                                  const olstm_tensor_desc* descs, size_t* out_bytes,
                                  olstm_error* error) {
  const olstm_node* node = &step->node->node;
  // What is only checked takes no memory.
  const size_t most =
      planner->is_checking
          ? SIZE_MAX
          : olstm__call_output_limit(planner->environment->max_memory,
                                     planner->input_list, step->node->input_count);
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

/// While replaced nodes are only checked: whether the value is known already, from the
/// node that replaces them.
static bool is_known_already(const olstm__planner* planner,
                             const olstm__planned_value* value) {
  return planner->is_checking && (value->is_described || value->is_dynamic);
}

/// Whether the results of a step can be computed while planning, and are small enough.
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
         output_bytes <= planner->environment->max_memory -
                             (planner->is_checking ? planner->checked_bytes
                                                   : planner->plan->constant_bytes);
}

/// Folds a step: computes it into memory of the plan, unless that takes too much work.
/// Its outputs become constants.
static olstm_status fold_step(olstm__planner* planner, const olstm__planned_step* step,
                              size_t output_bytes, bool* out_is_done,
                              olstm_error* error) {
  const size_t output_count = step->node->output_count;
  void** data = olstm__arena_allocate(&planner->scratch, output_count, sizeof *data);
  olstm__arena* memory =
      planner->is_checking ? &planner->scratch : &planner->plan->memory;
  if (!data) return fail_memory(error);
  for (size_t o = 0; o < output_count; o++) {
    if (step->outputs[o] < 0) continue;
    data[o] =
        olstm__arena_allocate_data(memory, olstm__desc_bytes(&planner->desc_list[o]));
    if (!data[o]) return fail_memory(error);
  }
  // The memory is taken, whether it comes to be used or not.
  *(planner->is_checking ? &planner->checked_bytes : &planner->plan->constant_bytes) +=
      output_bytes;
  const olstm__fold_call call = {planner->environment,
                                 olstm__program_instance(step->node), planner->input_list,
                                 planner->desc_list, data};
  OLSTM_RETURN_IF_ERROR(olstm__fold_run(&call, &planner->fold_work, out_is_done, error));
  if (!*out_is_done) return OLSTM_STATUS_OK;
  for (size_t o = 0; o < output_count; o++) {
    if (step->outputs[o] < 0) continue;
    olstm__planned_value* value = &planner->values[step->outputs[o]];
    if (is_known_already(planner, value)) continue;
    value->location =
        (olstm__location){.kind = OLSTM__LOCATION_CONSTANT, .data = data[o]};
    olstm__planned_value_describe(value, &planner->desc_list[o], data[o]);
  }
  planner->plan->folded_count += !planner->is_checking;
  return OLSTM_STATUS_OK;
}

static void make_dynamic(olstm__planner* planner, olstm__planned_step* step) {
  step->is_dynamic = true;
  for (size_t o = 0; o < step->node->output_count; o++) {
    if (step->outputs[o] < 0) continue;
    olstm__planned_value* value = &planner->values[step->outputs[o]];
    if (!is_known_already(planner, value)) value->is_dynamic = true;
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
    olstm__planned_value* value = &planner->values[step->outputs[o]];
    if (!is_known_already(planner, value)) {
      olstm__planned_value_describe(value, &planner->desc_list[o], NULL);
    }
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- control nodes

static olstm_status check_replaced(olstm__planner* planner,
                                   const olstm__plan_frame* frame, olstm_error* error);
static olstm_status infer_program(olstm__planner* planner, const olstm__plan_frame* frame,
                                  olstm_error* error);

/// Goes through a body of an If: its captures are our values.
static olstm_status walk_body(olstm__planner* planner, const olstm__plan_frame* outer,
                              const olstm__planned_step* step,
                              const olstm__program_body* body,
                              olstm__plan_frame* out_inner, olstm_error* error) {
  const olstm__program* program = body->program;
  const size_t value_count = (size_t)program->graph->value_count;
  olstm__plan_frame inner = {program, NULL, outer->depth + 1};
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
  OLSTM_RETURN_IF_ERROR(infer_program(planner, &inner, error));
  return check_replaced(planner, &inner, error);
}

/// Plans a body in the place of its If: what it gives is what the If gives.
static olstm_status infer_body(olstm__planner* planner, const olstm__plan_frame* outer,
                               const olstm__planned_step* step,
                               const olstm__program_body* body, olstm_error* error) {
  olstm__plan_frame inner;
  const olstm__program* program = body->program;
  const int32_t* outputs = step->node->outputs;
  OLSTM_RETURN_IF_ERROR(walk_body(planner, outer, step, body, &inner, error));
  for (size_t o = 0; o < step->node->output_count && o < program->output_count; o++) {
    if (outputs[o] == OLSTM__NO_VALUE) continue;
    const int32_t old = outer->map[outputs[o]];
    if (old >= 0 && is_known_already(planner, &planner->values[old])) continue;
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

/// Finds the descs of slots that pass through an If to a node in one of its branches: the
/// branches are gone through for that, and nothing of it stays. What fails there fails
/// again when it is taken.
static olstm_status resolve_passing(olstm__planner* planner,
                                    const olstm__plan_frame* frame,
                                    const olstm__planned_step* step, olstm_error* error) {
  const olstm__program_node* node = step->node;
  if (planner->is_checking) return OLSTM_STATUS_OK;
  const size_t branch_count = node->control == OLSTM__CONTROL_IF ? node->body_count : 0;
  for (size_t b = 0; b < branch_count && has_pending_input(planner, step); b++) {
    olstm__plan_frame inner;
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

static olstm_status infer_control(olstm__planner* planner, const olstm__plan_frame* frame,
                                  olstm__planned_step* step, olstm_error* error) {
  const olstm__program_body* body = NULL;
  const olstm__planned_step control = *step;
  const int32_t condition = step->node->input_count > 0 ? step->inputs[0] : -1;
  if (condition >= 0 && planner->values[condition].tensor.data) {
    OLSTM_RETURN_IF_ERROR(olstm__control_choose_body(
        step->node, &planner->values[condition].tensor, &body, error));
  }
  if (planner->is_checking && step->node->control != OLSTM__CONTROL_IF) {
    OLSTM_RETURN_IF_ERROR(
        olstm__planner_check_loop(planner, frame, &control, infer_program, error));
    make_dynamic(planner, &planner->steps[planner->step_count - 1]);
    return OLSTM_STATUS_OK;
  }
  if (!body) {
    const size_t at = planner->step_count - 1;
    bool is_known = false;
    OLSTM_RETURN_IF_ERROR(resolve_passing(planner, frame, &control, error));
    // The list of steps may have moved.
    step = &planner->steps[at];
    if (step->node->control == OLSTM__CONTROL_IF && !planner->is_checking) {
      OLSTM_RETURN_IF_ERROR(
          olstm__planner_plan_branches(planner, step, &is_known, error));
    }
    if (!is_known) make_dynamic(planner, step);
    return OLSTM_STATUS_OK;
  }
  // The step is removed; its lists stay in scratch memory.
  planner->step_count--;
  OLSTM_RETURN_IF_ERROR(infer_body(planner, frame, &control, body, error));
  return resolve_passing(planner, frame, &control, error);
}

// ---------------------------------------------------------------- all nodes

/// Whether one of a step's inputs is known only while running. Of replaced nodes, what
/// fed one may be gone without a trace.
static bool has_dynamic_input(const olstm__planner* planner,
                              const olstm__planned_step* step) {
  for (size_t i = 0; i < step->node->input_count; i++) {
    if (step->inputs[i] < 0) continue;
    const olstm__planned_value* value = &planner->values[step->inputs[i]];
    if (value->is_dynamic || (planner->is_checking && !value->is_described)) return true;
  }
  return false;
}

static olstm_status infer_node(olstm__planner* planner, const olstm__plan_frame* frame,
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
    if (planner->values[value].pending_state >= 0 && !is_capture &&
        !planner->is_checking) {
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

static olstm_status infer_program(olstm__planner* planner, const olstm__plan_frame* frame,
                                  olstm_error* error) {
  for (size_t n = 0; n < frame->program->node_count; n++) {
    OLSTM_RETURN_IF_ERROR(infer_node(planner, frame, &frame->program->nodes[n], error));
  }
  return OLSTM_STATUS_OK;
}

/// What stands in the place of a replaced node's outputs must look like them.
static olstm_status compare_outputs(const olstm__planner* planner,
                                    const olstm__plan_frame* frame,
                                    const olstm__program_node* node, olstm_error* error) {
  for (size_t o = 0; o < node->output_count; o++) {
    const int32_t output = node->outputs[o];
    const int32_t by = output == OLSTM__NO_VALUE
                           ? OLSTM__NO_VALUE
                           : frame->program->graph->values[output].replaced_by;
    if (by == OLSTM__NO_VALUE || frame->map[output] < 0 || frame->map[by] < 0) continue;
    const olstm__planned_value* was = &planner->values[frame->map[output]];
    const olstm__planned_value* is = &planner->values[frame->map[by]];
    if (!was->is_described || !is->is_described ||
        olstm_tensor_desc_equal(&was->tensor.desc, &is->tensor.desc)) {
      continue;
    }
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                      "%s '%s': output '%s' has shape %s, and %s in what was recognised "
                      "in its place (the option fuse, --no-fuse, turns that off)",
                      node->node.op_type, node->node.name, node->node.output_names[o],
                      olstm_shape_text(&was->tensor.desc).text,
                      olstm_shape_text(&is->tensor.desc).text);
  }
  return OLSTM_STATUS_OK;
}

/// Nodes that passes have replaced are walked as those that run: what is wrong with them
/// is an error of the plan, and whatever comes of them is forgotten.
static olstm_status check_replaced(olstm__planner* planner,
                                   const olstm__plan_frame* frame, olstm_error* error) {
  const bool was_checking = planner->is_checking;
  const size_t step_count = planner->step_count;
  olstm_status status = OLSTM_STATUS_OK;
  planner->is_checking = true;
  for (size_t n = 0; n < frame->program->replaced_count && !status; n++) {
    const olstm__program_node* node = &frame->program->replaced[n];
    status = infer_node(planner, frame, node, error);
    if (!status) status = compare_outputs(planner, frame, node, error);
    planner->step_count = step_count;
    planner->checked_count++;
  }
  planner->is_checking = was_checking;
  return status;
}

olstm_status olstm__planner_infer(olstm__planner* planner, const olstm_tensor* inputs,
                                  olstm_error* error) {
  const olstm__program* program = planner->program;
  const olstm__plan_frame main = {program, planner->map, 0};
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
  return check_replaced(planner, &main, error);
}
