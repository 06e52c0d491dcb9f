#include "runtime/late.h"

#include <string.h>

#include "runtime/control.h"
#include "runtime/late_pool.h"
#include "runtime/planner.h"

/// What an operator is shown of its inputs' data when it infers and prepares. The less it
/// needs, the longer what it prepared can serve.
enum {
  /// Constants alone.
  kShowConstants = 0,
  /// And small integers: shapes, axes, indices. They are part of what a preparation is
  /// for.
  kShowIntegers = 1,
  /// And whatever else is small: scales, limits. Part of it too.
  kShowSmall = 2,
  /// All of it: never served twice.
  kShowAll = 3
};

/// Small values are shown up to so many bytes in all.
enum { kKeyBytes = 1024, kSmallBytes = 256 };

typedef struct late_tensor {
  olstm_tensor tensor;
  /// Of the pool; -1 when it lies elsewhere (a view of what is not late).
  int32_t buffer;
  /// An output of the run lends it already.
  bool is_lent;
} late_tensor;

/// What a step keeps between runs.
typedef struct late_memo {
  bool has_prepared;
  int32_t shown;
  olstm_prepared prepared;
  uint64_t work;
  /// What it was prepared for: descs, and the small values, one behind the other.
  olstm_tensor_desc* inputs;
  unsigned char* values;
  olstm_tensor_desc* outputs;
  /// CONTROL: per input, whether it is known for good; runners and cache of the node.
  bool* is_constant;
  struct late_child* child;
} late_memo;

/// Runners of one control node, whatever plan it is in.
typedef struct late_child {
  struct late_child* next;
  const olstm__program_node* node;
  olstm__runner** runners;
  void* cache;
} late_child;

struct olstm__late {
  olstm__engine* engine;
  olstm__run_limits* limits;
  olstm__late_pool pool;
  late_child* children;
  const olstm__plan* plan;
  /// All below is of this plan, and in this memory.
  olstm__region memory;
  late_tensor* tensors;
  late_memo* memos;
  /// Lists for one step: inputs as they are, and as the operator is shown them.
  olstm_tensor* inputs;
  olstm_tensor* shown;
  const olstm_tensor** input_list;
  const void** input_data;
  olstm_tensor_desc* output_descs;
  olstm_tensor* outputs;
  void** output_data;
};

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for late steps");
}

// ---------------------------------------------------------------- life

olstm_status olstm__late_create(olstm__engine* engine, olstm__run_limits* limits,
                                olstm__late** out_late, olstm_error* error) {
  olstm__late* late = olstm_allocate_zeroed(&engine->allocator, 1, sizeof *late);
  *out_late = late;
  if (!late) return fail_memory(error);
  late->engine = engine;
  late->limits = limits;
  olstm__late_pool_init(&late->pool, &engine->allocator, limits->max_memory);
  return OLSTM_STATUS_OK;
}

static void release_prepared(olstm__late* late, size_t s) {
  late_memo* memo = &late->memos[s];
  const olstm__program_node* node = late->plan->late_steps[s].node;
  if (memo->has_prepared) node->callbacks->release(node->instance, memo->prepared.handle);
  memo->has_prepared = false;
}

/// Forgets the plan.
static void unbind(olstm__late* late) {
  if (late->plan) {
    olstm__engine_lock(late->engine);
    for (size_t s = 0; s < late->plan->late_step_count; s++) release_prepared(late, s);
    olstm__engine_unlock(late->engine);
  }
  olstm__region_deinit(&late->memory);
  late->plan = NULL;
}

static void destroy_child(olstm__late* late, late_child* child) {
  const olstm_allocator* allocator = &late->engine->allocator;
  const size_t count = child->node->body_count;
  for (size_t b = 0; b < count && child->runners; b++) {
    olstm__runner_destroy(child->runners[b]);
  }
  olstm__control_release(child->node, allocator, child->cache);
  olstm_release(allocator, child->runners, count, sizeof *child->runners);
  olstm_release(allocator, child, 1, sizeof *child);
}

