// The nodes of the main graph as olstm_node: with names in place of value numbers. Knows
// nothing of files or of subgraphs.
#include "olstm/model.h"
#include "onnx_proto/model.h"

struct olstm_model_nodes {
  olstm_allocator allocator;
  size_t count;
  olstm_node* nodes;
  /// Arrays that the nodes point into: names of inputs and outputs, constants of inputs.
  size_t slot_count;
  const char** names;
  const olstm_tensor** constants;
};

static size_t count_slots(const olstm__decoded_graph* graph) {
  size_t count = 0;
  for (size_t i = 0; i < graph->node_count; i++) {
    count += graph->nodes[i].input_count + graph->nodes[i].output_count;
  }
  return count;
}

/// Writes the name and the constant of each of `values`.
static void describe_values(const olstm__decoded_graph* graph, const int32_t* values,
                            size_t count, const char** names,
                            const olstm_tensor** constants) {
  for (size_t i = 0; i < count; i++) {
    const bool is_given = values[i] != OLSTM__NO_VALUE;
    names[i] = is_given ? graph->values[values[i]].info.name : "";
    constants[i] = is_given ? graph->values[values[i]].constant : NULL;
  }
}

static void describe_node(const olstm__decoded_graph* graph,
                          const olstm__decoded_node* from, const char** names,
                          const olstm_tensor** constants, olstm_node* to) {
  describe_values(graph, from->inputs, from->input_count, names, constants);
  describe_values(graph, from->outputs, from->output_count, names + from->input_count,
                  constants + from->input_count);
  *to = (olstm_node){
      .struct_size = sizeof *to,
      .name = from->name,
      .op_type = from->op_type,
      .domain = from->domain,
      .opset_version = from->opset_version,
      .attribute_count = from->attribute_count,
      .attributes = from->attributes,
      .input_count = from->input_count,
      .input_names = names,
      .constants = constants,
      .output_count = from->output_count,
      .output_names = names + from->input_count,
  };
}

olstm_status olstm_model_nodes_create(const olstm_model* model,
                                      const olstm_allocator* allocator,
                                      olstm_model_nodes** out_nodes, olstm_error* error) {
  const olstm_allocator chosen = olstm_allocator_or_default(allocator);
  const olstm__decoded_graph* graph = olstm__model_graph(model);
  size_t slot = 0;
  *out_nodes = NULL;
  olstm_model_nodes* nodes = olstm_allocate_zeroed(&chosen, 1, sizeof *nodes);
  if (!nodes) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for nodes");
  nodes->allocator = chosen;
  nodes->count = graph->node_count;
  nodes->slot_count = count_slots(graph);
  nodes->nodes = olstm_allocate_zeroed(&chosen, nodes->count, sizeof(olstm_node));
  nodes->names = olstm_allocate_zeroed(&chosen, nodes->slot_count, sizeof(const char*));
  nodes->constants =
      olstm_allocate_zeroed(&chosen, nodes->slot_count, sizeof(const olstm_tensor*));
  if (!nodes->nodes || !nodes->names || !nodes->constants) {
    olstm_model_nodes_destroy(nodes);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for nodes");
  }
  for (size_t i = 0; i < nodes->count; i++) {
    describe_node(graph, &graph->nodes[i], nodes->names + slot, nodes->constants + slot,
                  &nodes->nodes[i]);
    slot += graph->nodes[i].input_count + graph->nodes[i].output_count;
  }
  *out_nodes = nodes;
  return OLSTM_STATUS_OK;
}

void olstm_model_nodes_destroy(olstm_model_nodes* nodes) {
  if (!nodes) return;
  const olstm_allocator allocator = nodes->allocator;
  olstm_release(&allocator, nodes->nodes, nodes->count, sizeof(olstm_node));
  olstm_release(&allocator, nodes->names, nodes->slot_count, sizeof(const char*));
  olstm_release(&allocator, nodes->constants, nodes->slot_count,
                sizeof(const olstm_tensor*));
  olstm_release(&allocator, nodes, 1, sizeof *nodes);
}

size_t olstm_model_nodes_count(const olstm_model_nodes* nodes) {
  return nodes->count;
}

const olstm_node* olstm_model_nodes_get(const olstm_model_nodes* nodes, size_t index) {
  return &nodes->nodes[index];
}
