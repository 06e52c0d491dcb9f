#include "runtime/fuse/fuse_chain_node.h"

#include "runtime/fuse/fuse_add.h"
#include "runtime/fuse/fuse_align.h"
#include "runtime/fuse/fuse_match.h"

enum { kMadeOpset = 11 };

// ---------------------------------------------------------------- adding

/// Adds a Gather of steps first .. first + count - 1 of an axis.
static int32_t add_steps(olstm__graph* graph, const char* name, int32_t value,
                         int64_t axis, int64_t first, int64_t count) {
  int64_t* steps = olstm__graph_allocate(graph, (size_t)count, sizeof *steps);
  if (!steps) return OLSTM__NO_VALUE;
  for (int64_t i = 0; i < count; i++) steps[i] = first + i;
  return olstm__fuse_add_gather(graph, name, value,
                                olstm__fuse_add_numbers(graph, count, steps), axis);
}

/// Adds nodes for X [T,N,I]: the steps of the chain.
static int32_t add_x(olstm__graph* graph, const olstm__chain* c, const char* name) {
  const olstm__sequence_step *first = &c->first.at, *last = &c->last.at;
  const int64_t begin = first->step < last->step ? first->step : last->step;
  int32_t x = first->sequence;
  if (c->count == 1) {
    return olstm__fuse_add_axis_node(graph, "Unsqueeze", c->first.cell.x, 0);
  }
  if (begin != 0 || olstm__sequence_step_count(graph, first) != (int64_t)c->count) {
    x = add_steps(graph, olstm__graph_format(graph, "%s/steps", name), x, first->axis,
                  begin, (int64_t)c->count);
  }
  if (x == OLSTM__NO_VALUE || first->axis == 0) return x;
  return olstm__graph_add_swap(graph, olstm__graph_format(graph, "%s/X", name), x);
}

/// Results of the node that replaces the chain.
typedef struct recurrent_values {
  const char* name;
  // [T,N,H], in the order of the sequence.
  int32_t y;
  // [N,H]; c: LSTM only.
  int32_t h, c;
} recurrent_values;

