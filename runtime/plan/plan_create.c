#include "runtime/plan/plan_create.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/plan/fold.h"
#include "runtime/plan/liveness.h"
#include "runtime/plan/plan_infer.h"
#include "runtime/plan/plan_key.h"
#include "runtime/plan/plan_wavefront.h"
#include "runtime/plan/work.h"

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
}

// ---------------------------------------------------------------- before inference

/// Copies the plan key.
static olstm_status copy_key(olstm__plan* plan, const olstm_tensor* inputs,
                             olstm_error* error) {
  plan->input_count = plan->program->input_count;
  olstm_tensor* key =
      olstm__arena_allocate(&plan->memory, plan->input_count, sizeof *key);
  if (!key) return fail_memory(error);
  for (size_t i = 0; i < plan->input_count; i++) {
    const void* data = olstm__plan_key_data(&inputs[i]);
    key[i].desc = inputs[i].desc;
    if (!data) continue;
    const size_t bytes = olstm__desc_bytes(&inputs[i].desc);
    key[i].data = olstm__arena_allocate_data(&plan->memory, bytes);
    if (!key[i].data) return fail_memory(error);
    memcpy(key[i].data, data, bytes);
  }
  plan->key = key;
  return OLSTM_STATUS_OK;
}

static olstm_status start(olstm__planner* planner, olstm_error* error) {
  const olstm__program* program = planner->program;
  const size_t value_count = (size_t)program->graph->value_count;
  const size_t symbol_count = (size_t)program->symbol_count;
  planner->map =
      olstm__arena_allocate(&planner->scratch, value_count, sizeof *planner->map);
  planner->symbols =
      olstm__arena_allocate(&planner->scratch, symbol_count, sizeof *planner->symbols);
  planner->symbol_inputs = olstm__arena_allocate(&planner->scratch, symbol_count,
                                                 sizeof *planner->symbol_inputs);
  if (!planner->map || !planner->symbols || !planner->symbol_inputs) {
    return fail_memory(error);
  }
  for (size_t v = 0; v < value_count; v++) planner->map[v] = -1;
  for (size_t s = 0; s < symbol_count; s++) planner->symbols[s] = -1;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- after inference

static olstm_status prepare_steps(olstm__planner* planner, olstm_error* error) {
  for (size_t s = 0; s < planner->step_count; s++) {
    olstm__planned_step* step = &planner->steps[s];
    if (!step->is_live || step->is_dynamic) continue;
    const olstm__program_node* node = step->node;
    step->prepared =
        (olstm_prepared){.struct_size = sizeof step->prepared, .view_of_input = -1};
    step->is_prepared = step->is_branch;
    if (step->is_branch) continue;
    const olstm_prepare_args args = {
        sizeof args, node->input_count, olstm__planner_list_inputs(planner, step),
        node->output_count, olstm__planner_list_outputs(planner, step)};
    const olstm__operator_instance of = olstm__program_instance(node);
    OLSTM_RETURN_IF_ERROR(olstm__call_prepare(
        &of, &args, &planner->environment->operator_memory, &step->prepared, error));
    step->is_prepared = true;
    step->work = olstm__step_work(&node->node, &args, &step->prepared);
  }
  return OLSTM_STATUS_OK;
}

static void release_steps(olstm__planner* planner) {
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    if (!step->is_prepared || step->is_branch) continue;
    step->node->callbacks->release(step->node->instance, step->prepared.handle);
  }
}

static olstm_status check_limit(const olstm__planner* planner, olstm_error* error) {
  const size_t limit = planner->environment->max_memory;
  if (planner->plan->workspace_bytes <= limit) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "graph '%s' needs %zu bytes of workspace for these shapes, more than "
                    "the limit of %zu",
                    planner->program->graph->name, planner->plan->workspace_bytes, limit);
}

