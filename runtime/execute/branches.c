#include "runtime/execute/branches.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/execute/children.h"
#include "runtime/execute/control.h"
#include "runtime/execute/control_body.h"

/// A branch step with its lists.
typedef struct branch_call {
  const olstm__branches* branches;
  const olstm__plan_step* step;
  olstm__child* child;
  /// Per input of the node; the data of those that change is set for each run.
  olstm_tensor* inputs;
  const olstm_tensor** input_list;
  bool* is_constant;
  olstm_tensor* outputs;
  /// Where this run writes its outputs.
  void* const* output_data;
} branch_call;

/// The branch steps of one plan.
typedef struct branch_list {
  olstm__arena memory;
  size_t count;
  branch_call* calls;
} branch_list;

struct olstm__branches {
  olstm__environment* environment;
  olstm__children children;
  branch_list bound, started;
};

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for branches");
}

olstm_status olstm__branches_create(olstm__environment* environment,
                                    const olstm__body_executor* bodies,
                                    olstm__run_limits* limits,
                                    olstm__branches** out_branches, olstm_error* error) {
  olstm__branches* branches =
      olstm_allocate_zeroed(&environment->allocator, 1, sizeof *branches);
  *out_branches = branches;
  if (!branches) return fail_memory(error);
  branches->environment = environment;
  branches->children = (olstm__children){
      .allocator = &environment->allocator, .bodies = bodies, .limits = limits};
  return OLSTM_STATUS_OK;
}

void olstm__branches_destroy(olstm__branches* branches) {
  if (!branches) return;
  const olstm_allocator* allocator = &branches->environment->allocator;
  olstm__children_deinit(&branches->children);
  olstm__arena_deinit(&branches->bound.memory);
  olstm__arena_deinit(&branches->started.memory);
  olstm_release(allocator, branches, 1, sizeof *branches);
}

/// Gives the location that the plan has for an output.
static olstm_status give_output(void* user, size_t index, const olstm_tensor_desc* desc,
                                olstm_error* error) {
  branch_call* call = user;
  const olstm_tensor_desc* expected = &call->step->branch_outputs[index];
  if (!olstm_tensor_desc_equal(desc, expected)) {
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                      "If '%s': a branch gives '%s' shape %s, planned was %s",
                      call->step->node->node.name,
                      call->step->node->node.output_names[index],
                      olstm_shape_text(desc).text, olstm_shape_text(expected).text);
  }
  call->outputs[index] = (olstm_tensor){*desc, call->output_data[index]};
  return OLSTM_STATUS_OK;
}

static olstm__control_call describe_call(branch_call* call,
                                         const olstm_parallel* parallel) {
  const olstm__children* children = &call->branches->children;
  return (olstm__control_call){.node = call->step->node,
                               .inputs = call->input_list,
                               .is_constant = call->is_constant,
                               .bodies = children->bodies,
                               .executors = call->child->executors,
                               .parallel = parallel,
                               .allocator = children->allocator,
                               .cache = &call->child->cache,
                               .limits = children->limits,
                               .outputs = call->outputs,
                               .allocate_output = give_output,
                               .allocate_user = call};
}

// ---------------------------------------------------------------- binding

