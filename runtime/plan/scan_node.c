#include "runtime/plan/scan_node.h"

#include "runtime/plan/control_node.h"

bool olstm__scan_is_batched(const olstm__program_node* node) {
  return node->node.opset_version < 9;
}

static olstm_status get_list(const olstm__program_node* node, const char* name,
                             size_t expected, const int64_t** out_values,
                             olstm_error* error) {
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_get_ints(&node->node, name, out_values, &count, error));
  if (!*out_values || count == expected) return OLSTM_STATUS_OK;
  return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                             "%s has %zu entries, expected %zu", name, count, expected);
}

static olstm_status check_directions(const olstm__program_node* node, const char* name,
                                     size_t count, const int64_t* values,
                                     olstm_error* error) {
  for (size_t i = 0; values && i < count; i++) {
    if (values[i] == 0 || values[i] == 1) continue;
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "%s has %" PRId64 ", expected 0 or 1", name, values[i]);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__scan_read_attributes(const olstm__program_node* node,
                                         olstm__scan_attributes* out_attributes,
                                         olstm_error* error) {
  static const char* const kNames[] = {"body",
                                       "num_scan_inputs",
                                       "scan_input_axes",
                                       "scan_input_directions",
                                       "scan_output_axes",
                                       "scan_output_directions"};
  static const char* const kBatchedNames[] = {"body", "num_scan_inputs", "directions"};
  const bool batched = olstm__scan_is_batched(node);
  const char* directions = batched ? "directions" : "scan_input_directions";
  olstm__scan_attributes* attributes = out_attributes;
  const size_t first = batched ? 1 : 0;
  *attributes = (olstm__scan_attributes){.input_count = -1};
  OLSTM_RETURN_IF_ERROR(olstm_node_allow_attributes(
      &node->node, batched ? kBatchedNames : kNames, batched ? 3 : 6, error));
  OLSTM_RETURN_IF_ERROR(olstm_node_get_int(&node->node, "num_scan_inputs", -1,
                                           &attributes->input_count, error));
  const size_t own_count = node->node.input_count;
  if (attributes->input_count < 1 || own_count < first ||
      attributes->input_count > (int64_t)(own_count - first)) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "num_scan_inputs is %" PRId64 ", expected 1..%zu",
                               attributes->input_count,
                               own_count < first ? 0 : own_count - first);
  }
  const size_t inputs = (size_t)attributes->input_count;
  const size_t states = own_count - first - inputs;
  const size_t body_outputs =
      node->body_count == 1 ? node->bodies[0].program->output_count : states;
  const size_t stacks = body_outputs < states ? 0 : body_outputs - states;
  OLSTM_RETURN_IF_ERROR(
      get_list(node, directions, inputs, &attributes->input_directions, error));
  OLSTM_RETURN_IF_ERROR(
      check_directions(node, directions, inputs, attributes->input_directions, error));
  if (batched) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      get_list(node, "scan_input_axes", inputs, &attributes->input_axes, error));
  OLSTM_RETURN_IF_ERROR(
      get_list(node, "scan_output_axes", stacks, &attributes->output_axes, error));
  OLSTM_RETURN_IF_ERROR(get_list(node, "scan_output_directions", stacks,
                                 &attributes->output_directions, error));
  return check_directions(node, "scan_output_directions", stacks,
                          attributes->output_directions, error);
}

olstm_status olstm__scan_check(const olstm__program_node* node, olstm_error* error) {
  olstm__scan_attributes attributes;
  const size_t first = olstm__scan_is_batched(node) ? 1 : 0;
  if (node->body_count != 1) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL, "has no body");
  }
  OLSTM_RETURN_IF_ERROR(olstm__scan_read_attributes(node, &attributes, error));
  const olstm__program_body* body = &node->bodies[0];
  const size_t expected = node->node.input_count - first;
  const size_t states = expected - (size_t)attributes.input_count;
  const size_t input_count = body->program->input_count - body->capture_count;
  const size_t output_count = body->program->output_count;
  for (size_t i = first; i < node->node.input_count; i++) {
    if (node->inputs[i] != OLSTM__NO_VALUE) continue;
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "input %zu is missing", i);
  }
  if (input_count != expected) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "its body has %zu inputs, expected %zu", input_count,
                               expected);
  }
  if (output_count < states || output_count < node->output_count) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_MODEL,
                               "its body has %zu outputs, expected at least %zu",
                               output_count,
                               states > node->output_count ? states : node->output_count);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__scan_find_axis(const olstm__program_node* node, const char* what,
                                   int64_t axis, int32_t rank, int32_t* out_axis,
                                   olstm_error* error) {
  if (axis < -(int64_t)rank || axis >= rank) {
    return olstm__control_fail(node, error, OLSTM_STATUS_INVALID_VALUE,
                               "the axis of %s is %" PRId64 ", expected %d..%d", what,
                               axis, (int)-rank, (int)rank - 1);
  }
  *out_axis = (int32_t)(axis < 0 ? axis + rank : axis);
  return OLSTM_STATUS_OK;
}
