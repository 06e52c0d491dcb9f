#include "runtime/convert/frozen_values.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

/// The most nodes that a value is followed through.
enum { kMostMoves = 64 };

/// Whether an operator's outputs depend on the shapes of its inputs alone.
static bool reads_shapes(const olstm__graph_node* node) {
  return node->kind == OLSTM__NODE_OPERATOR &&
         (node->traits & OLSTM__TRAIT_ROWS) == OLSTM__TRAIT_ROWS_SHAPE;
}

/// How many of a node's inputs its output's elements come from, where it only moves them;
/// 0 where it computes.
static size_t count_moved(const olstm__graph_node* node) {
  if (!olstm__graph_node_has(node, OLSTM__TRAIT_MOVES_ELEMENTS) ||
      node->input_count == 0) {
    return 0;
  }
  return olstm__match_is(node, "Concat") ? node->input_count : 1;
}

static bool is_zero_tensor(const olstm_tensor* tensor) {
  size_t bytes = 0;
  if (tensor->desc.dtype == OLSTM_DTYPE_STRING ||
      !olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
    return false;
  }
  for (size_t i = 0; i < bytes; i++) {
    if (((const uint8_t*)tensor->data)[i] != 0) return false;
  }
  return true;
}

/// ConstantOfShape has its number in an attribute, 0 by default.
static bool fills_with_zero(const olstm__graph_node* node) {
  const olstm_attribute* value = olstm__graph_find_attribute(node, "value");
  return olstm__match_is(node, "ConstantOfShape") &&
         (!value || (value->tensor && is_zero_tensor(value->tensor)));
}

static bool node_is_zero(const olstm__frozen_values* frozen,
                         const olstm__graph_node* node) {
  const size_t count = count_moved(node);
  for (size_t i = 0; i < count; i++) {
    const int32_t input = olstm__graph_node_input(node, i);
    if (input == OLSTM__NO_VALUE || !frozen->is_zero[input]) return false;
  }
  return count > 0 || fills_with_zero(node);
}

static bool node_has_data(const olstm__frozen_values* frozen,
                          const olstm__graph_node* node) {
  if (reads_shapes(node)) return false;
  if (olstm__graph_node_has(node, OLSTM__TRAIT_RANDOM)) return true;
  for (size_t i = 0; i < node->input_count; i++) {
    const int32_t input = node->inputs[i];
    if (input != OLSTM__NO_VALUE && frozen->has_data[input]) return true;
  }
  return false;
}

bool olstm__frozen_values_init(olstm__frozen_values* frozen, const olstm__graph* graph,
                               olstm__arena* memory) {
  const size_t count = (size_t)graph->value_count;
  frozen->graph = graph;
  frozen->has_data = olstm__arena_allocate(memory, count, sizeof(bool));
  frozen->is_zero = olstm__arena_allocate(memory, count, sizeof(bool));
  if (!frozen->has_data || !frozen->is_zero) return false;
  for (int32_t v = 0; v < graph->value_count; v++) {
    const olstm_tensor* constant = olstm__graph_constant(graph, v);
    frozen->has_data[v] = graph->values[v].kind == OLSTM__VALUE_INPUT;
    frozen->is_zero[v] = constant && is_zero_tensor(constant);
  }
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    const bool has_data = node_has_data(frozen, node);
    for (size_t o = 0; o < node->output_count; o++) {
      if (node->outputs[o] == OLSTM__NO_VALUE) continue;
      frozen->has_data[node->outputs[o]] = has_data;
      frozen->is_zero[node->outputs[o]] = node_is_zero(frozen, node);
    }
  }
  return true;
}

bool* olstm__find_needed_data(const olstm__graph* graph, olstm__arena* memory) {
  bool* is_needed =
      olstm__arena_allocate(memory, (size_t)graph->value_count, sizeof *is_needed);
  if (!is_needed) return NULL;
  for (size_t o = 0; o < graph->output_count; o++) is_needed[graph->outputs[o]] = true;
  for (int32_t i = graph->order_count - 1; i >= 0; i--) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    bool wants = false;
    for (size_t o = 0; o < node->output_count; o++) {
      const int32_t output = node->outputs[o];
      wants = wants || (output != OLSTM__NO_VALUE && is_needed[output]);
    }
    if (!wants || reads_shapes(node)) continue;
    for (size_t s = 0; s < node->input_count; s++) {
      if (node->inputs[s] != OLSTM__NO_VALUE) is_needed[node->inputs[s]] = true;
    }
  }
  return is_needed;
}

int32_t olstm__frozen_moved_input(const olstm__graph* graph, int32_t value) {
  for (int32_t steps = 0; value != OLSTM__NO_VALUE && steps < kMostMoves; steps++) {
    const olstm__graph_node* node = olstm__graph_producer(graph, value);
    if (!node) break;
    if (count_moved(node) != 1) return OLSTM__NO_VALUE;
    value = node->inputs[0];
  }
  return value != OLSTM__NO_VALUE && graph->values[value].kind == OLSTM__VALUE_INPUT
             ? value
             : OLSTM__NO_VALUE;
}
