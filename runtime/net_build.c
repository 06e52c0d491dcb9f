// From a model's graph to a net: values and nodes as they are, captures of subgraphs made
// explicit inputs of the control nodes.
#include <string.h>

#include "runtime/net.h"

/// What a node of the model is in a net.
static bool has_graph(const olstm__graph_node* node) {
  for (size_t a = 0; a < node->attribute_count; a++) {
    if (node->attributes[a].kind == OLSTM_ATTRIBUTE_GRAPH) return true;
  }
  return false;
}

static bool add_values(olstm__net* net, const olstm__graph* graph) {
  for (size_t v = 0; v < graph->value_count; v++) {
    const olstm__value* from = &graph->values[v];
    // Whoever is not a constant and gets no producer below is an input.
    const olstm__value_kind kind =
        from->constant ? OLSTM__VALUE_CONSTANT : OLSTM__VALUE_NODE;
    const int32_t value = olstm__net_add_value(net, kind, from->info.name);
    if (value == OLSTM__NO_VALUE) return false;
    net->values[value].info = from->info;
    net->values[value].constant = from->constant;
  }
  return true;
}

/// Inputs of the graph, then its captures; what is constant outside stays what
/// olstm__net_sink_constants makes of it.
static bool add_inputs(olstm__net* net, const olstm__graph* graph) {
  bool added = true;
  for (size_t i = 0; i < graph->input_count && added; i++) {
    net->values[graph->inputs[i]].kind = OLSTM__VALUE_INPUT;
    added = olstm__net_add_input(net, graph->inputs[i]);
  }
  net->own_input_count = net->input_count;
  for (size_t c = 0; c < graph->capture_count && added; c++) {
    net->values[graph->captures[c].inner_value].kind = OLSTM__VALUE_INPUT;
    added = olstm__net_add_input(net, graph->captures[c].inner_value);
  }
  return added;
}

static olstm_status build(const olstm__graph* graph, const olstm_allocator* allocator,
                          int32_t depth, olstm__net** out_net, olstm_error* error);

/// Makes the nets of a node's graph attributes, and the inputs that feed their captures.
static olstm_status build_bodies(olstm__net* net, const olstm__graph_node* from,
                                 int32_t depth, olstm__net_node* node,
                                 olstm_error* error) {
  size_t input_count = from->input_count, body_count = 0;
  for (size_t a = 0; a < from->attribute_count; a++) {
    if (from->attributes[a].kind != OLSTM_ATTRIBUTE_GRAPH) continue;
    const olstm__graph* graph = from->attributes[a].graph;
    body_count++;
    input_count += graph->capture_count;
  }
  node->bodies = olstm__net_allocate(net, body_count, sizeof *node->bodies);
  node->inputs = olstm__net_allocate(net, input_count, sizeof *node->inputs);
  OLSTM_RETURN_IF_ERROR(olstm__net_check(net, error));
  if (from->input_count > 0) {
    memcpy(node->inputs, from->inputs, from->input_count * sizeof *node->inputs);
  }
  node->input_count = from->input_count;
  for (size_t a = 0; a < from->attribute_count; a++) {
    if (from->attributes[a].kind != OLSTM_ATTRIBUTE_GRAPH) continue;
    const olstm__graph* graph = from->attributes[a].graph;
    olstm__net_body* body = &node->bodies[node->body_count];
    *body = (olstm__net_body){from->attributes[a].name, NULL, node->input_count,
                              graph->capture_count};
    OLSTM_RETURN_IF_ERROR(build(graph, &net->allocator, depth + 1, &body->net, error));
    node->body_count++;
    for (size_t c = 0; c < graph->capture_count; c++) {
      node->inputs[node->input_count++] = graph->captures[c].outer_value;
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status add_node(olstm__net* net, const olstm__graph_node* from,
                             int32_t depth, olstm_error* error) {
  olstm__net_node node = {
      .kind = has_graph(from) ? OLSTM__NODE_CONTROL : OLSTM__NODE_OPERATOR,
      .name = from->name,
      .op_type = from->op_type,
      .domain = from->domain,
      .opset_version = from->opset_version,
      .attribute_count = from->attribute_count,
      .attributes = from->attributes,
      .input_count = from->input_count,
      .own_input_count = from->input_count,
      // Copied, and not written, by olstm__net_add_node.
      .inputs = (int32_t*)from->inputs,
      .output_count = from->output_count,
      .outputs = (int32_t*)from->outputs,
  };
  if (node.kind == OLSTM__NODE_CONTROL) {
    const olstm_status status = build_bodies(net, from, depth, &node, error);
    if (status != OLSTM_STATUS_OK) {
      for (size_t b = 0; b < node.body_count; b++) olstm__net_destroy(node.bodies[b].net);
      return status;
    }
  }
  (void)olstm__net_add_node(net, &node);
  return olstm__net_check(net, error);
}

static olstm_status fill(olstm__net* net, const olstm__graph* graph, int32_t depth,
                         olstm_error* error) {
  if (!add_values(net, graph) || !add_inputs(net, graph)) {
    return olstm__net_check(net, error);
  }
  for (size_t n = 0; n < graph->node_count; n++) {
    OLSTM_RETURN_IF_ERROR(add_node(net, &graph->nodes[n], depth, error));
  }
  for (size_t o = 0; o < graph->output_count; o++) {
    (void)olstm__net_add_output(net, graph->outputs[o]);
  }
  return olstm__net_check(net, error);
}

static olstm_status build(const olstm__graph* graph, const olstm_allocator* allocator,
                          int32_t depth, olstm__net** out_net, olstm_error* error) {
  *out_net = NULL;
  if (depth > OLSTM__MAX_NESTING) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                      "graph '%s': graphs are nested deeper than %d", graph->name,
                      (int)OLSTM__MAX_NESTING);
  }
  olstm__net* net = olstm__net_create_empty(graph->name, allocator);
  if (!net) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "graph '%s': no memory",
                      graph->name);
  }
  const olstm_status status = fill(net, graph, depth, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__net_destroy(net);
    return status;
  }
  *out_net = net;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__net_create(const olstm__graph* graph,
                               const olstm_allocator* allocator, olstm__net** out_net,
                               olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(build(graph, allocator, 0, out_net, error));
  olstm__net_sink_constants(*out_net);
  return OLSTM_STATUS_OK;
}
