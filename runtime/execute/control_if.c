// If: one of two graphs, which take what they need from around them.
#include <string.h>

#include "runtime/execute/control_body.h"

static const olstm__program_body* find_branch(const olstm__program_node* node,
                                              bool condition, size_t* out_index) {
  const char* attribute = condition ? "then_branch" : "else_branch";
  for (size_t b = 0; b < node->body_count; b++) {
    if (strcmp(node->bodies[b].attribute, attribute) != 0) continue;
    if (out_index) *out_index = b;
    return &node->bodies[b];
  }
  return NULL;
}

olstm_status olstm__control_if_check(const olstm__program_node* node,
                                     olstm_error* error) {
  static const char* const kAttributes[] = {"then_branch", "else_branch"};
  OLSTM_RETURN_IF_ERROR(olstm_node_allow_attributes(&node->node, kAttributes, 2, error));
  if (node->node.input_count != 1 || node->inputs[0] == OLSTM__NO_VALUE) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "has %zu inputs, expected 1", node->node.input_count);
  }
  for (size_t b = 0; b < 2; b++) {
    const olstm__program_body* body = find_branch(node, b == 0, NULL);
    if (!body) {
      return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL, "has no %s",
                                 kAttributes[b]);
    }
    const olstm__program* program = body->program;
    if (program->input_count != body->capture_count) {
      return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                                 "its %s has %zu inputs, expected none", kAttributes[b],
                                 program->input_count - body->capture_count);
    }
    if (program->output_count < node->output_count) {
      return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                                 "its %s has %zu outputs, expected %zu", kAttributes[b],
                                 program->output_count, node->output_count);
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_choose_body(const olstm__program_node* node,
                                        const olstm_tensor* condition,
                                        const olstm__program_body** out_body,
                                        olstm_error* error) {
  bool value = false;
  *out_body = NULL;
  if (strcmp(node->node.op_type, "If") != 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__control_read_bool(node, "the condition", condition, &value, error));
  *out_body = find_branch(node, value, NULL);
  return OLSTM_STATUS_OK;
}

/// Outputs that are known and wanted are written where the node's outputs lie.
static olstm_status locate_outputs(const olstm__control_call* call,
                                   const olstm__plan* plan, olstm_tensor* outputs,
                                   olstm_error* error) {
  for (size_t o = 0; o < plan->output_count; o++) {
    outputs[o] = (olstm_tensor){0};
    if (!olstm__control_wants(call->node, o) || !plan->outputs[o].is_known) continue;
    OLSTM_RETURN_IF_ERROR(
        olstm__control_allocate_output(call, o, &plan->outputs[o].desc, error));
    outputs[o] = call->outputs[o];
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_if_run(const olstm__control_call* call, olstm_error* error) {
  const olstm__program_node* node = call->node;
  olstm__control_cache* cache = NULL;
  size_t branch = 0;
  bool value = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__control_read_bool(node, "the condition", call->inputs[0], &value, error));
  OLSTM_RETURN_IF_ERROR(olstm__control_get_cache(call, 0, &cache, error));
  const olstm__program_body* body = find_branch(node, value, &branch);
  for (size_t c = 0; c < body->capture_count; c++) {
    cache->inputs[c] = *call->inputs[body->first_capture + c];
    cache->is_constant[c] = call->is_constant[body->first_capture + c];
  }
  olstm__executor* executor = call->executors[branch];
  OLSTM_RETURN_IF_ERROR(
      olstm__executor_prepare(executor, cache->inputs, cache->is_constant, error));
  OLSTM_RETURN_IF_ERROR(
      locate_outputs(call, olstm__executor_plan(executor), cache->outputs, error));
  OLSTM_RETURN_IF_ERROR(olstm__executor_run(executor, cache->inputs, cache->outputs,
                                            call->parallel, error));
  for (size_t o = 0; o < node->output_count; o++) {
    // Those with a desc were given memory, and written there.
    if (!olstm__control_wants(node, o) || call->outputs[o].desc.dtype) continue;
    OLSTM_RETURN_IF_ERROR(olstm__control_give_output(call, o, &cache->outputs[o], error));
  }
  return OLSTM_STATUS_OK;
}