/// Binds the executors of a step's branches to the plans that the planner made.
static olstm_status prepare_bodies(const olstm__branches* branches,
                                   const branch_call* call, olstm__arena* memory,
                                   olstm_error* error) {
  const olstm__program_node* node = call->step->node;
  for (size_t b = 0; b < node->body_count; b++) {
    const olstm__program_body* body = &node->bodies[b];
    olstm_tensor* inputs =
        olstm__arena_allocate(memory, body->capture_count, sizeof *inputs);
    if (!inputs) return fail_memory(error);
    for (size_t c = 0; c < body->capture_count; c++) {
      inputs[c] = call->inputs[body->first_capture + c];
    }
    // The run that takes it meets the same error.
    (void)branches->children.bodies->prepare(
        call->child->executors[b], inputs, call->is_constant + body->first_capture, NULL);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status bind_call(olstm__branches* branches, const olstm__plan_step* step,
                              olstm__arena* memory, branch_call* call,
                              olstm_error* error) {
  const size_t input_count = step->input_count;
  *call = (branch_call){
      .branches = branches,
      .step = step,
      .child = olstm__children_get(&branches->children, step->node, error),
      .inputs = olstm__arena_allocate(memory, input_count, sizeof *call->inputs),
      .input_list = olstm__arena_allocate(memory, input_count, sizeof *call->input_list),
      .is_constant = olstm__arena_allocate(memory, input_count, 1),
      .outputs =
          olstm__arena_allocate(memory, step->output_count, sizeof *call->outputs)};
  if (!call->child || memory->has_failed) return fail_memory(error);
  for (size_t i = 0; i < input_count; i++) {
    call->inputs[i] = step->branch_inputs[i];
    call->input_list[i] = &call->inputs[i];
    call->is_constant[i] = call->inputs[i].data != NULL;
  }
  const olstm__control_call control = describe_call(call, NULL);
  olstm__control_cache* cache = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__control_get_cache(&control, 0, &cache, error));
  return prepare_bodies(branches, call, memory, error);
}

olstm_status olstm__branches_start(olstm__branches* branches, const olstm__plan* plan,
                                   olstm_error* error) {
  branch_list* list = &branches->started;
  olstm__arena_deinit(&list->memory);
  *list = (branch_list){.count = 0};
  olstm__arena_init(&list->memory, &branches->environment->allocator, SIZE_MAX);
  list->calls =
      olstm__arena_allocate(&list->memory, plan->branch_count, sizeof *list->calls);
  if (!list->calls) return fail_memory(error);
  for (size_t s = 0; s < plan->step_count; s++) {
    if (!plan->steps[s].branch_inputs) continue;
    OLSTM_RETURN_IF_ERROR(bind_call(branches, &plan->steps[s], &list->memory,
                                    &list->calls[list->count++], error));
  }
  return OLSTM_STATUS_OK;
}

void olstm__branches_bind(olstm__branches* branches) {
  const branch_list old = branches->bound;
  branches->bound = branches->started;
  branches->started = old;
}

const void* olstm__branches_handle(const olstm__branches* branches, size_t index) {
  return &branches->bound.calls[index];
}

// ---------------------------------------------------------------- running
olstm_status olstm__branches_run(const void* instance, const void* handle,
                                 const olstm_run_args* args, olstm_error* error) {
  // The lists are the executor's, which runs on one thread at a time.
  branch_call* call = (branch_call*)handle;
  const olstm__branches* branches = call->branches;
  const olstm__plan_step* step = call->step;
  (void)instance;
  for (size_t i = 0; i < step->input_count; i++) {
    if (call->is_constant[i]) continue;
    call->inputs[i].data =
        args->inputs[i] ? (void*)args->inputs[i] : olstm__empty_tensor_data();
  }
  if (step->output_count > 0) {
    memset(call->outputs, 0, step->output_count * sizeof *call->outputs);
  }
  call->output_data = args->outputs;
  OLSTM_RETURN_IF_ERROR(
      olstm__run_limits_count(branches->children.limits, OLSTM__WORK_PER_RUN,
                              step->node->node.op_type, step->node->node.name, error));
  const olstm__control_call control = describe_call(call, args->parallel);
  return olstm__control_run(&control, error);
}

void olstm__branches_warm_up(const olstm__branches* branches) {
  for (size_t s = 0; s < branches->bound.count; s++) {
    const branch_call* call = &branches->bound.calls[s];
    for (size_t b = 0; b < call->step->node->body_count; b++) {
      branches->children.bodies->warm_up(call->child->executors[b]);
    }
  }
}

const olstm__executor* olstm__branches_executor(const olstm__branches* branches,
                                                size_t index, size_t body) {
  return branches->bound.calls[index].child->executors[body];
}
