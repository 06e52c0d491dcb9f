#include "runtime/execute/dynamic.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/execute/children.h"
#include "runtime/execute/control.h"
#include "runtime/execute/dynamic_pool.h"
#include "runtime/execute/output_check.h"
#include "runtime/execute/prepared_cache.h"
#include "runtime/host/operator_call.h"

typedef struct dynamic_tensor {
  olstm_tensor tensor;
  /// Its buffer in the pool; -1 for memory of another kind (a view of a tensor that is
  /// not dynamic).
  int32_t buffer;
  /// Whether it is lent to the caller as an output.
  bool is_lent;
} dynamic_tensor;

/// What a step keeps between runs.
typedef struct step_state {
  /// OPERATOR.
  olstm__prepared_cache cache;
  /// CONTROL: per input, whether it is the same in every run of the plan.
  bool* is_constant;
  olstm__child* child;
} step_state;

struct olstm__dynamic {
  olstm__environment* environment;
  olstm__run_limits* limits;
  olstm__dynamic_pool pool;
  olstm__children children;
  const olstm__plan* plan;
  /// Memory of everything below, which belongs to the bound plan.
  olstm__arena memory;
  dynamic_tensor* tensors;
  step_state* states;
  /// Lists for the current step.
  olstm__step_lists lists;
  const olstm_tensor** input_list;
  const void** input_data;
  olstm_tensor* outputs;
  void** output_data;
};

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for dynamic steps");
}

// ---------------------------------------------------------------- life

olstm_status olstm__dynamic_create(olstm__environment* environment,
                                   const olstm__body_executor* bodies,
                                   olstm__run_limits* limits,
                                   olstm__dynamic** out_dynamic, olstm_error* error) {
  olstm__dynamic* dynamic =
      olstm_allocate_zeroed(&environment->allocator, 1, sizeof *dynamic);
  *out_dynamic = dynamic;
  if (!dynamic) return fail_memory(error);
  dynamic->environment = environment;
  dynamic->children = (olstm__children){
      .allocator = &environment->allocator, .bodies = bodies, .limits = limits};
  dynamic->limits = limits;
  olstm__dynamic_pool_init(&dynamic->pool, &environment->allocator, limits->max_memory);
  return OLSTM_STATUS_OK;
}

/// Releases what belongs to the bound plan.
static void unbind(olstm__dynamic* dynamic) {
  if (dynamic->plan) {
    olstm__environment_lock(dynamic->environment);
    for (size_t s = 0; s < dynamic->plan->dynamic_step_count; s++) {
      olstm__prepared_cache_release(&dynamic->states[s].cache,
                                    &dynamic->plan->dynamic_steps[s]);
    }
    olstm__environment_unlock(dynamic->environment);
  }
  olstm__arena_deinit(&dynamic->memory);
  dynamic->plan = NULL;
}

void olstm__dynamic_destroy(olstm__dynamic* dynamic) {
  if (!dynamic) return;
  const olstm_allocator allocator = dynamic->environment->allocator;
  unbind(dynamic);
  olstm__children_deinit(&dynamic->children);
  olstm__dynamic_pool_deinit(&dynamic->pool);
  olstm_release(&allocator, dynamic, 1, sizeof *dynamic);
}

// ---------------------------------------------------------------- binding