void olstm__late_destroy(olstm__late* late) {
  if (!late) return;
  const olstm_allocator allocator = late->engine->allocator;
  unbind(late);
  while (late->children) {
    late_child* child = late->children;
    late->children = child->next;
    destroy_child(late, child);
  }
  olstm__late_pool_deinit(&late->pool);
  olstm_release(&allocator, late, 1, sizeof *late);
}

// ---------------------------------------------------------------- binding

/// The runners of a control node; made when it is met first.
static late_child* get_child(olstm__late* late, const olstm__program_node* node,
                             olstm_error* error) {
  const olstm_allocator* allocator = &late->engine->allocator;
  for (late_child* child = late->children; child; child = child->next) {
    if (child->node == node) return child;
  }
  late_child* child = olstm_allocate_zeroed(allocator, 1, sizeof *child);
  if (!child) return NULL;
  child->node = node;
  child->runners =
      olstm_allocate_zeroed(allocator, node->body_count, sizeof *child->runners);
  for (size_t b = 0; b < node->body_count; b++) {
    if (!child->runners || olstm__runner_create(node->bodies[b].program, late->limits,
                                                &child->runners[b], error) != 0) {
      destroy_child(late, child);
      return NULL;
    }
  }
  child->next = late->children;
  late->children = child;
  return child;
}

static olstm_status bind_step(olstm__late* fresh, olstm__late* late, size_t s,
                              olstm_error* error) {
  const olstm__late_step* step = &fresh->plan->late_steps[s];
  late_memo* memo = &fresh->memos[s];
  if (step->node->kind == OLSTM__NODE_CONTROL) {
    memo->is_constant = olstm__region_allocate(&fresh->memory, step->input_count, 1);
    memo->child = get_child(late, step->node, error);
    if (!memo->is_constant || !memo->child) return fail_memory(error);
    for (size_t i = 0; i < step->input_count; i++) {
      memo->is_constant[i] = step->inputs[i].kind != OLSTM__PLACE_LATE &&
                             step->input_tensors[i].data != NULL;
    }
    return OLSTM_STATUS_OK;
  }
  memo->inputs =
      olstm__region_allocate(&fresh->memory, step->input_count, sizeof *memo->inputs);
  memo->outputs =
      olstm__region_allocate(&fresh->memory, step->output_count, sizeof *memo->outputs);
  memo->values = olstm__region_allocate(&fresh->memory, 1, kKeyBytes);
  return memo->inputs && memo->outputs && memo->values ? OLSTM_STATUS_OK
                                                       : fail_memory(error);
}

static olstm_status bind_lists(olstm__late* fresh, olstm_error* error) {
  const olstm__plan* plan = fresh->plan;
  olstm__region* memory = &fresh->memory;
  const size_t inputs = plan->late_input_capacity, outputs = plan->late_output_capacity;
  fresh->tensors =
      olstm__region_allocate(memory, plan->late_tensor_count, sizeof *fresh->tensors);
  fresh->memos =
      olstm__region_allocate(memory, plan->late_step_count, sizeof *fresh->memos);
  fresh->inputs = olstm__region_allocate(memory, inputs, sizeof *fresh->inputs);
  fresh->shown = olstm__region_allocate(memory, inputs, sizeof *fresh->shown);
  fresh->input_list = olstm__region_allocate(memory, inputs, sizeof *fresh->input_list);
  fresh->input_data = olstm__region_allocate(memory, inputs, sizeof *fresh->input_data);
  fresh->output_descs =
      olstm__region_allocate(memory, outputs, sizeof *fresh->output_descs);
  fresh->outputs = olstm__region_allocate(memory, outputs, sizeof *fresh->outputs);
  fresh->output_data =
      olstm__region_allocate(memory, outputs, sizeof *fresh->output_data);
  return memory->out_of_memory ? fail_memory(error) : OLSTM_STATUS_OK;
}

