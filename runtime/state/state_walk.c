#include "runtime/state/state_walk.h"

#include <string.h>

bool olstm__state_is_if(const olstm__graph_node* node) {
  return strcmp(node->op_type, "If") == 0 && !node->domain[0];
}

static bool is_whole(const olstm__graph_node* node) {
  for (size_t b = 0; b < node->body_count; b++) {
    if (node->bodies[b].graph->output_count < node->output_count) return false;
  }
  return true;
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status walk_graph(olstm__state_walk* walk, olstm__state_visit visit,
                               olstm_error* error) {
  const size_t level = walk->location.depth;
  olstm__graph* graph = walk->location.levels[level].graph;
  // Nodes added meanwhile are at the end, and are not visited.
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = graph->order[i];
    const bool is_if = olstm__state_is_if(&graph->nodes[index]);
    if (graph->nodes[index].kind == OLSTM__NODE_REMOVED ||
        (is_if && !is_whole(&graph->nodes[index]))) {
      continue;
    }
    OLSTM_RETURN_IF_ERROR(visit(walk, index, error));
    const olstm__graph_node* around = walk->loop;
    const olstm__graph_node control = graph->nodes[index];
    if (control.body_count > 0 && !is_if && !around) walk->loop = &control;
    for (size_t b = 0; b < control.body_count; b++) {
      walk->location.levels[level].node = index;
      walk->location.levels[level].body = b;
      walk->location.levels[level + 1].graph = graph->nodes[index].bodies[b].graph;
      walk->location.depth = level + 1;
      OLSTM_RETURN_IF_ERROR(walk_graph(walk, visit, error));
      walk->location.depth = level;
    }
    walk->loop = around;
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__state_walk_nodes(olstm__graph* graph, olstm__state_visit visit,
                                     void* user, olstm_error* error) {
  olstm__state_walk walk = {.user = user};
  walk.location.levels[0].graph = graph;
  return walk_graph(&walk, visit, error);
}

// NOLINTNEXTLINE(misc-no-recursion)
olstm_status olstm__state_sort_all(olstm__graph* graph, olstm_error* error) {
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    for (size_t b = 0; b < node->body_count; b++) {
      OLSTM_RETURN_IF_ERROR(olstm__state_sort_all(node->bodies[b].graph, error));
    }
  }
  return olstm__graph_sort(graph, error);
}
