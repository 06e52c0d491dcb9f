#include "runtime/plan/plan_branches.h"

#include <string.h>

#include "runtime/plan/control_node.h"
#include "runtime/plan/plan_frame.h"

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
}

/// Whether all inputs are tensors whose shapes are known before the run.
static bool are_inputs_known(const olstm__planner* planner,
                             const olstm__planned_step* step) {
  for (size_t i = 0; i < step->node->input_count; i++) {
    if (step->inputs[i] < 0) return false;
    const olstm__planned_value* value = &planner->values[step->inputs[i]];
    if (value->is_dynamic || !value->is_described) return false;
  }
  return step->node->input_count > 0;
}

/// Plans one branch, and copies what it gives to descs. out_is_known: whether it could be
/// planned and everything it gives is known.
static olstm_status plan_branch(olstm__planner* planner, const olstm__planned_step* step,
                                const olstm__program_body* body, olstm_tensor_desc* descs,
                                bool* out_is_planned, bool* out_is_known,
                                olstm_error* error) {
  const olstm__plan* plan = NULL;
  olstm_error reason = {""};
  uint64_t left = planner->fold_work;
  olstm_tensor* inputs =
      olstm__arena_allocate(&planner->scratch, body->capture_count, sizeof *inputs);
  if (!inputs) return fail_memory(error);
  for (size_t c = 0; c < body->capture_count; c++) {
    inputs[c] = planner->values[step->inputs[body->first_capture + c]].tensor;
  }
  const olstm_status status =
      planner->plan_body(body->program, inputs, &left, &plan, &reason);
  // What folding took there counts as that plan's.
  planner->fold_limit -= planner->fold_work - left;
  planner->fold_work = left;
  *out_is_planned = *out_is_known = status == OLSTM_STATUS_OK;
  const bool is_ours =
      status == OLSTM_STATUS_OUT_OF_MEMORY ||
      (status == OLSTM_STATUS_UNSUPPORTED && planner->environment->real_time);
  if (is_ours) return olstm_fail(error, status, "%s", reason.message);
  if (status != OLSTM_STATUS_OK) return OLSTM_STATUS_OK;
  for (size_t o = 0; o < plan->output_count && o < step->node->output_count; o++) {
    *out_is_known = *out_is_known && plan->outputs[o].is_known;
    descs[o] = plan->outputs[o].desc;
  }
  return OLSTM_STATUS_OK;
}

/// Whether the outputs that are used have the same descs in both branches.
static bool do_agree(const olstm__planned_step* step, const olstm_tensor_desc* a,
                     const olstm_tensor_desc* b) {
  for (size_t o = 0; o < step->node->output_count; o++) {
    if (step->outputs[o] >= 0 && !olstm_tensor_desc_equal(&a[o], &b[o])) return false;
  }
  return true;
}

olstm_status olstm__planner_plan_branches(olstm__planner* planner,
                                          olstm__planned_step* step, bool* out_is_known,
                                          olstm_error* error) {
  const olstm__program_node* node = step->node;
  const size_t output_count = node->output_count;
  bool condition = false;
  size_t planned_count = 0;
  *out_is_known = false;
  if (!are_inputs_known(planner, step)) return OLSTM_STATUS_OK;
  uint8_t unknown = 0;
  const olstm_tensor probe = {planner->values[step->inputs[0]].tensor.desc, &unknown};
  OLSTM_RETURN_IF_ERROR(
      olstm__control_read_bool(node, "the condition", &probe, &condition, error));
  olstm_tensor_desc* descs =
      olstm__arena_allocate(&planner->scratch, 2 * output_count, sizeof *descs);
  if (!descs) return fail_memory(error);
  for (size_t b = 0; b < node->body_count; b++) {
    olstm_tensor_desc* own = descs + (planned_count > 0 ? output_count : 0);
    bool is_planned = false, is_known = false;
    OLSTM_RETURN_IF_ERROR(
        plan_branch(planner, step, &node->bodies[b], own, &is_planned, &is_known, error));
    if (!is_planned) continue;
    if (!is_known) return OLSTM_STATUS_OK;
    if (planned_count++ > 0 && !do_agree(step, descs, own)) return OLSTM_STATUS_OK;
  }
  if (planned_count == 0) return OLSTM_STATUS_OK;
  for (size_t o = 0; o < output_count; o++) {
    if (step->outputs[o] < 0) continue;
    olstm__planned_value_describe(&planner->values[step->outputs[o]], &descs[o], NULL);
  }
  step->is_branch = true;
  *out_is_known = true;
  return OLSTM_STATUS_OK;
}