static bool add_recurrent_node(olstm__graph* graph, const olstm__chain* c,
                               recurrent_values* out) {
  const olstm__cell_match* cell = &c->last.cell;
  const bool is_lstm = cell->old_c != OLSTM__NO_VALUE;
  const bool is_reverse = c->last.at.step < c->first.at.step;
  olstm__aligned aligned[] = {{add_x(graph, c, out->name), OLSTM__ALIGN_SEQUENCE},
                              {c->first.old_h, OLSTM__ALIGN_STATE},
                              {c->first.cell.old_c, OLSTM__ALIGN_STATE}};
  if (aligned[0].value == OLSTM__NO_VALUE ||
      !olstm__fuse_align(graph, out->name, cell->hidden, aligned, is_lstm ? 3 : 2)) {
    return false;
  }
  int32_t inputs[OLSTM_RECURRENT_P] = {aligned[0].value};
  int32_t outputs[OLSTM_RECURRENT_OUTPUT_COUNT];
  size_t attribute_count = 0;
  const olstm_attribute* attributes =
      olstm__cell_attributes(graph, cell, is_reverse, &attribute_count);
  if (!attributes || !olstm__cell_add_weights(graph, cell, &inputs[OLSTM_RECURRENT_W])) {
    return false;
  }
  inputs[OLSTM_RECURRENT_SEQUENCE_LENS] = OLSTM__NO_VALUE;
  inputs[OLSTM_RECURRENT_INITIAL_H] =
      olstm__fuse_add_axis_node(graph, "Unsqueeze", aligned[1].value, 0);
  inputs[OLSTM_RECURRENT_INITIAL_C] =
      is_lstm ? olstm__fuse_add_axis_node(graph, "Unsqueeze", aligned[2].value, 0)
              : OLSTM__NO_VALUE;
  for (size_t i = 0; i < OLSTM_RECURRENT_OUTPUT_COUNT; i++) {
    outputs[i] = olstm__graph_add_value(
        graph, OLSTM__VALUE_NODE,
        olstm__graph_format(graph, "%s/%s", out->name, olstm_recurrent_output_name(i)));
  }
  const olstm__graph_node made = {
      .kind = OLSTM__NODE_OPERATOR,
      .name = out->name,
      .op_type = cell->op_type,
      .domain = "",
      .opset_version = kMadeOpset,
      .attribute_count = attribute_count,
      .attributes = attributes,
      .input_count = is_lstm ? OLSTM_RECURRENT_P : OLSTM_RECURRENT_INITIAL_C,
      .inputs = inputs,
      .output_count = is_lstm ? OLSTM_RECURRENT_OUTPUT_COUNT : OLSTM_RECURRENT_Y_C,
      .outputs = outputs,
      .goes_on = c->goes_on,
      .fused_from =
          olstm__graph_format(graph, "%zu unrolled step%s recognised as %s", c->count,
                              c->count == 1 ? "" : "s", cell->op_type)};
  if (olstm__graph_check(graph, NULL) != OLSTM_STATUS_OK ||
      olstm__graph_add_node(graph, &made) == OLSTM__NO_VALUE) {
    return false;
  }
  out->y = olstm__fuse_add_axis_node(graph, "Squeeze", outputs[OLSTM_RECURRENT_Y], 1);
  out->h = olstm__fuse_add_axis_node(graph, "Squeeze", outputs[OLSTM_RECURRENT_Y_H], 0);
  out->c = is_lstm ? olstm__fuse_add_axis_node(graph, "Squeeze",
                                               outputs[OLSTM_RECURRENT_Y_C], 0)
                   : OLSTM__NO_VALUE;
  return olstm__graph_check(graph, NULL) == OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- uses of the results

/// The first use of a value outside the chain, or NO_VALUE.
static int32_t first_use_outside(const olstm__graph* graph, const olstm__chain* c,
                                 int32_t value) {
  for (int32_t u = graph->values[value].first_use; u != OLSTM__NO_VALUE;
       u = graph->uses[u].next) {
    if (!olstm__chain_owns(c, graph->uses[u].node)) return u;
  }
  return OLSTM__NO_VALUE;
}

static void replace_uses_outside(olstm__graph* graph, const olstm__chain* c,
                                 int32_t value, int32_t replacement) {
  if (graph->values[value].output_use_count > 0) {
    // Uses inside the chain may be replaced as well: its nodes are removed.
    olstm__graph_replace_uses(graph, value, replacement);
    return;
  }
  graph->values[value].replaced_by = replacement;
  for (int32_t u = first_use_outside(graph, c, value); u != OLSTM__NO_VALUE;
       u = first_use_outside(graph, c, value)) {
    olstm__graph_set_input(graph, graph->uses[u].node, (size_t)graph->uses[u].slot,
                           replacement);
  }
}

static bool is_used_outside(const olstm__graph* graph, const olstm__chain* c,
                            int32_t value) {
  return graph->values[value].output_use_count > 0 ||
         first_use_outside(graph, c, value) != OLSTM__NO_VALUE;
}

/// The Concat that stacks the h of all steps, each behind an Unsqueeze of axis 0 or 1: in
/// the order of the chain, or reversed if is_reverse. NULL when there is none.
static const olstm__graph_node* find_stack(const olstm__graph* graph,
                                           const olstm__chain* c, bool is_reverse,
                                           int64_t* out_axis) {
  const int32_t first_h = c->new_h[is_reverse ? c->count - 1 : 0];
  for (int32_t u = graph->values[first_h].first_use; u != OLSTM__NO_VALUE;
       u = graph->uses[u].next) {
    const olstm__graph_node* user = &graph->nodes[graph->uses[u].node];
    if (!olstm__match_is(user, "Unsqueeze") ||
        !olstm__match_one_axis(graph, user, out_axis)) {
      continue;
    }
    const olstm__graph_node* concat = olstm__graph_only_consumer(graph, user->outputs[0]);
    if (!olstm__match_is(concat, "Concat") ||
        olstm__match_int(concat, "axis", 0) != *out_axis || *out_axis < 0 ||
        *out_axis > 1 || concat->own_input_count != c->count) {
      continue;
    }
    bool is_whole = true;
    for (size_t t = 0; is_whole && t < c->count; t++) {
      const olstm__graph_node* part =
          olstm__graph_producer_of_type(graph, concat->inputs[t], "Unsqueeze");
      int64_t axis = -1;
      is_whole = part && olstm__match_one_axis(graph, part, &axis) && axis == *out_axis &&
                 olstm__match_skip_identity(graph, olstm__graph_node_input(part, 0)) ==
                     c->new_h[is_reverse ? c->count - 1 - t : t];
    }
    if (is_whole) return concat;
  }
  return NULL;
}

/// Replaces the stack of all h by Y, and removes the Concat and the Unsqueezes before it
/// that have no other use.
static void replace_stack(olstm__graph* graph, const olstm__chain* c, bool is_reverse,
                          const recurrent_values* values) {
  const bool steps_back = c->last.at.step < c->first.at.step;
  int64_t axis = 0;
  int32_t y = values->y;
  const olstm__graph_node* concat = find_stack(graph, c, is_reverse, &axis);
  if (!concat) return;
  const int32_t index = olstm__graph_node_index(graph, concat);
  const int32_t stacked = concat->outputs[0];
  if (is_reverse != steps_back) {
    y = olstm__fuse_add_reversal(
        graph, olstm__graph_format(graph, "%s/reversed", values->name), y);
  }
  if (y != OLSTM__NO_VALUE && axis == 1) {
    y = olstm__graph_add_swap(graph,
                              olstm__graph_format(graph, "%s/stacked", values->name), y);
  }
  if (y == OLSTM__NO_VALUE) return;
  olstm__graph_replace_uses(graph, stacked, y);
  for (size_t t = 0; t < c->count; t++) {
    const olstm__graph_node* part =
        olstm__graph_producer(graph, graph->nodes[index].inputs[t]);
    if (olstm__graph_only_consumer(graph, part->outputs[0])) {
      olstm__graph_remove_node(graph, olstm__graph_node_index(graph, part));
    }
  }
  olstm__graph_remove_node(graph, index);
}

static void replace_chain(olstm__graph* graph, const olstm__chain* c,
                          const recurrent_values* values) {
  const int64_t begin =
      c->first.at.step < c->last.at.step ? c->first.at.step : c->last.at.step;
  const int64_t direction = c->last.at.step < c->first.at.step ? -1 : 1;
  replace_stack(graph, c, false, values);
  replace_stack(graph, c, true, values);
  for (size_t t = 0; t + 1 < c->count; t++) {
    const int32_t h = c->new_h[t];
    if (!is_used_outside(graph, c, h)) continue;
    const int64_t step = c->first.at.step + direction * (int64_t)t - begin;
    const int32_t one = olstm__fuse_add_gather(
        graph, olstm__graph_format(graph, "%s/h_%zu", values->name, t), values->y,
        olstm__fuse_add_number(graph, step), 0);
    if (one == OLSTM__NO_VALUE) return;
    replace_uses_outside(graph, c, h, one);
  }
  replace_uses_outside(graph, c, c->new_h[c->count - 1], values->h);
  if (values->c != OLSTM__NO_VALUE) {
    replace_uses_outside(graph, c, c->new_c[c->count - 1], values->c);
  }
}

/// The layer's name: the common prefix of the names of the first and the last cell, up to
/// a slash; or the last cell's name if that is empty or taken.
static const char* name_chain(olstm__graph* graph, const olstm__chain* c) {
  const olstm__graph_node* first = olstm__graph_producer(graph, c->first.new_h);
  const olstm__graph_node* last = olstm__graph_producer(graph, c->last.new_h);
  size_t common = 0;
  for (size_t i = 0; first->name[i] && first->name[i] == last->name[i]; i++) {
    if (first->name[i] == '/') common = i;
  }
  const char* name = olstm__graph_format(graph, "%.*s", (int)common, last->name);
  const bool is_free =
      name && name[0] && olstm__graph_find_node(graph, name) == OLSTM__NO_VALUE;
  return is_free ? name : last->name;
}

bool olstm__chain_replace(olstm__graph* graph, const olstm__chain* c) {
  recurrent_values values = {.name = name_chain(graph, c)};
  if (!values.name || !add_recurrent_node(graph, c, &values)) return false;
  replace_chain(graph, c, &values);
  return true;
}
