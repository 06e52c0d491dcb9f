// Aligns (op/shape/align.c) as Expands (plain_nodes.h).
#include <string.h>

#include "op/builtin.h"
#include "runtime/convert/plain_build.h"
#include "runtime/convert/plain_nodes.h"
#include "runtime/fuse/fuse_add.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"

enum { kMostRank = 3 };

/// A shape of ones, but for `rows` (a list of one number) at `axis`, and `last` behind.
static int32_t make_shape(const olstm__plain_builder* at, int32_t rank, int64_t axis,
                          int32_t rows, int64_t last) {
  int64_t ones[kMostRank] = {1, 1, 1};
  int32_t shape = rows;
  if (rank > kMostRank || axis < 0 || axis >= rank) return OLSTM__NO_VALUE;
  if (axis > 0) {
    shape = olstm__plain_int_node(at, "Concat", "axis", 0,
                                  olstm__fuse_add_numbers(at->graph, axis, ones), shape);
  }
  const int64_t behind = rank - 1 - axis;
  if (behind == 0) return shape;
  ones[behind - 1] = last;
  return olstm__plain_int_node(at, "Concat", "axis", 0, shape,
                               olstm__fuse_add_numbers(at->graph, behind, ones));
}

static bool is_number(const olstm__dim_symbol* symbol, int64_t number) {
  return symbol->root == OLSTM__NO_VALUE && symbol->number == number;
}

/// The name of a dimension of an input; NULL when it has none.
static const char* dim_name(const olstm__graph* graph, const olstm__dim_symbol* symbol) {
  if (symbol->root == OLSTM__NO_VALUE || symbol->axis >= OLSTM_MAX_RANK) return NULL;
  const olstm__graph_value* root = &graph->values[symbol->root];
  const char* name = root->kind == OLSTM__VALUE_INPUT && symbol->axis < root->info.rank
                         ? root->info.dim_params[symbol->axis]
                         : NULL;
  return name && name[0] ? name : NULL;
}

/// The rows of a layer's final states are those of its sequence.
static olstm__dim_symbol behind_layers(const olstm__graph* graph,
                                       olstm__dim_symbol symbol) {
  for (int32_t steps = 0; steps < graph->node_count; steps++) {
    olstm__dim_symbol next = symbol;
    const olstm__graph_node* node = olstm__graph_producer(graph, next.root);
    int64_t squeezed = -1;
    if (olstm__match_is(node, "Squeeze") &&
        olstm__match_one_axis(graph, node, &squeezed) && squeezed == 0) {
      next.root = olstm__graph_node_input(node, 0);
      next.axis++;
      node = olstm__graph_producer(graph, next.root);
    }
    if (!node || !olstm__match_is_recurrent(node) || next.axis != 1 ||
        next.root == olstm__graph_node_output(node, OLSTM_RECURRENT_Y)) {
      break;
    }
    symbol = olstm__dim_symbol_of(graph, node->inputs[OLSTM_RECURRENT_X], 1);
  }
  return symbol;
}

/// Whether two dimensions are the same: those of inputs by their names, too, which olstm
/// itself does not rely on.
static bool is_same(const olstm__graph* graph, const olstm__dim_symbol* a,
                    const olstm__dim_symbol* b) {
  const olstm__dim_symbol one = behind_layers(graph, *a);
  const olstm__dim_symbol other = behind_layers(graph, *b);
  const char *of_one = dim_name(graph, &one), *of_other = dim_name(graph, &other);
  return olstm__dim_symbol_equal(&one, &other) ||
         (of_one && of_other && strcmp(of_one, of_other) == 0);
}

/// Cuts a mask that has more steps than the sequence.
static int32_t cut_steps(const olstm__plain_builder* at, const olstm__graph_node* node,
                         int32_t value, int32_t sequence) {
  const olstm_attribute* axes = olstm__graph_find_attribute(node, "step_axes");
  if (!axes || axes->count != 2) return value;
  const olstm__dim_symbol steps =
      olstm__dim_symbol_of(at->graph, value, (int32_t)axes->ints[0]);
  const olstm__dim_symbol wanted =
      olstm__dim_symbol_of(at->graph, sequence, (int32_t)axes->ints[1]);
  if (is_same(at->graph, &steps, &wanted)) return value;
  const int64_t zero = 0;
  const int32_t inputs[] = {value, olstm__fuse_add_numbers(at->graph, 1, &zero),
                            olstm__plain_dim(at, sequence, axes->ints[1]),
                            olstm__fuse_add_numbers(at->graph, 1, &axes->ints[0])};
  return olstm__graph_add_operator(at->graph,
                                   olstm__graph_format(at->graph, "%s/Slice", at->name),
                                   "Slice", OLSTM__FUSE_OPSET, NULL, 4, inputs);
}

