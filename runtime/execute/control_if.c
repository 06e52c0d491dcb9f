// Runs If: one of two branches, whose inputs are all captures.
#include "runtime/execute/control_body.h"

/// Allocates outputs with known descs before the run, so that the branch writes to them.
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
  bool value = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__control_read_bool(node, "the condition", call->inputs[0], &value, error));
  OLSTM_RETURN_IF_ERROR(olstm__control_get_cache(call, 0, &cache, error));
  const olstm__program_body* body = olstm__if_find_branch(node, value);
  for (size_t c = 0; c < body->capture_count; c++) {
    cache->inputs[c] = *call->inputs[body->first_capture + c];
    cache->is_constant[c] = call->is_constant[body->first_capture + c];
  }
  olstm__executor* executor = call->executors[body - node->bodies];
  OLSTM_RETURN_IF_ERROR(
      call->bodies->prepare(executor, cache->inputs, cache->is_constant, error));
  OLSTM_RETURN_IF_ERROR(
      locate_outputs(call, call->bodies->plan(executor), cache->outputs, error));
  OLSTM_RETURN_IF_ERROR(
      call->bodies->run(executor, cache->inputs, cache->outputs, call->parallel, error));
  for (size_t o = 0; o < node->output_count; o++) {
    // Outputs with a desc were allocated before the run, and written.
    if (!olstm__control_wants(node, o) || call->outputs[o].desc.dtype) continue;
    OLSTM_RETURN_IF_ERROR(olstm__control_give_output(call, o, &cache->outputs[o], error));
  }
  return OLSTM_STATUS_OK;
}
