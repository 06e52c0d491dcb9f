#include "runtime/plan/control_check.h"

#include <string.h>

#include "runtime/host/registry.h"
#include "runtime/plan/control_node.h"
#include "runtime/plan/scan_node.h"

static olstm_status check_if(const olstm__program_node* node, olstm_error* error) {
  static const char* const kAttributes[] = {"then_branch", "else_branch"};
  OLSTM_RETURN_IF_ERROR(olstm_node_allow_attributes(&node->node, kAttributes, 2, error));
  if (node->node.input_count != 1 || node->inputs[0] == OLSTM__NO_VALUE) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "has %zu inputs, expected 1", node->node.input_count);
  }
  for (size_t b = 0; b < 2; b++) {
    const olstm__program_body* body = olstm__if_find_branch(node, b == 0);
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

static olstm_status check_loop(const olstm__program_node* node, olstm_error* error) {
  static const char* const kAttributes[] = {"body"};
  OLSTM_RETURN_IF_ERROR(olstm_node_allow_attributes(&node->node, kAttributes, 1, error));
  if (node->body_count != 1) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL, "has no body");
  }
  const olstm__program_body* body = &node->bodies[0];
  const size_t carried = olstm__loop_carried_count(node);
  const size_t input_count = body->program->input_count - body->capture_count;
  const size_t output_count = body->program->output_count;
  for (size_t i = 0; i < carried; i++) {
    if (node->inputs[OLSTM__LOOP_FIRST_CARRIED + i] != OLSTM__NO_VALUE) continue;
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "input %zu is missing", OLSTM__LOOP_FIRST_CARRIED + i);
  }
  if (input_count != OLSTM__LOOP_FIRST_CARRIED + carried) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "its body has %zu inputs, expected %zu", input_count,
                               OLSTM__LOOP_FIRST_CARRIED + carried);
  }
  if (output_count < 1 + carried || output_count - 1 < node->output_count) {
    return olstm__control_fail(
        node, error, OLSTM_STATUS_INVALID_MODEL,
        "its body has %zu outputs, expected at least %zu", output_count,
        1 + (carried > node->output_count ? carried : node->output_count));
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_check(olstm__program_node* node,
                                  const olstm_registry* registry, olstm_error* error) {
  static const struct {
    const char* op_type;
    olstm_status (*check)(const olstm__program_node* node, olstm_error* error);
  } kOperators[] = {
      [OLSTM__CONTROL_IF] = {"If", check_if},
      [OLSTM__CONTROL_LOOP] = {"Loop", check_loop},
      [OLSTM__CONTROL_SCAN] = {"Scan", olstm__scan_check},
  };
  const olstm_node* own = &node->node;
  for (size_t i = 0; i < sizeof kOperators / sizeof kOperators[0]; i++) {
    if (own->domain[0] != '\0' || strcmp(own->op_type, kOperators[i].op_type) != 0) {
      continue;
    }
    if (!olstm__registry_find(registry, own->domain, own->op_type, own->opset_version)) {
      return olstm__registry_refuse(registry, own->name, own->domain, own->op_type,
                                    own->opset_version, error);
    }
    node->control = (olstm__control_kind)i;
    return kOperators[i].check(node, error);
  }
  return olstm__control_fail(node, error, OLSTM_STATUS_UNSUPPORTED,
                             "no operator '%s' in domain '%s'", own->op_type,
                             own->domain[0] ? own->domain : "ai.onnx");
}

olstm_status olstm__control_choose_body(const olstm__program_node* node,
                                        const olstm_tensor* condition,
                                        const olstm__program_body** out_body,
                                        olstm_error* error) {
  bool value = false;
  *out_body = NULL;
  if (node->control != OLSTM__CONTROL_IF) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__control_read_bool(node, "the condition", condition, &value, error));
  *out_body = olstm__if_find_branch(node, value);
  return OLSTM_STATUS_OK;
}
