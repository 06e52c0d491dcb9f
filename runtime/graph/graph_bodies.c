// Adds captures and outputs to the bodies of control nodes. Knows nothing of operators
// but the structure of an If.
#include "runtime/graph/graph.h"

/// The value of the body that captures `value`, or NO_VALUE.
static int32_t find_capture(const olstm__graph_node* node, const olstm__graph_body* body,
                            int32_t value) {
  for (size_t c = 0; c < body->capture_count; c++) {
    if (node->inputs[body->first_capture + c] == value) {
      return body->graph->inputs[body->graph->own_input_count + c];
    }
  }
  return OLSTM__NO_VALUE;
}

/// Appends `value` to the captures of a body; the inputs that feed later bodies move up
/// by one.
static bool insert_capture(olstm__graph* graph, int32_t index, size_t body,
                           int32_t value) {
  const size_t count = graph->nodes[index].input_count + 1;
  if (!olstm__graph_reserve_inputs(graph, index, count)) return false;
  const olstm__graph_node* node = &graph->nodes[index];
  const size_t at = node->bodies[body].first_capture + node->bodies[body].capture_count;
  for (size_t i = count - 1; i > at; i--) {
    olstm__graph_set_input(graph, index, i, node->inputs[i - 1]);
  }
  olstm__graph_set_input(graph, index, at, value);
  node->bodies[body].capture_count++;
  for (size_t b = body + 1; b < node->body_count; b++) node->bodies[b].first_capture++;
  return true;
}

int32_t olstm__graph_capture(olstm__graph* graph, int32_t index, size_t body,
                             int32_t value) {
  if (value == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const olstm__graph_node* node = &graph->nodes[index];
  olstm__graph* inside = node->bodies[body].graph;
  const int32_t found = find_capture(node, &node->bodies[body], value);
  if (found != OLSTM__NO_VALUE) return found;
  const olstm_value_info* info = &graph->values[value].info;
  const int32_t inner = olstm__graph_add_value(inside, OLSTM__VALUE_INPUT, info->name);
  if (inner == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  inside->values[inner].info = *info;
  return olstm__graph_add_input(inside, inner) &&
                 insert_capture(graph, index, body, value)
             ? inner
             : OLSTM__NO_VALUE;
}

void olstm__graph_drop_body_input(olstm__graph* graph, int32_t index, size_t body,
                                  size_t input) {
  olstm__graph_node* node = &graph->nodes[index];
  olstm__graph_body* of = &node->bodies[body];
  olstm__graph* inside = of->graph;
  const bool is_own = input < inside->own_input_count;
  const size_t first =
      is_own ? input : of->first_capture + input - inside->own_input_count;
  for (size_t i = first; i + 1 < node->input_count; i++) {
    olstm__graph_set_input(graph, index, i, node->inputs[i + 1]);
  }
  olstm__graph_set_input(graph, index, node->input_count - 1, OLSTM__NO_VALUE);
  node->input_count--;
  if (is_own) {
    node->own_input_count--;
    inside->own_input_count--;
  } else {
    of->capture_count--;
  }
  for (size_t b = is_own ? 0 : body + 1; b < node->body_count; b++) {
    node->bodies[b].first_capture--;
  }
  inside->input_count--;
  for (size_t i = input; i < inside->input_count; i++) {
    inside->inputs[i] = inside->inputs[i + 1];
  }
}

/// Removes outputs of a body that its node does not have, so that an added output has the
/// same index in every body.
static void drop_unwanted_outputs(olstm__graph* body, size_t wanted) {
  for (size_t o = wanted; o < body->output_count; o++) {
    body->values[body->outputs[o]].output_use_count--;
  }
  if (body->output_count > wanted) body->output_count = wanted;
}

int32_t olstm__graph_add_branch_output(olstm__graph* graph, int32_t index, size_t body,
                                       int32_t inner, int32_t otherwise) {
  const size_t output = graph->nodes[index].output_count;
  const int32_t made = olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                                              graph->values[otherwise].info.name);
  if (made == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  for (size_t b = 0; b < graph->nodes[index].body_count; b++) {
    olstm__graph* inside = graph->nodes[index].bodies[b].graph;
    const int32_t value =
        b == body ? inner : olstm__graph_capture(graph, index, b, otherwise);
    drop_unwanted_outputs(inside, output);
    if (value == OLSTM__NO_VALUE || !olstm__graph_add_output(inside, value)) {
      return OLSTM__NO_VALUE;
    }
  }
  if (!olstm__graph_reserve_outputs(graph, index, output + 1)) return OLSTM__NO_VALUE;
  olstm__graph_set_output(graph, index, output, made);
  return made;
}