/// Whether all steps keep the promise that the option real_time asks for.
static olstm_status check_real_time(const olstm__planner* planner, olstm_error* error) {
  if (!planner->environment->real_time) return OLSTM_STATUS_OK;
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    const olstm_node* node = &step->node->node;
    if (!step->is_live || (!step->is_dynamic && !step->prepared.run_allocates)) continue;
    return olstm_fail(
        error, OLSTM_STATUS_UNSUPPORTED, "%s '%s': %s, which real_time does not allow",
        node->op_type, node->name,
        step->is_dynamic ? "only data can tell its shapes, so that it may allocate while "
                           "it runs"
                         : "its kernel allocates in every run");
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- the plan

/// What a branch step must know of its inputs and outputs besides where they are.
static olstm_status write_branch(olstm__planner* planner, const olstm__planned_step* from,
                                 olstm__plan_step* to, olstm_error* error) {
  const size_t input_count = from->node->input_count;
  const size_t output_count = from->node->output_count;
  olstm_tensor* inputs =
      olstm__arena_allocate(&planner->plan->memory, input_count, sizeof *inputs);
  olstm_tensor_desc* outputs =
      olstm__arena_allocate(&planner->plan->memory, output_count, sizeof *outputs);
  if (!inputs || !outputs) return fail_memory(error);
  for (size_t i = 0; i < input_count; i++) {
    inputs[i] = planner->values[from->inputs[i]].tensor;
  }
  for (size_t o = 0; o < output_count; o++) {
    if (from->outputs[o] >= 0) outputs[o] = planner->values[from->outputs[o]].tensor.desc;
  }
  to->branch_inputs = inputs;
  to->branch_outputs = outputs;
  planner->plan->branch_count++;
  return OLSTM_STATUS_OK;
}

static olstm_status write_step(olstm__planner* planner, const olstm__planned_step* from,
                               olstm__plan_step* to, olstm_error* error) {
  const size_t input_count = from->node->input_count;
  const size_t output_count = from->node->output_count;
  olstm__location* locations = olstm__arena_allocate(
      &planner->plan->memory, input_count + output_count, sizeof *locations);
  if (!locations) return fail_memory(error);
  for (size_t i = 0; i < input_count; i++) {
    locations[i] = olstm__planner_get_location(planner, from->inputs[i]);
  }
  for (size_t o = 0; o < output_count; o++) {
    locations[input_count + o] = olstm__planner_get_location(planner, from->outputs[o]);
  }
  *to = (olstm__plan_step){.node = from->node,
                           .prepared = from->prepared,
                           .is_view = from->is_view,
                           .input_count = input_count,
                           .output_count = output_count,
                           .locations = locations,
                           .workspace_offset = from->workspace_offset,
                           .wavefront_layers = from->wavefront_layers,
                           .piece_steps = from->piece_steps};
  return from->is_branch ? write_branch(planner, from, to, error) : OLSTM_STATUS_OK;
}

static olstm_status write_copy(olstm__planner* planner, const olstm__planned_copy* from,
                               olstm__plan_step* to, olstm_error* error) {
  const olstm__planned_value* value = &planner->values[from->value];
  olstm__location* locations =
      olstm__arena_allocate(&planner->plan->memory, 2, sizeof *locations);
  if (!locations) return fail_memory(error);
  locations[0] = olstm__planner_get_location(planner, from->value);
  locations[1] = (olstm__location){.kind = OLSTM__LOCATION_OUTPUT, .index = from->output};
  *to = (olstm__plan_step){.prepared = {.view_of_input = -1},
                           .input_count = 1,
                           .output_count = 1,
                           .locations = locations,
                           .copy_bytes = olstm__desc_bytes(&value->tensor.desc),
                           .copy_name = value->name};
  return OLSTM_STATUS_OK;
}

/// Lists the dynamic tensors among a step's inputs or outputs that no later step uses.
static void list_dead(olstm__planner* planner, const olstm__planned_step* from,
                      const int32_t* values, size_t count, int32_t* dead,
                      size_t* dead_count) {
  for (size_t i = 0; i < count; i++) {
    if (values[i] < 0) continue;
    olstm__planned_value* value = &planner->values[values[i]];
    if (value->dynamic < 0 || value->last_dynamic_step != (int32_t)from->position)
      continue;
    dead[(*dead_count)++] = value->dynamic;
    // List it once, even if it is several inputs.
    value->last_dynamic_step = -1;
  }
}

static olstm_status write_dynamic_step(olstm__planner* planner,
                                       const olstm__planned_step* from,
                                       olstm__dynamic_step* to, olstm_error* error) {
  olstm__arena* memory = &planner->plan->memory;
  const size_t input_count = from->node->input_count;
  const size_t output_count = from->node->output_count;
  olstm__location* locations =
      olstm__arena_allocate(memory, input_count, sizeof *locations);
  olstm_tensor* tensors = olstm__arena_allocate(memory, input_count, sizeof *tensors);
  int32_t* outputs = olstm__arena_allocate(memory, output_count, sizeof *outputs);
  int32_t* dead = olstm__arena_allocate(memory, input_count + output_count, sizeof *dead);
  size_t dead_count = 0;
  if (!locations || !tensors || !outputs || !dead) return fail_memory(error);
  for (size_t i = 0; i < input_count; i++) {
    locations[i] = olstm__planner_get_location(planner, from->inputs[i]);
    if (from->inputs[i] < 0) continue;
    tensors[i] = planner->values[from->inputs[i]].tensor;
  }
  for (size_t o = 0; o < output_count; o++) {
    outputs[o] = from->outputs[o] < 0 ? -1 : planner->values[from->outputs[o]].dynamic;
  }
  list_dead(planner, from, from->inputs, input_count, dead, &dead_count);
  list_dead(planner, from, from->outputs, output_count, dead, &dead_count);
  *to = (olstm__dynamic_step){.node = from->node,
                              .input_count = input_count,
                              .inputs = locations,
                              .input_tensors = tensors,
                              .output_count = output_count,
                              .outputs = outputs,
                              .dead_count = dead_count,
                              .dead = dead};
  return OLSTM_STATUS_OK;
}

static olstm_status write_steps(olstm__planner* planner, olstm_error* error) {
  olstm__plan* plan = planner->plan;
  const size_t step_count = planner->known_step_count + planner->copy_count;
  plan->steps = olstm__arena_allocate(&plan->memory, step_count, sizeof *plan->steps);
  plan->dynamic_steps = olstm__arena_allocate(&plan->memory, planner->dynamic_step_count,
                                              sizeof *plan->dynamic_steps);
  if (!plan->steps || !plan->dynamic_steps) return fail_memory(error);
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    if (!step->is_live) continue;
    if (!step->is_dynamic) {
      OLSTM_RETURN_IF_ERROR(
          write_step(planner, step, &plan->steps[step->position], error));
      continue;
    }
    OLSTM_RETURN_IF_ERROR(
        write_dynamic_step(planner, step, &plan->dynamic_steps[step->position], error));
    if (plan->dynamic_input_capacity < step->node->input_count) {
      plan->dynamic_input_capacity = step->node->input_count;
    }
    if (plan->dynamic_output_capacity < step->node->output_count) {
      plan->dynamic_output_capacity = step->node->output_count;
    }
  }
  for (size_t c = 0; c < planner->copy_count; c++) {
    OLSTM_RETURN_IF_ERROR(write_copy(planner, &planner->copies[c],
                                     &plan->steps[planner->known_step_count + c], error));
  }
  plan->dynamic_step_count = planner->dynamic_step_count;
  plan->dynamic_tensor_count = planner->dynamic_tensor_count;
  plan->step_count = step_count;
  return OLSTM_STATUS_OK;
}

