#include "runtime/execute/control.h"

#include <string.h>

#include "runtime/execute/control_body.h"
#include "runtime/host/registry.h"

typedef struct control_operator {
  const char* op_type;
  int32_t first_opset;
  olstm_status (*check)(const olstm__program_node* node, olstm_error* error);
  olstm_status (*run)(const olstm__control_call* call, olstm_error* error);
} control_operator;

static const control_operator* find_operator(const olstm__program_node* node) {
  static const control_operator kOperators[] = {
      {"If", 1, olstm__control_if_check, olstm__control_if_run},
      {"Loop", 1, olstm__control_loop_check, olstm__control_loop_run},
      {"Scan", 8, olstm__control_scan_check, olstm__control_scan_run},
  };
  if (node->node.domain[0] != '\0') return NULL;
  for (size_t i = 0; i < sizeof kOperators / sizeof kOperators[0]; i++) {
    if (strcmp(node->node.op_type, kOperators[i].op_type) == 0) return &kOperators[i];
  }
  return NULL;
}

olstm_status olstm__control_check(const olstm__program_node* node, olstm_error* error) {
  const control_operator* found = find_operator(node);
  const int32_t opset = node->node.opset_version;
  if (!found) {
    return olstm__control_fail(node, error, OLSTM_STATUS_UNSUPPORTED,
                               "no operator '%s' in domain '%s'", node->node.op_type,
                               node->node.domain[0] ? node->node.domain : "ai.onnx");
  }
  if (opset > OLSTM__NEWEST_ONNX_OPSET) {
    return olstm__control_fail(node, error, OLSTM_STATUS_UNSUPPORTED,
                               "opset %d is newer than %d, the newest this version knows",
                               (int)opset, (int)OLSTM__NEWEST_ONNX_OPSET);
  }
  if (opset < found->first_opset) {
    return olstm__control_fail(node, error, OLSTM_STATUS_UNSUPPORTED,
                               "opset %d is not supported, expected %d or later",
                               (int)opset, (int)found->first_opset);
  }
  return found->check(node, error);
}

olstm_status olstm__control_run(const olstm__control_call* call, olstm_error* error) {
  return find_operator(call->node)->run(call, error);
}
