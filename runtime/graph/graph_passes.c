// Passes that need only edges and traits: topological order, dead nodes, constants of
// bodies.
#include <string.h>

#include "runtime/graph/graph.h"

// ---------------------------------------------------------------- order

/// Kahn's algorithm; of several nodes that are ready, the one with the lowest old
/// position comes first. waiting: per node, inputs whose producers are not in the order
/// yet.
typedef struct sort_state {
  olstm__graph* graph;
  int32_t* waiting;
  /// Nodes that are ready: a binary heap by old position.
  int32_t* heap;
  int32_t heap_count;
  int32_t* position;
} sort_state;

static void push(sort_state* sort, int32_t node) {
  int32_t at = sort->heap_count++;
  while (at > 0) {
    const int32_t parent = (at - 1) / 2;
    if (sort->position[sort->heap[parent]] <= sort->position[node]) break;
    sort->heap[at] = sort->heap[parent];
    at = parent;
  }
  sort->heap[at] = node;
}

static int32_t pop(sort_state* sort) {
  const int32_t first = sort->heap[0];
  const int32_t last = sort->heap[--sort->heap_count];
  int32_t at = 0;
  for (;;) {
    int32_t child = 2 * at + 1;
    if (child >= sort->heap_count) break;
    if (child + 1 < sort->heap_count &&
        sort->position[sort->heap[child + 1]] < sort->position[sort->heap[child]]) {
      child++;
    }
    if (sort->position[last] <= sort->position[sort->heap[child]]) break;
    sort->heap[at] = sort->heap[child];
    at = child;
  }
  sort->heap[at] = last;
  return first;
}

static void start(sort_state* sort) {
  olstm__graph* graph = sort->graph;
  for (int32_t n = 0; n < graph->node_count; n++) {
    const olstm__graph_node* node = &graph->nodes[n];
    // Nodes added since the last sort are at the end of `order`.
    if (node->kind == OLSTM__NODE_REMOVED) continue;
    for (size_t i = 0; i < node->input_count; i++) {
      if (olstm__graph_producer(graph, node->inputs[i])) sort->waiting[n]++;
    }
  }
  for (int32_t i = 0; i < graph->order_count; i++) sort->position[graph->order[i]] = i;
  for (int32_t i = 0; i < graph->order_count; i++) {
    const int32_t n = graph->order[i];
    if (graph->nodes[n].kind != OLSTM__NODE_REMOVED && sort->waiting[n] == 0)
      push(sort, n);
  }
}

/// Writes the order; false when there is a cycle.
static bool emit(sort_state* sort) {
  olstm__graph* graph = sort->graph;
  int32_t left = 0;
  for (int32_t n = 0; n < graph->node_count; n++) {
    left += graph->nodes[n].kind != OLSTM__NODE_REMOVED;
  }
  graph->order_count = 0;
  while (sort->heap_count > 0) {
    const int32_t n = pop(sort);
    graph->order[graph->order_count++] = n;
    left--;
    for (size_t o = 0; o < graph->nodes[n].output_count; o++) {
      const int32_t value = graph->nodes[n].outputs[o];
      if (value == OLSTM__NO_VALUE) continue;
      for (int32_t u = graph->values[value].first_use; u != OLSTM__NO_VALUE;
           u = graph->uses[u].next) {
        if (--sort->waiting[graph->uses[u].node] == 0) push(sort, graph->uses[u].node);
      }
    }
  }
  return left == 0;
}

olstm_status olstm__graph_sort(olstm__graph* graph, olstm_error* error) {
  const size_t count = (size_t)graph->node_count;
  int32_t* memory = olstm_allocate_zeroed(&graph->allocator, count, 3 * sizeof *memory);
  if (!memory) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "graph '%s': no memory to sort",
                      graph->name);
  }
  sort_state sort = {graph, memory, memory + count, 0, memory + 2 * count};
  start(&sort);
  const bool sorted = emit(&sort);
  olstm_release(&graph->allocator, memory, count, 3 * sizeof *memory);
  if (sorted) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL, "graph '%s': nodes form a cycle",
                    graph->name);
}

// ---------------------------------------------------------------- dead nodes

/// The first optional output. Outputs before it stay even if unused, because the operator
/// may require them.
static size_t first_optional_output(const olstm__graph_node* node) {
  if (olstm__graph_node_has(node, OLSTM__TRAIT_OPTIONAL_OUTPUTS)) return 0;
  if (olstm__graph_node_has(node, OLSTM__TRAIT_OPTIONAL_LATER_OUTPUTS)) return 1;
  return node->output_count;
}

static bool is_live(const olstm__graph* graph, int32_t value) {
  return value != OLSTM__NO_VALUE && (graph->values[value].use_count > 0 ||
                                      graph->values[value].output_use_count > 0 ||
                                      graph->values[value].is_state_source);
}

static void remove_dead_outputs(olstm__graph* graph, int32_t n) {
  const olstm__graph_node* node = &graph->nodes[n];
  for (size_t o = first_optional_output(node); o < node->output_count; o++) {
    if (node->outputs[o] != OLSTM__NO_VALUE && !is_live(graph, node->outputs[o])) {
      olstm__graph_set_output(graph, n, o, OLSTM__NO_VALUE);
    }
  }
}