static void add_up_work(olstm__planner* planner) {
  olstm__plan* plan = planner->plan;
  uint64_t most = 0;
  plan->work = OLSTM__WORK_PER_RUN;
  plan->planning_work = planner->fold_limit - planner->fold_work;
  plan->planning_work += planner->checked_count * OLSTM__WORK_PER_PLANNED_STEP;
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    plan->planning_work += OLSTM__WORK_PER_PLANNED_STEP;
    if (!step->is_prepared) continue;
    plan->work = olstm__work_add(plan->work, step->work);
    if (step->work > most) plan->costliest = step->node;
    if (step->work > most) most = step->work;
  }
  for (size_t c = 0; c < planner->copy_count; c++) {
    const olstm__planned_value* value = &planner->values[planner->copies[c].value];
    const uint64_t bytes = olstm__desc_bytes(&value->tensor.desc);
    plan->work = olstm__work_add(plan->work, OLSTM__WORK_PER_STEP + bytes / 2);
  }
}

static olstm_status write_ends(olstm__planner* planner, olstm_error* error) {
  const olstm__program* program = planner->program;
  olstm__plan* plan = planner->plan;
  olstm_tensor_desc* inputs =
      olstm__arena_allocate(&plan->memory, program->input_count, sizeof *inputs);
  olstm__plan_output* outputs =
      olstm__arena_allocate(&plan->memory, program->output_count, sizeof *outputs);
  if (!inputs || !outputs) return fail_memory(error);
  for (size_t i = 0; i < program->input_count; i++) {
    inputs[i] = planner->values[planner->map[program->inputs[i]]].tensor.desc;
  }
  for (size_t o = 0; o < program->output_count; o++) {
    const olstm__planned_value* value =
        &planner->values[planner->map[program->outputs[o]]];
    outputs[o] = (olstm__plan_output){value->name, !value->is_dynamic, value->tensor.desc,
                                      value->is_dynamic ? value->dynamic : -1};
  }
  plan->inputs = inputs;
  plan->output_count = program->output_count;
  plan->outputs = outputs;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- life

static olstm_status make(olstm__planner* planner, const olstm_tensor* inputs,
                         olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(copy_key(planner->plan, inputs, error));
  OLSTM_RETURN_IF_ERROR(start(planner, error));
  OLSTM_RETURN_IF_ERROR(olstm__planner_infer(planner, inputs, error));
  olstm__planner_mark_live(planner);
  OLSTM_RETURN_IF_ERROR(prepare_steps(planner, error));
  OLSTM_RETURN_IF_ERROR(check_real_time(planner, error));
  olstm__planner_mark_views(planner);
  OLSTM_RETURN_IF_ERROR(olstm__planner_find_wavefronts(planner, error));
  OLSTM_RETURN_IF_ERROR(olstm__planner_assign_locations(planner, error));
  OLSTM_RETURN_IF_ERROR(check_limit(planner, error));
  OLSTM_RETURN_IF_ERROR(write_ends(planner, error));
  add_up_work(planner);
  return write_steps(planner, error);
}

/// A planner, its plan empty. False when there is no memory.
static bool init(olstm__planner* planner, olstm__program* program, uint64_t fold_work,
                 olstm__plan_body plan_body) {
  olstm__environment* environment = program->environment;
  *planner = (olstm__planner){.environment = environment,
                              .program = program,
                              .fold_work = fold_work,
                              .fold_limit = fold_work,
                              .plan_body = plan_body};
  planner->plan =
      olstm_allocate_zeroed(&environment->allocator, 1, sizeof *planner->plan);
  if (!planner->plan) return false;
  planner->plan->program = program;
  olstm__arena_init(&planner->plan->memory, &environment->allocator, SIZE_MAX);
  olstm__arena_init(&planner->scratch, &environment->allocator, SIZE_MAX);
  return true;
}

olstm_status olstm__plan_create(olstm__program* program, const olstm_tensor* inputs,
                                uint64_t* fold_work, olstm__plan_body plan_body,
                                olstm__plan** out_plan, olstm_error* error) {
  olstm__planner planner;
  *out_plan = NULL;
  if (!init(&planner, program, *fold_work, plan_body)) return fail_memory(error);
  const olstm_status status = make(&planner, inputs, error);
  *fold_work = planner.fold_work;
  if (status != OLSTM_STATUS_OK) {
    release_steps(&planner);
    // The steps, if written, are released already.
    planner.plan->step_count = 0;
    olstm__plan_destroy(planner.plan);
    planner.plan = NULL;
  }
  olstm__arena_deinit(&planner.scratch);
  *out_plan = planner.plan;
  return status;
}

static void write_values(const olstm__planner* planner,
                         olstm__inferred_value* out_values) {
  for (int32_t v = 0; v < planner->program->graph->value_count; v++) {
    const olstm__planned_value* value =
        planner->map[v] < 0 ? NULL : &planner->values[planner->map[v]];
    out_values[v] = (olstm__inferred_value){.first_byte = -1};
    if (!value || !value->is_described || value->is_dynamic) continue;
    out_values[v].desc = value->tensor.desc;
    const size_t bytes = olstm__desc_bytes(&value->tensor.desc);
    if (value->tensor.data && bytes > 0) {
      out_values[v].first_byte = *(const uint8_t*)value->tensor.data;
      out_values[v].is_known = true;
      memcpy(out_values[v].first, value->tensor.data, bytes < 8 ? bytes : 8);
    }
  }
}

olstm_status olstm__plan_infer_values(olstm__program* program, const olstm_tensor* inputs,
                                      uint64_t* fold_work, olstm__plan_body plan_body,
                                      olstm__inferred_value* out_values,
                                      olstm_error* error) {
  olstm__planner planner;
  if (!init(&planner, program, *fold_work, plan_body)) return fail_memory(error);
  olstm_status status = copy_key(planner.plan, inputs, error);
  if (status == OLSTM_STATUS_OK) status = start(&planner, error);
  if (status == OLSTM_STATUS_OK) status = olstm__planner_infer(&planner, inputs, error);
  if (status == OLSTM_STATUS_OK) write_values(&planner, out_values);
  *fold_work = planner.fold_work;
  olstm__arena_deinit(&planner.scratch);
  olstm__plan_destroy(planner.plan);
  return status;
}

void olstm__plan_destroy(olstm__plan* plan) {
  if (!plan) return;
  const olstm_allocator allocator = plan->program->environment->allocator;
  for (size_t s = 0; s < plan->step_count; s++) {
    const olstm__plan_step* step = &plan->steps[s];
    if (!step->node || step->branch_inputs) continue;
    step->node->callbacks->release(step->node->instance, step->prepared.handle);
  }
  olstm__arena_deinit(&plan->memory);
  olstm_release(&allocator, plan, 1, sizeof *plan);
}