/// An Align, while its first input is expanded.
typedef struct align_state {
  olstm__plain_builder at;
  int32_t index;
  int32_t rank;
  int64_t axis, units;
  /// Of the values whose rows the result has; count of them.
  olstm__dim_symbol rows[OLSTM_MAX_RANK];
  size_t count;
} align_state;

static int64_t axis_of(int64_t axis, int32_t rank) {
  return axis < 0 ? rank + axis : axis;
}

/// Whether the result has the rows already.
static bool has_rows(const align_state* state, const olstm__dim_symbol* rows) {
  for (size_t i = 0; i < state->count; i++) {
    if (is_same(state->at.graph, &state->rows[i], rows)) return true;
  }
  return is_number(rows, 1);
}

/// Gives the result the rows of input `i`.
static int32_t expand_to(align_state* state, size_t i, int64_t input_axis,
                         int32_t value) {
  const olstm__plain_builder* at = &state->at;
  const int32_t input = at->graph->nodes[state->index].inputs[i];
  const int32_t rank = olstm__dim_rank_of(at->graph, input);
  const int64_t axis = axis_of(input_axis, rank);
  if (rank < 0) return OLSTM__NO_VALUE;
  if (axis < 0 || axis >= rank) return value;
  const olstm__dim_symbol rows = olstm__dim_symbol_of(at->graph, input, (int32_t)axis);
  if (has_rows(state, &rows)) return value;
  if (state->count < OLSTM_MAX_RANK) state->rows[state->count++] = rows;
  const int32_t shape =
      make_shape(at, state->rank, state->axis, olstm__plain_dim(at, input, axis),
                 state->units > 0 ? state->units : 1);
  return olstm__plain_node(at, "Expand", value, shape, OLSTM__NO_VALUE);
}

/// Gives the first input of an Align the rows of the others, each of which has one row or
/// as many as all; and units, where it has one.
static int32_t expand_rows(align_state* state, int32_t value) {
  olstm__graph* graph = state->at.graph;
  const olstm__graph_node* node = &graph->nodes[state->index];
  const olstm_attribute* row_axes = olstm__graph_find_attribute(node, "row_axes");
  const size_t count = node->input_count;
  const int32_t first = node->inputs[0];
  const int32_t own_rank = olstm__dim_rank_of(graph, first);
  const int64_t own_axis = axis_of(row_axes->ints[0], own_rank);
  const int32_t before = value;
  state->rank = own_rank < 2 ? 2 : own_rank;
  state->axis = axis_of(row_axes->ints[0], state->rank);
  if (own_axis >= 0 && own_axis < own_rank) {
    state->rows[state->count++] = olstm__dim_symbol_of(graph, first, (int32_t)own_axis);
  }
  for (size_t i = 1; i < count && value != OLSTM__NO_VALUE; i++) {
    value = expand_to(state, i, row_axes->ints[i], value);
  }
  if (value != before || state->units == 0) return value;
  const int64_t one = 1;
  if (own_rank >= 2) {
    const olstm__dim_symbol last = olstm__dim_symbol_of(graph, first, own_rank - 1);
    if (is_number(&last, state->units)) return value;
  }
  const int32_t shape = make_shape(&state->at, state->rank, state->axis,
                                   olstm__fuse_add_numbers(graph, 1, &one), state->units);
  return olstm__plain_node(&state->at, "Expand", value, shape, OLSTM__NO_VALUE);
}

static void replace_align(olstm__graph* graph, int32_t index) {
  const olstm__graph_node* node = &graph->nodes[index];
  align_state state = {.at = {graph, node->name},
                       .index = index,
                       .units = olstm__match_int(node, "units", 0)};
  const int32_t output = node->outputs[0];
  if (olstm__dim_rank_of(graph, node->inputs[0]) < 0) return;
  int32_t value = cut_steps(&state.at, node, node->inputs[0], node->inputs[1]);
  value = expand_rows(&state, value);
  if (value == OLSTM__NO_VALUE) return;
  olstm__graph_replace_uses(graph, output, value);
  olstm__graph_remove_node(graph, index);
}

olstm_status olstm__plain_aligns(olstm__graph* graph, olstm_error* error) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = graph->order[i];
    if (olstm__match_is_fused(&graph->nodes[index], "Align")) replace_align(graph, index);
  }
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  return olstm__graph_sort(graph, error);
}
