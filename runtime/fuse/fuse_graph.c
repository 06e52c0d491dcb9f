#include "runtime/fuse/fuse_graph.h"

#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"
#include "runtime/graph/graph_replaced.h"

typedef olstm_status (*graph_pass)(olstm__graph* graph, olstm_error* error);

static olstm_status tidy(olstm__graph* graph, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_remove_dead(graph);
  return olstm__graph_sort(graph, error);
}

static olstm_status recurrent_pass(olstm__graph* graph, olstm_error* error) {
  olstm__fuse_loops(graph);
  OLSTM_RETURN_IF_ERROR(olstm__fuse_chains(graph, error));
  olstm__fuse_masks(graph);
  olstm__fuse_last_steps(graph);
  return tidy(graph, error);
}

static olstm_status layer_pass(olstm__graph* graph, olstm_error* error) {
  olstm__fuse_loops(graph);
  OLSTM_RETURN_IF_ERROR(olstm__fuse_chains(graph, error));
  return tidy(graph, error);
}

static olstm_status neighbour_pass(olstm__graph* graph, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__fuse_layouts(graph, error));
  OLSTM_RETURN_IF_ERROR(olstm__fuse_dense(graph, error));
  return olstm__fuse_conv(graph, error);
}

static olstm_status run_pass(olstm__graph* graph, graph_pass pass, olstm_error* error) {
  olstm__graph_snapshot before;
  olstm_status status = olstm__graph_snapshot_init(&before, graph, error);
  if (status == OLSTM_STATUS_OK) status = pass(graph, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__graph_snapshot_list_replaced(&before, graph, error);
  }
  olstm__graph_snapshot_deinit(&before);
  return status;
}

/// What passes may believe of a branch's captures is what is known of them outside, and
/// not what the model declares of them.
static void describe_captures(const olstm__graph* graph, const olstm__graph_node* node,
                              const olstm__graph_body* body) {
  for (size_t c = 0; c < body->capture_count; c++) {
    const int32_t outer = node->inputs[body->first_capture + c];
    const int32_t inner = body->graph->inputs[body->graph->own_input_count + c];
    olstm_value_info* info = &body->graph->values[inner].info;
    info->rank = olstm__dim_rank_of(graph, outer);
    for (int32_t d = 0; d < info->rank && d < OLSTM_MAX_RANK; d++) {
      const olstm__dim_symbol symbol = olstm__dim_symbol_of(graph, outer, d);
      info->dims[d] = symbol.root == OLSTM__NO_VALUE ? symbol.number : -1;
      info->dim_params[d] = NULL;
    }
  }
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status run_everywhere(olstm__graph* graph, graph_pass pass,
                                   olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(run_pass(graph, pass, error));
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    // Inputs of other bodies are not captures alone, and nothing is known of them.
    if (strcmp(node->op_type, "If") != 0 || node->domain[0]) continue;
    for (size_t b = 0; b < node->body_count; b++) {
      if (node->bodies[b].graph->own_input_count > 0) continue;
      describe_captures(graph, node, &node->bodies[b]);
      OLSTM_RETURN_IF_ERROR(run_everywhere(node->bodies[b].graph, pass, error));
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__fuse_recurrent(olstm__graph* graph, olstm_error* error) {
  return run_everywhere(graph, recurrent_pass, error);
}

olstm_status olstm__fuse_layers(olstm__graph* graph, olstm_error* error) {
  return run_everywhere(graph, layer_pass, error);
}

olstm_status olstm__fuse_neighbours(olstm__graph* graph, olstm_error* error) {
  // Dead nodes, such as start values that state slots have replaced, are not matched.
  olstm__graph_remove_dead(graph);
  return run_everywhere(graph, neighbour_pass, error);
}