olstm_status olstm__late_bind(olstm__late* late, const olstm__plan* plan,
                              olstm_error* error) {
  olstm__late fresh = {.engine = late->engine, .limits = late->limits, .plan = plan};
  olstm__region_init(&fresh.memory, &late->engine->allocator);
  olstm_status status = bind_lists(&fresh, error);
  for (size_t s = 0; s < plan->late_step_count && status == OLSTM_STATUS_OK; s++) {
    status = bind_step(&fresh, late, s, error);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__region_deinit(&fresh.memory);
    return status;
  }
  unbind(late);
  // What is the plan's changes, children and pool stay.
  fresh.pool = late->pool;
  fresh.children = late->children;
  *late = fresh;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- inputs of a step

static bool has_input(const olstm__late_step* step, size_t i) {
  return step->node->inputs[i] != OLSTM__NO_VALUE;
}

/// An input with its data; what has no elements gets a pointer all the same.
static olstm_tensor find_input(const olstm__late* late, const olstm__late_call* call,
                               const olstm__late_step* step, size_t i) {
  const olstm__place* place = &step->inputs[i];
  olstm_tensor tensor = step->input_tensors[i];
  switch (place->kind) {
    case OLSTM__PLACE_NONE:
      tensor.data = olstm__no_elements();
      break;
    case OLSTM__PLACE_WORKSPACE:
      tensor.data = call->workspace + place->offset;
      break;
    case OLSTM__PLACE_INPUT:
      tensor.data = call->inputs[place->index].data;
      break;
    case OLSTM__PLACE_OUTPUT:
      tensor.data = call->output_data[place->index];
      break;
    case OLSTM__PLACE_CONSTANT:
      tensor.data = (void*)place->data;
      break;
    case OLSTM__PLACE_LATE:
      tensor = late->tensors[place->index].tensor;
      if (!tensor.data) tensor.data = olstm__no_elements();
      break;
  }
  return tensor;
}

static void list_inputs(olstm__late* late, const olstm__late_call* call,
                        const olstm__late_step* step) {
  for (size_t i = 0; i < step->input_count; i++) {
    late->input_list[i] = NULL;
    late->input_data[i] = NULL;
    if (!has_input(step, i)) continue;
    late->inputs[i] = find_input(late, call, step, i);
    late->input_list[i] = &late->inputs[i];
    if (olstm__desc_bytes(&late->inputs[i].desc) > 0) {
      late->input_data[i] = late->inputs[i].data;
    }
  }
}

/// Whether an input's data may be shown at this level, whatever its size.
static bool is_constant(const olstm__late_step* step, size_t i,
                        const olstm_tensor* input) {
  if (olstm__desc_bytes(&input->desc) == 0) return true;
  return step->inputs[i].kind != OLSTM__PLACE_LATE && step->input_tensors[i].data;
}

/// Whether a small input's data may be shown at this level.
static bool is_shown(int32_t level, olstm_dtype dtype) {
  return level == kShowSmall || (level == kShowIntegers && (dtype == OLSTM_DTYPE_INT64 ||
                                                            dtype == OLSTM_DTYPE_INT32));
}

/// Sets late->shown; between constants and all, writes the small values to `values`, and
/// says how many bytes they are.
static size_t show_inputs(olstm__late* late, const olstm__late_step* step, int32_t level,
                          unsigned char* values) {
  size_t used = 0;
  for (size_t i = 0; i < step->input_count; i++) {
    late->input_list[i] = NULL;
    if (!has_input(step, i)) continue;
    late->shown[i] = late->inputs[i];
    late->input_list[i] = &late->shown[i];
    if (level == kShowAll || is_constant(step, i, &late->inputs[i])) continue;
    const size_t bytes = olstm__desc_bytes(&late->inputs[i].desc);
    if (is_shown(level, late->inputs[i].desc.dtype) && bytes <= kSmallBytes &&
        bytes <= kKeyBytes - used) {
      memcpy(values + used, late->inputs[i].data, bytes);
      used += bytes;
    } else {
      late->shown[i].data = NULL;
    }
  }
  return used;
}

/// Whether what the step has prepared serves these inputs too.
static bool memo_serves(olstm__late* late, const olstm__late_step* step,
                        const late_memo* memo) {
  if (!memo->has_prepared || memo->shown == kShowAll) return false;
  for (size_t i = 0; i < step->input_count; i++) {
    if (!has_input(step, i)) continue;
    if (!olstm_tensor_desc_equal(&late->inputs[i].desc, &memo->inputs[i])) return false;
  }
  if (memo->shown == kShowConstants) return true;
  unsigned char values[kKeyBytes];
  const size_t used = show_inputs(late, step, memo->shown, values);
  return memcmp(values, memo->values, used) == 0;
}

// ---------------------------------------------------------------- preparing

static olstm_status infer(olstm__late* late, const olstm__late_step* step,
                          late_memo* memo, olstm_error* error) {
  const olstm__program_node* node = step->node;
  const olstm__operator_instance of = olstm__program_instance(node);
  const olstm_infer_args args = {sizeof args, step->input_count, late->input_list,
                                 step->output_count};
  for (int32_t level = kShowConstants; level <= kShowAll; level++) {
    (void)show_inputs(late, step, level, memo->values);
    memset(late->output_descs, 0, step->output_count * sizeof *late->output_descs);
    memo->shown = level;
    const olstm_status status = olstm__call_infer(&of, &args, late->output_descs, error);
    if (status != OLSTM_STATUS_NEEDS_DATA) return status;
  }
  const olstm_error wanted = error ? *error : (olstm_error){""};
  return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                    "%s '%s': wants more data than there is%s%s", node->node.op_type,
                    node->node.name, wanted.message[0] ? ": " : "", wanted.message);
}

