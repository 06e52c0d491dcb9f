#include "runtime/graph/graph_replaced.h"

#include <string.h>

/// A node with inputs and outputs of its own.
static bool copy_node(olstm__arena* memory, const olstm__graph_node* from,
                      olstm__graph_node* to) {
  *to = *from;
  to->inputs = olstm__arena_allocate(memory, from->input_count, sizeof *to->inputs);
  to->outputs = olstm__arena_allocate(memory, from->output_count, sizeof *to->outputs);
  if (!to->inputs || !to->outputs) return false;
  if (from->input_count > 0) {
    memcpy(to->inputs, from->inputs, from->input_count * sizeof *to->inputs);
  }
  if (from->output_count > 0) {
    memcpy(to->outputs, from->outputs, from->output_count * sizeof *to->outputs);
  }
  return true;
}

static olstm_status fail_memory(const olstm__graph* graph, olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "graph '%s': no memory for its nodes", graph->name);
}

olstm_status olstm__graph_snapshot_init(olstm__graph_snapshot* snapshot,
                                        const olstm__graph* graph, olstm_error* error) {
  const size_t count = (size_t)graph->order_count;
  olstm__arena_init(&snapshot->memory, &graph->allocator, SIZE_MAX);
  snapshot->count = 0;
  snapshot->nodes =
      olstm__arena_allocate(&snapshot->memory, count, sizeof *snapshot->nodes);
  snapshot->indices =
      olstm__arena_allocate(&snapshot->memory, count, sizeof *snapshot->indices);
  if (!snapshot->nodes || !snapshot->indices) return fail_memory(graph, error);
  for (; snapshot->count < count; snapshot->count++) {
    const int32_t index = graph->order[snapshot->count];
    snapshot->indices[snapshot->count] = index;
    if (!copy_node(&snapshot->memory, &graph->nodes[index],
                   &snapshot->nodes[snapshot->count])) {
      return fail_memory(graph, error);
    }
  }
  return OLSTM_STATUS_OK;
}

void olstm__graph_snapshot_deinit(olstm__graph_snapshot* snapshot) {
  olstm__arena_deinit(&snapshot->memory);
}

/// Whether a node is gone, is another operator, or lacks an output that replaced ones may
/// have read.
static bool is_replaced(const olstm__graph_node* before, const olstm__graph_node* after) {
  if (before->kind == OLSTM__NODE_REMOVED) return false;
  bool is_other = after->kind == OLSTM__NODE_REMOVED || after->domain != before->domain ||
                  after->attributes != before->attributes;
  for (size_t o = 0; o < before->output_count && !is_other; o++) {
    is_other = before->outputs[o] != after->outputs[o];
  }
  return is_other;
}

olstm_status olstm__graph_snapshot_list_replaced(const olstm__graph_snapshot* snapshot,
                                                 olstm__graph* graph,
                                                 olstm_error* error) {
  size_t count = 0;
  for (size_t n = 0; n < snapshot->count; n++) {
    count += is_replaced(&snapshot->nodes[n], &graph->nodes[snapshot->indices[n]]);
  }
  if (count == 0) return OLSTM_STATUS_OK;
  olstm__graph_node* all =
      olstm__graph_allocate(graph, count + graph->replaced_count, sizeof *all);
  if (!all) return fail_memory(graph, error);
  // What earlier passes have replaced may read what this one has, and not the other way
  // round: its users had gone by then.
  size_t next = 0;
  for (size_t n = 0; n < snapshot->count; n++) {
    if (!is_replaced(&snapshot->nodes[n], &graph->nodes[snapshot->indices[n]])) continue;
    if (!copy_node(&graph->memory, &snapshot->nodes[n], &all[next++])) {
      return fail_memory(graph, error);
    }
  }
  if (graph->replaced_count > 0) {
    memcpy(all + count, graph->replaced, graph->replaced_count * sizeof *all);
  }
  graph->replaced = all;
  graph->replaced_count += count;
  return OLSTM_STATUS_OK;
}