void olstm__graph_remove_dead(olstm__graph* graph) {
  int32_t kept = 0;
  // Backwards, so that one pass removes whole chains of dead nodes.
  for (int32_t i = graph->order_count - 1; i >= 0; i--) {
    const int32_t n = graph->order[i];
    olstm__graph_node* node = &graph->nodes[n];
    bool wanted = false;
    for (size_t o = 0; o < node->output_count; o++) {
      wanted = wanted || is_live(graph, node->outputs[o]);
    }
    if (!wanted) {
      olstm__graph_remove_node(graph, n);
      continue;
    }
    remove_dead_outputs(graph, n);
    for (size_t b = 0; b < node->body_count; b++) {
      olstm__graph_remove_dead(node->bodies[b].graph);
    }
  }
  for (int32_t i = 0; i < graph->order_count; i++) {
    const int32_t n = graph->order[i];
    if (graph->nodes[n].kind != OLSTM__NODE_REMOVED) graph->order[kept++] = n;
  }
  graph->order_count = kept;
}

// ---------------------------------------------------------------- constants in bodies

/// Removes captures of constants. The inputs of the node behind them move down, so their
/// uses are set again.
static void propagate_into_node(olstm__graph* graph, int32_t n) {
  olstm__graph_node* node = &graph->nodes[n];
  size_t kept = node->own_input_count;
  for (size_t b = 0; b < node->body_count; b++) {
    olstm__graph_body* body = &node->bodies[b];
    const size_t first = body->first_capture, count = body->capture_count;
    size_t inner_kept = body->graph->own_input_count;
    body->first_capture = kept;
    for (size_t c = 0; c < count; c++) {
      const int32_t outer = node->inputs[first + c];
      const int32_t inner = body->graph->inputs[body->graph->own_input_count + c];
      const olstm_tensor* constant = olstm__graph_constant(graph, outer);
      // The old input is cleared before the new one is set: kept <= first + c.
      olstm__graph_set_input(graph, n, first + c, OLSTM__NO_VALUE);
      if (constant) {
        body->graph->values[inner].kind = OLSTM__VALUE_CONSTANT;
        body->graph->values[inner].constant = constant;
        continue;
      }
      olstm__graph_set_input(graph, n, kept++, outer);
      body->graph->inputs[inner_kept++] = inner;
    }
    body->capture_count = kept - body->first_capture;
    body->graph->input_count = inner_kept;
  }
  node->input_count = kept;
}

void olstm__graph_propagate_captured_constants(olstm__graph* graph) {
  for (int32_t n = 0; n < graph->node_count; n++) {
    if (graph->nodes[n].kind != OLSTM__NODE_CONTROL) continue;
    propagate_into_node(graph, n);
    for (size_t b = 0; b < graph->nodes[n].body_count; b++) {
      olstm__graph_propagate_captured_constants(graph->nodes[n].bodies[b].graph);
    }
  }
}

/// Whether a Loop carries a value unchanged: the body's output 1 + j is its input 2 + j.
static bool is_carried_unchanged(const olstm__graph* body, size_t carried) {
  const int32_t input = body->inputs[2 + carried];
  int32_t value = body->outputs[1 + carried];
  const olstm__graph_node* node;
  while ((node = olstm__graph_producer_of_type(body, value, "Identity"))) {
    value = olstm__graph_node_input(node, 0);
  }
  return value == input;
}

/// Constants that a Loop carries unchanged become constants of its body.
static void propagate_loop_invariants_of(olstm__graph* graph, int32_t n) {
  const olstm__graph_node* node = &graph->nodes[n];
  if (strcmp(node->op_type, "Loop") != 0 || node->body_count != 1) return;
  olstm__graph* body = node->bodies[0].graph;
  for (size_t j = 0; 2 + j < node->own_input_count; j++) {
    const olstm_tensor* constant = olstm__graph_constant(graph, node->inputs[2 + j]);
    if (!constant || 2 + j >= body->own_input_count || 1 + j >= body->output_count ||
        !is_carried_unchanged(body, j)) {
      continue;
    }
    const int32_t input = body->inputs[2 + j];
    if (body->values[input].use_count + body->values[input].output_use_count == 0) {
      continue;
    }
    const int32_t inner =
        olstm__graph_add_constant(body, body->values[input].info.name, constant);
    if (inner == OLSTM__NO_VALUE) return;
    olstm__graph_replace_uses(body, input, inner);
    // The output may come through Identity nodes: it becomes the constant itself.
    olstm__graph_replace_uses(body, body->outputs[1 + j], inner);
  }
}

void olstm__graph_propagate_loop_invariants(olstm__graph* graph) {
  for (int32_t n = 0; n < graph->node_count; n++) {
    if (graph->nodes[n].kind != OLSTM__NODE_CONTROL) continue;
    propagate_loop_invariants_of(graph, n);
    for (size_t b = 0; b < graph->nodes[n].body_count; b++) {
      olstm__graph_propagate_loop_invariants(graph->nodes[n].bodies[b].graph);
    }
  }
}