static olstm_status prepare(olstm__late* late, const olstm__late_step* step,
                            late_memo* memo, olstm_error* error) {
  const olstm__program_node* node = step->node;
  OLSTM_RETURN_IF_ERROR(infer(late, step, memo, error));
  const size_t most = olstm__planner_output_limit(late->limits->max_memory,
                                                  late->input_list, step->input_count);
  for (size_t o = 0; o < step->output_count; o++) {
    size_t bytes = 0;
    if (step->outputs[o] < 0) continue;
    OLSTM_RETURN_IF_ERROR(olstm__call_check_output(&node->node, o, &late->output_descs[o],
                                                   most, &bytes, error));
  }
  const olstm_prepare_args args = {sizeof args, step->input_count, late->input_list,
                                   step->output_count, late->output_descs};
  memo->prepared =
      (olstm_prepared){.struct_size = sizeof memo->prepared, .view_of_input = -1};
  const olstm__operator_instance of = olstm__program_instance(node);
  OLSTM_RETURN_IF_ERROR(olstm__call_prepare(&of, &args, &memo->prepared, error));
  memo->has_prepared = true;
  memo->work = olstm__step_work(&args, &memo->prepared);
  for (size_t i = 0; i < step->input_count; i++) memo->inputs[i] = late->inputs[i].desc;
  memcpy(memo->outputs, late->output_descs, step->output_count * sizeof *memo->outputs);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- running

static olstm_status allocate_tensor(olstm__late* late, int32_t tensor,
                                    const olstm_tensor_desc* desc, olstm_error* error) {
  late_tensor* target = &late->tensors[tensor];
  const size_t bytes = olstm__desc_bytes(desc);
  target->tensor = (olstm_tensor){*desc, NULL};
  target->buffer = -1;
  if (bytes == 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__late_pool_take(&late->pool, bytes, &target->buffer, error));
  target->tensor.data = olstm__late_pool_memory(&late->pool, target->buffer);
  return OLSTM_STATUS_OK;
}

/// Whether the step only names its input anew; then output 0 shares its memory.
static bool share_view(olstm__late* late, const olstm__late_step* step,
                       const late_memo* memo) {
  const int32_t from = memo->prepared.view_of_input;
  if (from < 0 || (size_t)from >= step->input_count || !has_input(step, (size_t)from) ||
      step->output_count == 0 || step->outputs[0] < 0) {
    return false;
  }
  for (size_t o = 1; o < step->output_count; o++) {
    if (step->outputs[o] >= 0) return false;
  }
  const olstm__place* place = &step->inputs[from];
  late_tensor* target = &late->tensors[step->outputs[0]];
  target->tensor = (olstm_tensor){memo->outputs[0], (void*)late->input_data[from]};
  target->buffer =
      place->kind == OLSTM__PLACE_LATE ? late->tensors[place->index].buffer : -1;
  olstm__late_pool_retain(&late->pool, target->buffer);
  return true;
}

static olstm_status run_prepared(olstm__late* late, const olstm__late_call* call,
                                 const olstm__late_step* step, const late_memo* memo,
                                 olstm_error* error) {
  int32_t workspace = -1;
  for (size_t o = 0; o < step->output_count; o++) {
    late->output_data[o] = NULL;
    if (step->outputs[o] < 0) continue;
    OLSTM_RETURN_IF_ERROR(
        allocate_tensor(late, step->outputs[o], &memo->outputs[o], error));
    late->output_data[o] = late->tensors[step->outputs[o]].tensor.data;
  }
  if (memo->prepared.workspace_bytes > 0) {
    OLSTM_RETURN_IF_ERROR(olstm__late_pool_take(
        &late->pool, memo->prepared.workspace_bytes, &workspace, error));
  }
  const olstm_run_args args = {
      sizeof args, late->input_data, late->output_data,
      workspace < 0 ? NULL : olstm__late_pool_memory(&late->pool, workspace),
      call->parallel};
  const olstm__operator_instance of = olstm__program_instance(step->node);
  const olstm_status status = olstm__call_run(&of, memo->prepared.handle, &args, error);
  olstm__late_pool_release(&late->pool, workspace);
  return status;
}

static olstm_status count_work(const olstm__late* late, const olstm__late_step* step,
                               uint64_t work, olstm_error* error) {
  return olstm__run_limits_count(late->limits, work, step->node->node.op_type,
                                 step->node->node.name, error);
}

static olstm_status run_operator(olstm__late* late, const olstm__late_call* call,
                                 size_t s, olstm_error* error) {
  const olstm__late_step* step = &late->plan->late_steps[s];
  late_memo* memo = &late->memos[s];
  if (!memo_serves(late, step, memo)) {
    OLSTM_RETURN_IF_ERROR(count_work(late, step, OLSTM__WORK_PER_PLANNED_STEP, error));
    olstm__engine_lock(late->engine);
    release_prepared(late, s);
    const olstm_status status = prepare(late, step, memo, error);
    olstm__engine_unlock(late->engine);
    OLSTM_RETURN_IF_ERROR(status);
  }
  OLSTM_RETURN_IF_ERROR(count_work(late, step, memo->work, error));
  if (share_view(late, step, memo)) return OLSTM_STATUS_OK;
  return run_prepared(late, call, step, memo, error);
}

static olstm_status run_control(olstm__late* late, const olstm__late_call* call, size_t s,
                                olstm_error* error) {
  const olstm__late_step* step = &late->plan->late_steps[s];
  late_memo* memo = &late->memos[s];
  OLSTM_RETURN_IF_ERROR(count_work(late, step, OLSTM__WORK_PER_RUN, error));
  memset(late->outputs, 0, step->output_count * sizeof *late->outputs);
  const olstm__control_call control = {.node = step->node,
                                       .inputs = late->input_list,
                                       .is_constant = memo->is_constant,
                                       .runners = memo->child->runners,
                                       .parallel = call->parallel,
                                       .allocator = &late->engine->allocator,
                                       .cache = &memo->child->cache,
                                       .limits = late->limits,
                                       .late = late,
                                       .late_outputs = step->outputs,
                                       .outputs = late->outputs};
  OLSTM_RETURN_IF_ERROR(olstm__control_run(&control, error));
  for (size_t o = 0; o < step->output_count; o++) {
    if (step->outputs[o] < 0 || late->outputs[o].desc.dtype) continue;
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR, "%s '%s': gave no output '%s'",
                      step->node->node.op_type, step->node->node.name,
                      step->node->node.output_names[o]);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_allocate_output(const olstm__control_call* call, size_t index,
                                            const olstm_tensor_desc* desc,
                                            olstm_error* error) {
  const int32_t tensor = call->late_outputs[index];
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__call_check_output(&call->node->node, index, desc, SIZE_MAX, &bytes, error));
  OLSTM_RETURN_IF_ERROR(allocate_tensor(call->late, tensor, desc, error));
  call->outputs[index] = call->late->tensors[tensor].tensor;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- outputs

/// Into the caller's buffer, which must have the output's desc.
static olstm_status copy_output(const olstm__plan_output* output,
                                const olstm_tensor* from, olstm_tensor* to,
                                olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(
      olstm__runner_check_output(output->name, &to->desc, &from->desc, error));
  const size_t bytes = olstm__desc_bytes(&from->desc);
  if (bytes > 0) memcpy(to->data, from->data, bytes);
  return OLSTM_STATUS_OK;
}

/// Lends the tensor itself, or, where it is the run's own input, a constant, or lent
/// already, a copy.
static olstm_status lend_output(olstm__late* late, late_tensor* from, olstm_tensor* to,
                                olstm_error* error) {
  const size_t bytes = olstm__desc_bytes(&from->tensor.desc);
  *to = from->tensor;
  if (bytes == 0) {
    to->data = olstm__no_elements();
    return OLSTM_STATUS_OK;
  }
  const bool is_shared = from->buffer < 0 || from->is_lent ||
                         late->pool.buffers[from->buffer].reference_count > 1;
  from->is_lent = true;
  if (!is_shared) return OLSTM_STATUS_OK;
  int32_t buffer = -1;
  OLSTM_RETURN_IF_ERROR(olstm__late_pool_take(&late->pool, bytes, &buffer, error));
  to->data = olstm__late_pool_memory(&late->pool, buffer);
  memcpy(to->data, from->tensor.data, bytes);
  return OLSTM_STATUS_OK;
}

static olstm_status give_outputs(olstm__late* late, olstm_tensor* outputs,
                                 olstm_error* error) {
  for (size_t o = 0; o < late->plan->output_count; o++) {
    const olstm__plan_output* output = &late->plan->outputs[o];
    if (output->is_known) continue;
    late_tensor* from = &late->tensors[output->late];
    OLSTM_RETURN_IF_ERROR(outputs[o].data
                              ? copy_output(output, &from->tensor, &outputs[o], error)
                              : lend_output(late, from, &outputs[o], error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- the whole

static olstm_status run_steps(olstm__late* late, const olstm__late_call* call,
                              olstm_error* error) {
  for (size_t s = 0; s < late->plan->late_step_count; s++) {
    const olstm__late_step* step = &late->plan->late_steps[s];
    list_inputs(late, call, step);
    OLSTM_RETURN_IF_ERROR(step->node->kind == OLSTM__NODE_CONTROL
                              ? run_control(late, call, s, error)
                              : run_operator(late, call, s, error));
    for (size_t d = 0; d < step->dead_count; d++) {
      late_tensor* dead = &late->tensors[step->dead[d]];
      olstm__late_pool_release(&late->pool, dead->buffer);
      dead->buffer = -1;
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__late_run(olstm__late* late, const olstm__late_call* call,
                             olstm_tensor* outputs, olstm_error* error) {
  olstm__late_pool_start(&late->pool);
  late->pool.max_bytes = late->limits->max_memory;
  for (size_t t = 0; t < late->plan->late_tensor_count; t++) {
    late->tensors[t] = (late_tensor){.buffer = -1};
  }
  OLSTM_RETURN_IF_ERROR(run_steps(late, call, error));
  OLSTM_RETURN_IF_ERROR(give_outputs(late, outputs, error));
  olstm__late_pool_trim(&late->pool);
  return OLSTM_STATUS_OK;
}

bool olstm__late_holds(const olstm__late* late, const void* data) {
  return late && olstm__late_pool_holds(&late->pool, data);
}

const olstm_prepared* olstm__late_prepared(const olstm__late* late, size_t index) {
  const late_memo* memo = &late->memos[index];
  return memo->has_prepared ? &memo->prepared : NULL;
}
