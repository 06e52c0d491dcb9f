// Describes the plan of a context.
#include "olstm/sized_struct.h"

#include "runtime/context.h"
#include "runtime/execute/dynamic.h"

static olstm_status get_plan(const olstm_context* context, const olstm__plan** out_plan,
                             olstm_error* error) {
  *out_plan = olstm__executor_plan(context->executor);
  if (*out_plan) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                    "the context has no plan before its first prepare or run");
}

// ---------------------------------------------------------------- steps of branches

/// What is counted or looked for among the steps of a plan and of its branches.
typedef struct step_walk {
  /// The number of steps so far; at `wanted` the walk ends.
  size_t count, wanted;
  /// Set at the end: the step and its executor.
  const olstm__executor* executor;
  const olstm__plan_step* step;
  size_t dynamic;
  /// Of all plans that were gone through.
  size_t workspace_bytes, unshared_bytes, constant_bytes, folded_count;
} step_walk;

/// The work of a run of a plan, of whose branches the costlier ones are taken.
// NOLINTNEXTLINE(misc-no-recursion)
static uint64_t find_work(const olstm__executor* executor) {
  const olstm__plan* plan = olstm__executor_plan(executor);
  uint64_t work = plan ? plan->work : 0;
  size_t branch = 0;
  for (size_t s = 0; plan && s < plan->step_count; s++) {
    uint64_t most = 0;
    if (!plan->steps[s].branch_inputs) continue;
    for (size_t b = 0; b < plan->steps[s].node->body_count; b++) {
      const uint64_t own = find_work(olstm__executor_branch(executor, branch, b));
      if (own > most) most = own;
    }
    work = olstm__work_add(work, most);
    branch++;
  }
  return work;
}

/// Goes through all steps of a bound plan: those of branches behind their If, dynamic
/// ones last. True when the wanted one was found.
// NOLINTNEXTLINE(misc-no-recursion)
static bool walk_steps(const olstm__executor* executor, step_walk* walk) {
  const olstm__plan* plan = olstm__executor_plan(executor);
  size_t branch = 0;
  if (!plan) return false;
  walk->executor = executor;
  walk->workspace_bytes += plan->workspace_bytes;
  walk->unshared_bytes += plan->unshared_bytes;
  walk->constant_bytes += plan->constant_bytes;
  walk->folded_count += plan->folded_count;
  for (size_t s = 0; s < plan->step_count; s++) {
    walk->step = &plan->steps[s];
    if (walk->count++ == walk->wanted) return true;
    if (!walk->step->branch_inputs) continue;
    const size_t body_count = walk->step->node->body_count;
    for (size_t b = 0; b < body_count; b++) {
      if (walk_steps(olstm__executor_branch(executor, branch, b), walk)) return true;
    }
    walk->executor = executor;
    branch++;
  }
  walk->step = NULL;
  for (walk->dynamic = 0; walk->dynamic < plan->dynamic_step_count; walk->dynamic++) {
    if (walk->count++ == walk->wanted) return true;
  }
  return false;
}

olstm_status olstm_context_get_plan_info_sized(const olstm_context* context,
                                               olstm_plan_info* out_info,
                                               size_t struct_size, olstm_error* error) {
  const olstm__plan* plan = NULL;
  const olstm__environment* environment = &context->session->environment;
  OLSTM_RETURN_IF_ERROR(get_plan(context, &plan, error));
  step_walk walk = {.wanted = SIZE_MAX};
  (void)walk_steps(context->executor, &walk);
  const olstm_plan_info known = {
      .step_count = walk.count,
      .folded_count = walk.folded_count + environment->folded_count,
      .constant_bytes = walk.constant_bytes + environment->folded_bytes,
      .workspace_bytes = walk.workspace_bytes,
      .unshared_bytes = walk.unshared_bytes,
      .has_dynamic_part = plan->dynamic_step_count > 0,
      .work = find_work(context->executor)};
  olstm_sized_struct_init(out_info, struct_size, &known, sizeof known);
  return OLSTM_STATUS_OK;
}

static const char* or_empty(const char* text) {
  return text ? text : "";
}

static void describe_node(const olstm__program_node* node, const olstm_prepared* prepared,
                          olstm_step_info* out_info) {
  *out_info = (olstm_step_info){.node = node->node.name,
                                .op_type = node->node.op_type,
                                .kernel = "",
                                .reason = "",
                                .fused_from = or_empty(node->fused_from)};
  if (!prepared) return;
  out_info->kernel = or_empty(prepared->kernel);
  out_info->reason = or_empty(prepared->reason);
  out_info->workspace_bytes = prepared->workspace_bytes;
  out_info->run_allocates = prepared->run_allocates;
}

static olstm_status describe_step(const olstm_context* context, size_t index,
                                  olstm_step_info* out_info, olstm_error* error) {
  const olstm__plan* plan = NULL;
  OLSTM_RETURN_IF_ERROR(get_plan(context, &plan, error));
  step_walk walk = {.wanted = index};
  if (!walk_steps(context->executor, &walk)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "step %zu: the plan has %zu",
                      index, walk.count);
  }
  plan = olstm__executor_plan(walk.executor);
  const olstm__plan_step* step = walk.step;
  if (!step) {
    describe_node(plan->dynamic_steps[walk.dynamic].node,
                  olstm__executor_dynamic_prepared(walk.executor, walk.dynamic),
                  out_info);
    out_info->is_dynamic = true;
    return OLSTM_STATUS_OK;
  }
  if (step->branch_inputs) {
    describe_node(step->node, NULL, out_info);
    out_info->reason = "takes a branch in each run: the steps of both follow";
    return OLSTM_STATUS_OK;
  }
  if (step->node) {
    describe_node(step->node, &step->prepared, out_info);
    out_info->is_view = step->is_view;
    return OLSTM_STATUS_OK;
  }
  *out_info = (olstm_step_info){
      .node = step->copy_name,
      .op_type = "Copy",
      .kernel = "",
      .reason = "the output is an input, a constant or another output too",
      .fused_from = ""};
  return OLSTM_STATUS_OK;
}

olstm_status olstm_context_get_step_info_sized(const olstm_context* context, size_t index,
                                               olstm_step_info* out_info,
                                               size_t struct_size, olstm_error* error) {
  olstm_step_info known;
  OLSTM_RETURN_IF_ERROR(describe_step(context, index, &known, error));
  olstm_sized_struct_init(out_info, struct_size, &known, sizeof known);
  return OLSTM_STATUS_OK;
}
