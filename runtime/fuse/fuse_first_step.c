#include "runtime/fuse/fuse_first_step.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

/// The most products of constants whose weights are looked for: each looks at all nodes.
enum { kMaxSearches = 64 };

static bool is_product(const olstm__graph_node* node) {
  return olstm__match_is(node, "MatMul") || olstm__match_is(node, "Gemm");
}

static const olstm_tensor* constant_input(const olstm__graph* graph,
                                          const olstm__graph_node* node, size_t slot) {
  return olstm__graph_constant(graph, olstm__graph_node_input(node, slot));
}

/// Whether another product, of what is not constant, has the same weights.
static bool has_other_steps(const olstm__graph* graph, const olstm_tensor* weights) {
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (!is_product(node) || constant_input(graph, node, 0)) continue;
    const olstm_tensor* other = constant_input(graph, node, 1);
    if (other && olstm__match_same_tensor(weights, other)) return true;
  }
  return false;
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static void keep(olstm__graph* graph, olstm__kept_products which, int* searches) {
  for (int32_t i = 0; i < graph->order_count; i++) {
    olstm__graph_node* node = &graph->nodes[graph->order[i]];
    const olstm_tensor* weights = constant_input(graph, node, 1);
    node->is_kept = which != OLSTM__KEEP_NOTHING && is_product(node);
    if (which == OLSTM__KEEP_FIRST_STEPS && node->is_kept) {
      node->is_kept = weights && constant_input(graph, node, 0) && (*searches)-- > 0 &&
                      has_other_steps(graph, weights);
    }
    if (strcmp(node->op_type, "If") != 0 || node->domain[0]) continue;
    for (size_t b = 0; b < node->body_count; b++) {
      keep(node->bodies[b].graph, which, searches);
    }
  }
}

void olstm__fuse_keep(olstm__graph* graph, olstm__kept_products which) {
  int searches = kMaxSearches;
  keep(graph, which, &searches);
}
