// Transposes between layers that cancel out (plain_nodes.h).
#include "runtime/convert/plain_nodes.h"
#include "runtime/fuse/fuse_match.h"

/// What a Transpose of a sequence, [N,T,x] and [T,N,x], makes its output of; NO_VALUE for
/// any other value.
static int32_t before_swap(const olstm__graph* graph, int32_t value) {
  const olstm__graph_node* node =
      olstm__graph_producer(graph, olstm__match_skip_identity(graph, value));
  return olstm__match_swaps_sequence(node) ? olstm__graph_node_input(node, 0)
                                           : OLSTM__NO_VALUE;
}

void olstm__plain_swaps(olstm__graph* graph) {
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    // What the file has as a layer stays as it is.
    if (!olstm__match_is_recurrent(node) || !node->fused_from[0]) continue;
    const int32_t once = before_swap(graph, node->inputs[OLSTM_RECURRENT_X]);
    const int32_t twice = once == OLSTM__NO_VALUE ? once : before_swap(graph, once);
    if (twice == OLSTM__NO_VALUE) continue;
    olstm__graph_set_input(graph, graph->order[i], OLSTM_RECURRENT_X, twice);
  }
}
