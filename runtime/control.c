#include "runtime/control.h"

#include <string.h>

static bool is_if(const olstm__program_node* node) {
  return node->node.domain[0] == '\0' && strcmp(node->node.op_type, "If") == 0;
}

static const olstm__program_body* find_body(const olstm__program_node* node,
                                            const char* attribute) {
  for (size_t b = 0; b < node->body_count; b++) {
    if (strcmp(node->bodies[b].attribute, attribute) == 0) return &node->bodies[b];
  }
  return NULL;
}

// ---------------------------------------------------------------- If

static olstm_status check_if(const olstm__program_node* node, olstm_error* error) {
  static const char* const kBranches[] = {"then_branch", "else_branch"};
  if (node->node.input_count != 1 || node->inputs[0] == OLSTM__NO_VALUE) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                      "If '%s': has %zu inputs, expected the condition alone",
                      node->node.name, node->node.input_count);
  }
  for (size_t b = 0; b < 2; b++) {
    const olstm__program_body* body = find_body(node, kBranches[b]);
    if (!body) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL, "If '%s': has no %s",
                        node->node.name, kBranches[b]);
    }
    if (body->program->output_count != node->output_count ||
        body->program->net->own_input_count != 0) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                        "If '%s': %s has %zu inputs and %zu outputs, expected 0 and %zu",
                        node->node.name, kBranches[b],
                        body->program->net->own_input_count, body->program->output_count,
                        node->output_count);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status run_if(const olstm__control_call* call, olstm_error* error) {
  const olstm__program_body* body = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__control_choose_body(call->node, call->inputs[0], &body, error));
  olstm__runner* runner = call->runners[body - call->node->bodies];
  const size_t count = body->capture_count, output_count = call->node->output_count;
  olstm_tensor* tensors =
      olstm_allocate_zeroed(call->allocator, count + output_count, sizeof *tensors);
  if (!tensors) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "If '%s': no memory",
                      call->node->node.name);
  }
  for (size_t c = 0; c < count; c++) tensors[c] = *call->inputs[body->first_capture + c];
  olstm_tensor* outputs = tensors + count;
  olstm_status status = olstm__runner_prepare(
      runner, tensors, call->is_constant + body->first_capture, error);
  // Where the shapes are known already, the branch writes straight into our outputs.
  for (size_t o = 0; o < output_count && status == OLSTM_STATUS_OK; o++) {
    const olstm__plan_output* output = &olstm__runner_plan(runner)->outputs[o];
    if (!output->is_known || call->node->outputs[o] == OLSTM__NO_VALUE) continue;
    status = olstm__control_allocate_output(call, o, &output->desc, error);
    outputs[o] = call->outputs[o];
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm__runner_run(runner, tensors, outputs, call->parallel, error);
  }
  for (size_t o = 0; o < output_count && status == OLSTM_STATUS_OK; o++) {
    if (call->outputs[o].desc.dtype || call->node->outputs[o] == OLSTM__NO_VALUE)
      continue;
    size_t bytes = 0;
    (void)olstm_tensor_desc_bytes(&outputs[o].desc, &bytes);
    status = olstm__control_allocate_output(call, o, &outputs[o].desc, error);
    if (status == OLSTM_STATUS_OK && bytes > 0) {
      memcpy(call->outputs[o].data, outputs[o].data, bytes);
    }
  }
  olstm_release(call->allocator, tensors, count + output_count, sizeof *tensors);
  return status;
}

// ---------------------------------------------------------------- all

olstm_status olstm__control_check(const olstm__program_node* node, olstm_error* error) {
  if (is_if(node)) return check_if(node, error);
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "%s '%s': no such operator that runs graphs (domain '%s', opset %d)",
                    node->node.op_type, node->node.name, node->node.domain,
                    (int)node->node.opset_version);
}

olstm_status olstm__control_choose_body(const olstm__program_node* node,
                                        const olstm_tensor* condition,
                                        const olstm__program_body** out_body,
                                        olstm_error* error) {
  *out_body = NULL;
  if (!is_if(node)) return OLSTM_STATUS_OK;
  if (condition->desc.dtype != OLSTM_DTYPE_BOOL) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "If '%s': the condition has dtype %s, expected bool",
                      node->node.name, olstm_dtype_name(condition->desc.dtype));
  }
  if (olstm_tensor_desc_count(&condition->desc) != 1) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "If '%s': the condition has shape %s, expected one element",
                      node->node.name, olstm_shape_text(&condition->desc).text);
  }
  const unsigned char value = *(const unsigned char*)condition->data;
  *out_body = find_body(node, value ? "then_branch" : "else_branch");
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_run(const olstm__control_call* call, olstm_error* error) {
  return run_if(call, error);
}

void olstm__control_release(const olstm__program_node* node,
                            const olstm_allocator* allocator, void* cache) {
  // An If keeps nothing.
  (void)node;
  (void)allocator;
  (void)cache;
}
