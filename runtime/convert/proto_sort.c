// Order of a graph's nodes, and what is done last (proto_uses.h).
#include <string.h>

#include "base/array.h"
#include "runtime/convert/proto_uses.h"

/// A walk from nodes to those that make what they read: depth first, without recursion.
typedef struct sort_state {
  const olstm__proto_uses* uses;
  /// Nodes that each node reads from: edges[first_edges[n] ... first_edges[n + 1]).
  int32_t* edges;
  size_t edge_count, edge_capacity;
  size_t* first_edges;
  bool has_failed;
} sort_state;

static void add_edge(void* user, char** name) {
  sort_state* sort = user;
  const olstm__proto_value* value = olstm__proto_uses_find(sort->uses, *name);
  if (!value || value->producer < 0) return;
  int32_t* edges =
      olstm__array_reserve(&sort->uses->model->allocator, sort->edges, sort->edge_count,
                           1, &sort->edge_capacity, sizeof *edges);
  if (!edges) {
    sort->has_failed = true;
    return;
  }
  sort->edges = edges;
  edges[sort->edge_count++] = value->producer;
}

static bool list_edges(sort_state* sort, const olstm__graph_proto* graph) {
  for (size_t n = 0; n < graph->n_node; n++) {
    sort->first_edges[n] = sort->edge_count;
    olstm__proto_visit_reads(graph->node[n], add_edge, sort);
  }
  sort->first_edges[graph->n_node] = sort->edge_count;
  return !sort->has_failed;
}

/// A node on the way, and the edge that is followed next.
typedef struct sort_step {
  size_t node, edge;
} sort_step;

static void walk(const sort_state* sort, olstm__graph_proto* graph, bool* is_seen,
                 sort_step* way, olstm__node_proto** sorted) {
  size_t count = 0;
  for (size_t n = 0; n < graph->n_node; n++) {
    size_t depth = 0;
    if (is_seen[n]) continue;
    is_seen[n] = true;
    way[depth++] = (sort_step){n, sort->first_edges[n]};
    while (depth > 0) {
      sort_step* step = &way[depth - 1];
      if (step->edge == sort->first_edges[step->node + 1]) {
        sorted[count++] = graph->node[step->node];
        depth--;
        continue;
      }
      const size_t next = (size_t)sort->edges[step->edge++];
      if (is_seen[next]) continue;
      is_seen[next] = true;
      way[depth++] = (sort_step){next, sort->first_edges[next]};
    }
  }
}

static olstm_status sort_with(sort_state* sort, olstm__encode_model* model,
                              olstm__graph_proto* graph, olstm_error* error) {
  const size_t count = graph->n_node;
  const size_t bytes = sizeof(bool) + sizeof(sort_step) + sizeof(size_t);
  olstm__node_proto** sorted =
      olstm__arena_allocate(&model->memory, count, sizeof(olstm__node_proto*));
  char* memory = olstm_allocate_zeroed(&model->allocator, count + 1, bytes);
  bool is_done = false;
  if (memory && sorted) {
    sort_step* way = (sort_step*)(void*)memory;
    sort->first_edges = (size_t*)(void*)(way + count + 1);
    bool* is_seen = (bool*)(sort->first_edges + count + 1);
    is_done = list_edges(sort, graph);
    if (is_done) walk(sort, graph, is_seen, way, sorted);
  }
  if (is_done) graph->node = sorted;
  olstm_release(&model->allocator, memory, count + 1, bytes);
  return is_done ? OLSTM_STATUS_OK
                 : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to sort");
}

/// Puts the nodes of a graph in an order in which each stands behind what it reads, and
/// otherwise as they are.
static olstm_status sort_nodes(olstm__encode_model* model, olstm__graph_proto* graph,
                               olstm_error* error) {
  olstm__proto_uses uses;
  olstm_status status = olstm__proto_uses_init(&uses, model, graph, error);
  sort_state sort = {.uses = &uses};
  if (status == OLSTM_STATUS_OK) status = sort_with(&sort, model, graph, error);
  olstm_release(&model->allocator, sort.edges, sort.edge_capacity, sizeof *sort.edges);
  olstm__proto_uses_deinit(&uses);
  return status;
}

olstm_status olstm__proto_tidy(olstm__encode_model* model, olstm__graph_proto* graph,
                               const char* const* unused, size_t unused_count,
                               olstm_error* error) {
  olstm__proto_uses uses;
  olstm_status status = olstm__proto_uses_init(&uses, model, graph, error);
  for (size_t i = 0; i < unused_count && status == OLSTM_STATUS_OK; i++) {
    if (!olstm__proto_uses_retire(&uses, unused[i])) {
      status = olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to tidy up");
    }
  }
  if (status == OLSTM_STATUS_OK) status = olstm__proto_uses_sweep(&uses, error);
  olstm__proto_uses_deinit(&uses);
  return status == OLSTM_STATUS_OK ? sort_nodes(model, graph, error) : status;
}
