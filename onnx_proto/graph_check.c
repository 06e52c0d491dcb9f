#include "onnx_proto/graph_check.h"

enum { kNotANode = -1 };

/// Iterates over the values that a node needs: its inputs, then what its subgraphs
/// capture.
typedef struct need_cursor {
  size_t input;
  size_t attribute;
  size_t capture;
} need_cursor;

static bool next_need(const olstm__decoded_node* node, need_cursor* cursor,
                      int32_t* out_value) {
  if (cursor->input < node->input_count) {
    *out_value = node->inputs[cursor->input++];
    return true;
  }
  for (; cursor->attribute < node->attribute_count; cursor->attribute++) {
    const olstm_attribute* attribute = &node->attributes[cursor->attribute];
    if (attribute->kind != OLSTM_ATTRIBUTE_GRAPH) continue;
    const olstm__decoded_graph* graph = attribute->graph;
    if (cursor->capture < graph->capture_count) {
      *out_value = graph->captures[cursor->capture++].outer_value;
      return true;
    }
    cursor->capture = 0;
  }
  return false;
}

/// A depth-first search from nodes to their producers, with an explicit stack.
typedef struct sort_state {
  const olstm__graph_builder* builder;
  /// The node that makes each value, or kNotANode.
  int32_t* producers;
  need_cursor* cursors;
  enum { kNodeNew, kNodeOpen, kNodeDone } * marks;
  int32_t* stack;
  size_t stack_count;
  olstm__decoded_node* sorted;
  size_t sorted_count;
} sort_state;

static bool is_sorted(const sort_state* state) {
  for (size_t n = 0; n < state->builder->node_count; n++) {
    need_cursor cursor = {0, 0, 0};
    int32_t value = OLSTM__NO_VALUE;
    while (next_need(&state->builder->nodes[n], &cursor, &value)) {
      if (value >= 0 && state->producers[value] >= (int32_t)n) return false;
    }
  }
  return true;
}

static void open_node(sort_state* state, int32_t node) {
  state->marks[node] = kNodeOpen;
  state->stack[state->stack_count++] = node;
}

static olstm_status fail_cycle(const sort_state* state, const olstm__decoded_node* node,
                               int32_t value, olstm_error* error) {
  const olstm__value* values = state->builder->values;
  const bool named = node->name[0] != '\0';
  const int32_t output = node->output_count > 0 ? node->outputs[0] : OLSTM__NO_VALUE;
  return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                    "%.60s '%.100s'%s: needs tensor '%.200s', which needs what this node "
                    "makes: a cycle",
                    node->op_type,
                    named || output < 0 ? node->name : values[output].info.name,
                    named ? "" : " (its output)", values[value].info.name);
}

/// Advances the node on top of the stack: pushes the next producer that is not sorted
/// yet, or, when there is none, appends the node to the order and pops it.
static olstm_status step(sort_state* state, olstm_error* error) {
  const int32_t top = state->stack[state->stack_count - 1];
  const olstm__decoded_node* node = &state->builder->nodes[top];
  int32_t value = OLSTM__NO_VALUE;
  while (next_need(node, &state->cursors[top], &value)) {
    const int32_t producer = value >= 0 ? state->producers[value] : kNotANode;
    if (producer == kNotANode || state->marks[producer] == kNodeDone) continue;
    if (state->marks[producer] == kNodeOpen) return fail_cycle(state, node, value, error);
    open_node(state, producer);
    return OLSTM_STATUS_OK;
  }
  state->marks[top] = kNodeDone;
  state->stack_count--;
  state->sorted[state->sorted_count++] = *node;
  return OLSTM_STATUS_OK;
}

static void find_producers(sort_state* state) {
  const olstm__graph_builder* builder = state->builder;
  for (size_t v = 0; v < builder->value_count; v++) state->producers[v] = kNotANode;
  for (size_t n = 0; n < builder->node_count; n++) {
    for (size_t o = 0; o < builder->nodes[n].output_count; o++) {
      const int32_t value = builder->nodes[n].outputs[o];
      if (value >= 0) state->producers[value] = (int32_t)n;
    }
  }
}

static olstm_status sort_with(sort_state* state, olstm__graph_builder* builder,
                              olstm__decoder* decoder) {
  find_producers(state);
  if (is_sorted(state)) return OLSTM_STATUS_OK;
  const size_t count = builder->node_count;
  state->cursors = olstm__arena_allocate(decoder->scratch, count, sizeof *state->cursors);
  state->marks = olstm__arena_allocate(decoder->scratch, count, sizeof *state->marks);
  state->stack = olstm__arena_allocate(decoder->scratch, count, sizeof *state->stack);
  state->sorted = olstm__arena_allocate(decoder->scratch, count, sizeof *state->sorted);
  if (!state->cursors || !state->marks || !state->stack || !state->sorted) {
    return olstm__memory_fail(decoder->scratch, decoder->error);
  }
  for (size_t n = 0; n < count; n++) {
    if (state->marks[n] == kNodeNew) open_node(state, (int32_t)n);
    while (state->stack_count > 0) OLSTM_RETURN_IF_ERROR(step(state, decoder->error));
  }
  memcpy(builder->nodes, state->sorted, count * sizeof *builder->nodes);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__decoded_graph_sort(olstm__graph_builder* builder,
                                       olstm__decoder* decoder) {
  sort_state state = {.builder = builder};
  state.producers = olstm__arena_allocate(decoder->scratch, builder->value_count,
                                          sizeof *state.producers);
  if (!state.producers) return olstm__memory_fail(decoder->scratch, decoder->error);
  return sort_with(&state, builder, decoder);
}
