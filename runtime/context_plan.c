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

olstm_status olstm_context_get_plan_info_sized(const olstm_context* context,
                                               olstm_plan_info* out_info,
                                               size_t struct_size, olstm_error* error) {
  const olstm__plan* plan = NULL;
  const olstm__environment* environment = &context->session->environment;
  OLSTM_RETURN_IF_ERROR(get_plan(context, &plan, error));
  const olstm_plan_info known = {
      .step_count = plan->step_count + plan->dynamic_step_count,
      .folded_count = plan->folded_count + environment->folded_count,
      .constant_bytes = plan->constant_bytes + environment->folded_bytes,
      .workspace_bytes = plan->workspace_bytes,
      .unshared_bytes = plan->unshared_bytes,
      .has_dynamic_part = plan->dynamic_step_count > 0,
      .work = plan->work};
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
  if (index >= plan->step_count + plan->dynamic_step_count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "step %zu: the plan has %zu",
                      index, plan->step_count + plan->dynamic_step_count);
  }
  if (index >= plan->step_count) {
    const size_t dynamic = index - plan->step_count;
    describe_node(plan->dynamic_steps[dynamic].node,
                  olstm__executor_dynamic_prepared(context->executor, dynamic), out_info);
    out_info->is_dynamic = true;
    return OLSTM_STATUS_OK;
  }
  const olstm__plan_step* step = &plan->steps[index];
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
