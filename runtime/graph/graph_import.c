// Imports a decoded graph: values and nodes as they are; captures of subgraphs become
// inputs of the control node.
#include <string.h>

#include "runtime/graph/graph.h"

/// Whether a node has a graph attribute.
static bool has_graph(const olstm__decoded_node* node) {
  for (size_t a = 0; a < node->attribute_count; a++) {
    if (node->attributes[a].kind == OLSTM_ATTRIBUTE_GRAPH) return true;
  }
  return false;
}

static bool add_values(olstm__graph* graph, const olstm__decoded_graph* source) {
  for (size_t v = 0; v < source->value_count; v++) {
    const olstm__value* from = &source->values[v];
    // A value that is no constant and gets no producer below is an input.
    const olstm__value_kind kind =
        from->constant ? OLSTM__VALUE_CONSTANT : OLSTM__VALUE_NODE;
    const int32_t value = olstm__graph_add_value(graph, kind, from->info.name);
    if (value == OLSTM__NO_VALUE) return false;
    graph->values[value].info = from->info;
    graph->values[value].constant = from->constant;
  }
  return true;
}

/// Adds the inputs of the decoded graph, then its captures. Captures of constants are
/// left to olstm__graph_propagate_captured_constants.
static bool add_inputs(olstm__graph* graph, const olstm__decoded_graph* source) {
  bool added = true;
  for (size_t i = 0; i < source->input_count && added; i++) {
    graph->values[source->inputs[i]].kind = OLSTM__VALUE_INPUT;
    added = olstm__graph_add_input(graph, source->inputs[i]);
  }
  graph->own_input_count = graph->input_count;
  for (size_t c = 0; c < source->capture_count && added; c++) {
    graph->values[source->captures[c].inner_value].kind = OLSTM__VALUE_INPUT;
    added = olstm__graph_add_input(graph, source->captures[c].inner_value);
  }
  return added;
}

static olstm_status build(const olstm__decoded_graph* source,
                          const olstm_allocator* allocator, int32_t depth,
                          olstm__graph** out_graph, olstm_error* error);

/// Imports the subgraphs of a node, and adds the inputs that feed their captures.
static olstm_status build_bodies(olstm__graph* graph, const olstm__decoded_node* from,
                                 int32_t depth, olstm__graph_node* node,
                                 olstm_error* error) {
  size_t input_count = from->input_count, body_count = 0;
  for (size_t a = 0; a < from->attribute_count; a++) {
    if (from->attributes[a].kind != OLSTM_ATTRIBUTE_GRAPH) continue;
    const olstm__decoded_graph* source = from->attributes[a].graph;
    body_count++;
    input_count += source->capture_count;
  }
  node->bodies = olstm__graph_allocate(graph, body_count, sizeof *node->bodies);
  node->inputs = olstm__graph_allocate(graph, input_count, sizeof *node->inputs);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  if (from->input_count > 0) {
    memcpy(node->inputs, from->inputs, from->input_count * sizeof *node->inputs);
  }
  node->input_count = from->input_count;
  for (size_t a = 0; a < from->attribute_count; a++) {
    if (from->attributes[a].kind != OLSTM_ATTRIBUTE_GRAPH) continue;
    const olstm__decoded_graph* source = from->attributes[a].graph;
    olstm__graph_body* body = &node->bodies[node->body_count];
    *body = (olstm__graph_body){from->attributes[a].name, NULL, node->input_count,
                                source->capture_count};
    OLSTM_RETURN_IF_ERROR(
        build(source, &graph->allocator, depth + 1, &body->graph, error));
    node->body_count++;
    for (size_t c = 0; c < source->capture_count; c++) {
      node->inputs[node->input_count++] = source->captures[c].outer_value;
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status add_node(olstm__graph* graph, const olstm__decoded_node* from,
                             int32_t depth, olstm_error* error) {
  olstm__graph_node node = {
      .kind = has_graph(from) ? OLSTM__NODE_CONTROL : OLSTM__NODE_OPERATOR,
      .name = from->name,
      .op_type = from->op_type,
      .domain = from->domain,
      .opset_version = from->opset_version,
      .attribute_count = from->attribute_count,
      .attributes = from->attributes,
      .input_count = from->input_count,
      .own_input_count = from->input_count,
      // Not modified: olstm__graph_add_node copies it.
      .inputs = (int32_t*)from->inputs,
      .output_count = from->output_count,
      .outputs = (int32_t*)from->outputs,
  };
  if (node.kind == OLSTM__NODE_CONTROL) {
    const olstm_status status = build_bodies(graph, from, depth, &node, error);
    if (status != OLSTM_STATUS_OK) {
      for (size_t b = 0; b < node.body_count; b++)
        olstm__graph_destroy(node.bodies[b].graph);
      return status;
    }
  }
  (void)olstm__graph_add_node(graph, &node);
  return olstm__graph_check(graph, error);
}

static olstm_status fill(olstm__graph* graph, const olstm__decoded_graph* source,
                         int32_t depth, olstm_error* error) {
  if (!add_values(graph, source) || !add_inputs(graph, source)) {
    return olstm__graph_check(graph, error);
  }
  for (size_t n = 0; n < source->node_count; n++) {
    OLSTM_RETURN_IF_ERROR(add_node(graph, &source->nodes[n], depth, error));
  }
  for (size_t o = 0; o < source->output_count; o++) {
    (void)olstm__graph_add_output(graph, source->outputs[o]);
  }
  return olstm__graph_check(graph, error);
}

static olstm_status build(const olstm__decoded_graph* source,
                          const olstm_allocator* allocator, int32_t depth,
                          olstm__graph** out_graph, olstm_error* error) {
  *out_graph = NULL;
  if (depth > OLSTM__MAX_NESTING) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "graph '%s': graphs are nested deeper than %d", source->name,
                      (int)OLSTM__MAX_NESTING);
  }
  olstm__graph* graph = olstm__graph_create_empty(source->name, allocator);
  if (!graph) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "graph '%s': no memory",
                      source->name);
  }
  const olstm_status status = fill(graph, source, depth, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__graph_destroy(graph);
    return status;
  }
  *out_graph = graph;
  return OLSTM_STATUS_OK;
}

/// Makes inputs of the given constants, and puts all inputs into the order in which the
/// model declares them.
static bool add_given(olstm__graph* graph, const olstm__decoded_graph* source,
                      size_t given_count, const int32_t* given) {
  bool added = true;
  for (size_t g = 0; g < given_count; g++) {
    graph->values[given[g]].kind = OLSTM__VALUE_INPUT;
    graph->values[given[g]].constant = NULL;
  }
  graph->input_count = 0;
  for (size_t i = 0; i < source->declared_count && added; i++) {
    const int32_t value = source->declared[i].value;
    if (graph->values[value].constant) continue;
    graph->values[value].info = source->declared[i].info;
    added = olstm__graph_add_input(graph, value);
  }
  graph->own_input_count = graph->input_count;
  return added;
}

olstm_status olstm__graph_create(const olstm__decoded_graph* source, size_t given_count,
                                 const int32_t* given, const olstm_allocator* allocator,
                                 olstm__graph** out_graph, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(build(source, allocator, 0, out_graph, error));
  olstm__graph* graph = *out_graph;
  if (given_count > 0 && !add_given(graph, source, given_count, given)) {
    const olstm_status status = olstm__graph_check(graph, error);
    olstm__graph_destroy(graph);
    *out_graph = NULL;
    return status;
  }
  olstm__graph_propagate_captured_constants(graph);
  return OLSTM_STATUS_OK;
}