static olstm_status bind_step(olstm__dynamic* fresh, olstm__dynamic* dynamic, size_t s,
                              olstm_error* error) {
  const olstm__dynamic_step* step = &fresh->plan->dynamic_steps[s];
  step_state* state = &fresh->states[s];
  if (step->node->kind != OLSTM__NODE_CONTROL) {
    return olstm__prepared_cache_init(&state->cache, step, &fresh->memory)
               ? OLSTM_STATUS_OK
               : fail_memory(error);
  }
  state->is_constant = olstm__arena_allocate(&fresh->memory, step->input_count, 1);
  state->child = olstm__children_get(&dynamic->children, step->node, error);
  if (!state->is_constant || !state->child) return fail_memory(error);
  for (size_t i = 0; i < step->input_count; i++) {
    state->is_constant[i] = step->inputs[i].kind != OLSTM__LOCATION_DYNAMIC &&
                            step->input_tensors[i].data != NULL;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status bind_lists(olstm__dynamic* fresh, olstm_error* error) {
  const olstm__plan* plan = fresh->plan;
  olstm__arena* memory = &fresh->memory;
  const size_t inputs = plan->dynamic_input_capacity,
               outputs = plan->dynamic_output_capacity;
  fresh->tensors =
      olstm__arena_allocate(memory, plan->dynamic_tensor_count, sizeof *fresh->tensors);
  fresh->states =
      olstm__arena_allocate(memory, plan->dynamic_step_count, sizeof *fresh->states);
  olstm__step_lists* lists = &fresh->lists;
  lists->inputs = olstm__arena_allocate(memory, inputs, sizeof *lists->inputs);
  lists->visible = olstm__arena_allocate(memory, inputs, sizeof *lists->visible);
  lists->visible_list =
      olstm__arena_allocate(memory, inputs, sizeof *lists->visible_list);
  lists->output_descs =
      olstm__arena_allocate(memory, outputs, sizeof *lists->output_descs);
  fresh->input_list = olstm__arena_allocate(memory, inputs, sizeof *fresh->input_list);
  fresh->input_data = olstm__arena_allocate(memory, inputs, sizeof *fresh->input_data);
  fresh->outputs = olstm__arena_allocate(memory, outputs, sizeof *fresh->outputs);
  fresh->output_data = olstm__arena_allocate(memory, outputs, sizeof *fresh->output_data);
  return memory->has_failed ? fail_memory(error) : OLSTM_STATUS_OK;
}

olstm_status olstm__dynamic_bind(olstm__dynamic* dynamic, const olstm__plan* plan,
                                 olstm_error* error) {
  olstm__dynamic fresh = {
      .environment = dynamic->environment, .limits = dynamic->limits, .plan = plan};
  olstm__arena_init(&fresh.memory, &dynamic->environment->allocator, SIZE_MAX);
  olstm_status status = bind_lists(&fresh, error);
  for (size_t s = 0; s < plan->dynamic_step_count && status == OLSTM_STATUS_OK; s++) {
    status = bind_step(&fresh, dynamic, s, error);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__arena_deinit(&fresh.memory);
    return status;
  }
  unbind(dynamic);
  // Executors and pool are kept.
  fresh.pool = dynamic->pool;
  fresh.children = dynamic->children;
  *dynamic = fresh;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- inputs of a step

/// Input `i` with its data, which is not NULL even without elements.
static olstm_tensor find_input(const olstm__dynamic* dynamic,
                               const olstm__dynamic_call* call,
                               const olstm__dynamic_step* step, size_t i) {
  const olstm__location* location = &step->inputs[i];
  olstm_tensor tensor = step->input_tensors[i];
  switch (location->kind) {
    case OLSTM__LOCATION_NONE:
      tensor.data = olstm__empty_tensor_data();
      break;
    case OLSTM__LOCATION_WORKSPACE:
      tensor.data = call->workspace + location->offset;
      break;
    case OLSTM__LOCATION_INPUT:
      tensor.data = (char*)call->inputs[location->index].data + location->offset;
      break;
    case OLSTM__LOCATION_OUTPUT:
      tensor.data = (char*)call->output_data[location->index] + location->offset;
      break;
    case OLSTM__LOCATION_CONSTANT:
      tensor.data = (char*)(uintptr_t)location->data + location->offset;
      break;
    case OLSTM__LOCATION_DYNAMIC:
      tensor = dynamic->tensors[location->index].tensor;
      if (!tensor.data) tensor.data = olstm__empty_tensor_data();
      break;
  }
  return tensor;
}

static void list_inputs(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                        const olstm__dynamic_step* step) {
  for (size_t i = 0; i < step->input_count; i++) {
    dynamic->input_list[i] = NULL;
    dynamic->input_data[i] = NULL;
    if (!olstm__step_has_input(step, i)) continue;
    dynamic->lists.inputs[i] = find_input(dynamic, call, step, i);
    dynamic->input_list[i] = &dynamic->lists.inputs[i];
    if (olstm__desc_bytes(&dynamic->lists.inputs[i].desc) > 0) {
      dynamic->input_data[i] = dynamic->lists.inputs[i].data;
    }
  }
}

// ---------------------------------------------------------------- running

static olstm_status allocate_tensor(olstm__dynamic* dynamic, int32_t tensor,
                                    const olstm_tensor_desc* desc, olstm_error* error) {
  dynamic_tensor* target = &dynamic->tensors[tensor];
  const size_t bytes = olstm__desc_bytes(desc);
  target->tensor = (olstm_tensor){*desc, NULL};
  target->buffer = -1;
  if (bytes == 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__dynamic_pool_take(&dynamic->pool, bytes, &target->buffer, error));
  target->tensor.data = olstm__dynamic_pool_memory(&dynamic->pool, target->buffer);
  return OLSTM_STATUS_OK;
}

/// If the step is a view, lets output 0 share the memory of its input.
static bool share_view(olstm__dynamic* dynamic, const olstm__dynamic_step* step,
                       const olstm__prepared_cache* cache) {
  const int32_t from = cache->prepared.view_of_input;
  if (from < 0 || (size_t)from >= step->input_count ||
      !olstm__step_has_input(step, (size_t)from) || step->output_count == 0 ||
      step->outputs[0] < 0) {
    return false;
  }
  for (size_t o = 1; o < step->output_count; o++) {
    if (step->outputs[o] >= 0) return false;
  }
  const olstm__location* location = &step->inputs[from];
  dynamic_tensor* target = &dynamic->tensors[step->outputs[0]];
  target->tensor = (olstm_tensor){cache->outputs[0], (void*)dynamic->input_data[from]};
  target->buffer = location->kind == OLSTM__LOCATION_DYNAMIC
                       ? dynamic->tensors[location->index].buffer
                       : -1;
  olstm__dynamic_pool_retain(&dynamic->pool, target->buffer);
  return true;
}

static olstm_status run_prepared(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                                 const olstm__dynamic_step* step,
                                 const olstm__prepared_cache* cache, olstm_error* error) {
  int32_t workspace = -1;
  for (size_t o = 0; o < step->output_count; o++) {
    dynamic->output_data[o] = NULL;
    if (step->outputs[o] < 0) continue;
    OLSTM_RETURN_IF_ERROR(
        allocate_tensor(dynamic, step->outputs[o], &cache->outputs[o], error));
    dynamic->output_data[o] = dynamic->tensors[step->outputs[o]].tensor.data;
  }
  if (cache->prepared.workspace_bytes > 0) {
    OLSTM_RETURN_IF_ERROR(olstm__dynamic_pool_take(
        &dynamic->pool, cache->prepared.workspace_bytes, &workspace, error));
  }
  const olstm_run_args args = {
      sizeof args,
      dynamic->input_data,
      dynamic->output_data,
      workspace < 0 ? NULL : olstm__dynamic_pool_memory(&dynamic->pool, workspace),
      call->parallel,
      dynamic->limits->trip};
  const olstm__operator_instance of = olstm__program_instance(step->node);
  const olstm_status status = olstm__call_run(&of, cache->prepared.handle, &args, error);
  olstm__dynamic_pool_release(&dynamic->pool, workspace);
  return status;
}

static olstm_status count_work(const olstm__dynamic* dynamic,
                               const olstm__dynamic_step* step, uint64_t work,
                               olstm_error* error) {
  return olstm__run_limits_count(dynamic->limits, work, step->node->node.op_type,
                                 step->node->node.name, error);
}

static olstm_status run_operator(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                                 size_t s, olstm_error* error) {
  const olstm__dynamic_step* step = &dynamic->plan->dynamic_steps[s];
  olstm__prepared_cache* cache = &dynamic->states[s].cache;
  if (!olstm__prepared_cache_serves(cache, step, &dynamic->lists)) {
    OLSTM_RETURN_IF_ERROR(count_work(dynamic, step, OLSTM__WORK_PER_PLANNED_STEP, error));
    olstm__environment_lock(dynamic->environment);
    olstm__prepared_cache_release(cache, step);
    const olstm_status status = olstm__prepared_cache_fill(
        cache, step, &dynamic->lists, dynamic->limits->max_memory,
        &dynamic->environment->operator_memory, error);
    olstm__environment_unlock(dynamic->environment);
    OLSTM_RETURN_IF_ERROR(status);
  }
  OLSTM_RETURN_IF_ERROR(count_work(dynamic, step, cache->work, error));
  if (share_view(dynamic, step, cache)) return OLSTM_STATUS_OK;
  return run_prepared(dynamic, call, step, cache, error);
}

/// User data of allocate_output.
typedef struct output_room {
  olstm__dynamic* dynamic;
  const olstm__dynamic_step* step;
} output_room;

static olstm_status allocate_output(void* user, size_t index,
                                    const olstm_tensor_desc* desc, olstm_error* error) {
  const output_room* room = user;
  olstm__dynamic* dynamic = room->dynamic;
  const int32_t tensor = room->step->outputs[index];
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(olstm__call_check_output(&room->step->node->node, index, desc,
                                                 SIZE_MAX, &bytes, error));
  OLSTM_RETURN_IF_ERROR(allocate_tensor(dynamic, tensor, desc, error));
  dynamic->outputs[index] = dynamic->tensors[tensor].tensor;
  return OLSTM_STATUS_OK;
}

static olstm_status run_control(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                                size_t s, olstm_error* error) {
  const olstm__dynamic_step* step = &dynamic->plan->dynamic_steps[s];
  const step_state* state = &dynamic->states[s];
  OLSTM_RETURN_IF_ERROR(count_work(dynamic, step, OLSTM__WORK_PER_RUN, error));
  memset(dynamic->outputs, 0, step->output_count * sizeof *dynamic->outputs);
  output_room room = {dynamic, step};
  const olstm__control_call control = {.node = step->node,
                                       .inputs = dynamic->input_list,
                                       .is_constant = state->is_constant,
                                       .bodies = dynamic->children.bodies,
                                       .executors = state->child->executors,
                                       .parallel = call->parallel,
                                       .allocator = &dynamic->environment->allocator,
                                       .cache = &state->child->cache,
                                       .limits = dynamic->limits,
                                       .outputs = dynamic->outputs,
                                       .allocate_output = allocate_output,
                                       .allocate_user = &room};
  OLSTM_RETURN_IF_ERROR(olstm__control_run(&control, error));
  for (size_t o = 0; o < step->output_count; o++) {
    if (step->outputs[o] < 0 || dynamic->outputs[o].desc.dtype) continue;
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR, "%s '%s': gave no output '%s'",
                      step->node->node.op_type, step->node->node.name,
                      step->node->node.output_names[o]);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- outputs

/// Copies an output to the caller's buffer, which must have its desc.
static olstm_status copy_output(const olstm__plan_output* output,
                                const olstm_tensor* from, olstm_tensor* to,
                                olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__output_check(output->name, &to->desc, &from->desc, error));
  const size_t bytes = olstm__desc_bytes(&from->desc);
  if (bytes > 0) memcpy(to->data, from->data, bytes);
  return OLSTM_STATUS_OK;
}

/// Lends an output to the caller: the tensor itself, or a copy when it is an input of the
/// run, a constant, or lent already.
static olstm_status lend_output(olstm__dynamic* dynamic, dynamic_tensor* from,
                                olstm_tensor* to, olstm_error* error) {
  const size_t bytes = olstm__desc_bytes(&from->tensor.desc);
  *to = from->tensor;
  if (bytes == 0) {
    to->data = olstm__empty_tensor_data();
    return OLSTM_STATUS_OK;
  }
  const bool is_shared = from->buffer < 0 || from->is_lent ||
                         dynamic->pool.buffers[from->buffer].reference_count > 1;
  from->is_lent = true;
  if (!is_shared) return OLSTM_STATUS_OK;
  int32_t buffer = -1;
  OLSTM_RETURN_IF_ERROR(olstm__dynamic_pool_take(&dynamic->pool, bytes, &buffer, error));
  to->data = olstm__dynamic_pool_memory(&dynamic->pool, buffer);
  memcpy(to->data, from->tensor.data, bytes);
  return OLSTM_STATUS_OK;
}

static olstm_status give_outputs(olstm__dynamic* dynamic, olstm_tensor* outputs,
                                 olstm_error* error) {
  for (size_t o = 0; o < dynamic->plan->output_count; o++) {
    const olstm__plan_output* output = &dynamic->plan->outputs[o];
    if (output->is_known) continue;
    dynamic_tensor* from = &dynamic->tensors[output->dynamic];
    OLSTM_RETURN_IF_ERROR(outputs[o].data
                              ? copy_output(output, &from->tensor, &outputs[o], error)
                              : lend_output(dynamic, from, &outputs[o], error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- all steps

static olstm_status run_steps(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                              olstm_error* error) {
  for (size_t s = 0; s < dynamic->plan->dynamic_step_count; s++) {
    const olstm__dynamic_step* step = &dynamic->plan->dynamic_steps[s];
    list_inputs(dynamic, call, step);
    OLSTM_RETURN_IF_ERROR(step->node->kind == OLSTM__NODE_CONTROL
                              ? run_control(dynamic, call, s, error)
                              : run_operator(dynamic, call, s, error));
    for (size_t d = 0; d < step->dead_count; d++) {
      dynamic_tensor* dead = &dynamic->tensors[step->dead[d]];
      olstm__dynamic_pool_release(&dynamic->pool, dead->buffer);
      dead->buffer = -1;
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__dynamic_run(olstm__dynamic* dynamic, const olstm__dynamic_call* call,
                                olstm_tensor* outputs, olstm_error* error) {
  olstm__dynamic_pool_start(&dynamic->pool);
  dynamic->pool.max_bytes = dynamic->limits->max_memory;
  for (size_t t = 0; t < dynamic->plan->dynamic_tensor_count; t++) {
    dynamic->tensors[t] = (dynamic_tensor){.buffer = -1};
  }
  OLSTM_RETURN_IF_ERROR(run_steps(dynamic, call, error));
  OLSTM_RETURN_IF_ERROR(give_outputs(dynamic, outputs, error));
  olstm__dynamic_pool_trim(&dynamic->pool);
  return OLSTM_STATUS_OK;
}

bool olstm__dynamic_holds(const olstm__dynamic* dynamic, const void* data) {
  return dynamic && olstm__dynamic_pool_holds(&dynamic->pool, data);
}

const olstm_prepared* olstm__dynamic_prepared(const olstm__dynamic* dynamic,
                                              size_t index) {
  const olstm__prepared_cache* cache = &dynamic->states[index].cache;
  return cache->has_prepared ? &cache->prepared : NULL;
}
