// Loop and Scan nodes that only step a recurrent cell over a sequence become a recurrent
// node.
//
// The pattern: a counter from 0 in steps of 1; x_t = Gather(X, counter) of a sequence
// with as many rows as the loop has steps, or what a Scan slices of X; h (and c) carried
// through a cell (fuse_cell.h); scan outputs that are h; weights that are constants,
// captured or carried unchanged. With a mask m_t = Gather(mask, counter), masked steps
// keep h and c, and repeat the previous output.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_align.h"
#include "runtime/fuse/fuse_cell.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_loop_view.h"

enum { kNone = OLSTM__LOOP_MOST_CARRIED, kMadeOpset = 11 };

/// A carried value that is state, and how a step computes its next value.
typedef struct carried_state {
  size_t carried;
  int32_t old_value;  // the body's input
  int32_t new_value;  // what the cell computes, before the mask is applied
  int32_t mask;       // NO_VALUE without a mask
} carried_state;

/// A recognised Loop. Values of states belong to the body.
typedef struct loop_match {
  olstm__cell_match cell;
  int32_t sequence;    // outer X [T,N,I]
  int32_t mask;        // outer mask [T,N] or [T,N,1], NO_VALUE without
  carried_state h, c;  // c of LSTM alone
  carried_state y;     // the repeated output, of masked loops; carried == kNone: none
} loop_match;

// ---------------------------------------------------------------- values of a step

/// Callback of olstm__constants.
static const olstm_tensor* step_constant(const void* user, int32_t value) {
  const olstm__loop_view* view = user;
  const olstm_tensor* own = olstm__graph_constant(view->body, value);
  return own ? own
             : olstm__graph_constant(view->outer, olstm__loop_outer_value(view, value));
}

/// Whether a value of the graph around the loop is all ones, and no larger than a row of
/// the sequence: Expand(1, shape), as a dropout that drops nothing is written.
static bool is_ones_for(const olstm__graph* graph, int32_t value, int32_t sequence) {
  const olstm__graph_node* expand = olstm__graph_producer_of_type(
      graph, olstm__match_skip_identity(graph, value), "Expand");
  const int32_t rank = olstm__dim_rank_of(graph, value);
  double one = 0;
  if (!expand || rank < 0 || rank > 2 ||
      !olstm__match_scalar(graph, olstm__graph_node_input(expand, 0), &one) ||
      one != 1.0) {
    return false;
  }
  for (int32_t axis = 0; axis < rank; axis++) {
    const olstm__dim_symbol own = olstm__dim_symbol_of(graph, value, axis);
    const olstm__dim_symbol row = olstm__dim_symbol_of(graph, sequence, 3 - rank + axis);
    const bool is_one = own.root == OLSTM__NO_VALUE && own.number == 1;
    if (!is_one && !olstm__dim_symbol_equal(&own, &row)) return false;
  }
  return true;
}

/// Callback of olstm__constants: a row of a sequence without ones that it is multiplied
/// by.
static int32_t plain_row(const void* user, int32_t value) {
  const olstm__loop_view* view = user;
  int32_t operands[2];
  if (!olstm__match_binary(view->body, value, "Mul", operands)) return value;
  for (int i = 0; i < 2; i++) {
    const int32_t sequence = olstm__loop_sequence_of(view, operands[i]);
    const int32_t ones = olstm__loop_outer_value(view, operands[1 - i]);
    if (sequence != OLSTM__NO_VALUE && ones != OLSTM__NO_VALUE &&
        olstm__dim_rank_of(view->outer, sequence) == 3 &&
        is_ones_for(view->outer, ones, sequence)) {
      return operands[i];
    }
  }
  return value;
}

// ---------------------------------------------------------------- states

/// Lists the carried values that are neither counter nor unchanged, with their masks
/// split off. Returns 4 when there are more than 3.
static size_t list_states(const olstm__loop_view* view, carried_state states[3]) {
  size_t count = 0;
  for (size_t j = 0; j < view->carried_count; j++) {
    if ((int32_t)j == view->counter || olstm__loop_passes(view, j)) continue;
    if (count == 3) return 4;
    carried_state* state = &states[count++];
    *state = (carried_state){j, olstm__loop_carried_input(view, j),
                             olstm__loop_carried_output(view, j), OLSTM__NO_VALUE};
    int32_t mask = OLSTM__NO_VALUE, chosen = OLSTM__NO_VALUE;
    if (olstm__match_select(view->body, state->new_value, state->old_value, &mask,
                            &chosen)) {
      state->mask = mask;
      state->new_value = chosen;
    }
  }
  return count;
}

/// Assigns the roles h, c and y to the states, given which one is h.
static bool assign_roles(const carried_state* states, size_t count, size_t h,
                         loop_match* match) {
  const bool is_lstm = strcmp(match->cell.op_type, "LSTM") == 0;
  bool has_c = false, has_y = false;
  match->h = states[h];
  for (size_t i = 0; i < count; i++) {
    if (i == h) continue;
    if (states[i].mask != match->h.mask) return false;
    if (is_lstm && !has_c && states[i].old_value == match->cell.old_c &&
        states[i].new_value == match->cell.new_c) {
      match->c = states[i];
      has_c = true;
    } else if (match->h.mask != OLSTM__NO_VALUE && !has_y &&
               states[i].new_value == match->h.new_value) {
      match->y = states[i];
      has_y = true;
    } else {
      return false;
    }
  }
  return has_c == is_lstm;
}

static bool match_states(const olstm__loop_view* view, loop_match* match) {
  const olstm__constants constants = {view, step_constant, plain_row};
  carried_state states[3];
  const size_t count = list_states(view, states);
  if (count == 0 || count > 3) return false;
  for (size_t h = 0; h < count; h++) {
    match->c.carried = match->y.carried = kNone;
    if (olstm__match_cell(view->body, states[h].new_value, states[h].old_value,
                          &constants, &match->cell) &&
        assign_roles(states, count, h, match)) {
      return true;
    }
  }
  return false;
}

/// Whether every scan output is the step's output: the repeated one of a masked loop,
/// else h.
static bool scans_the_output(const olstm__loop_view* view, const loop_match* match) {
  const bool repeats = match->y.carried != kNone;
  const size_t source = repeats ? match->y.carried : match->h.carried;
  for (size_t k = 0; k < view->scan_count; k++) {
    const int32_t scanned = olstm__match_skip_identity(
        view->body, view->body->outputs[view->first_output + view->carried_count + k]);
    if (scanned != olstm__loop_carried_output(view, source)) return false;
  }
  // A masked loop without a repeated output scans h; masked steps then repeat the carried
  // h.
  return true;
}

static bool is_used(const olstm__graph* graph, int32_t value) {
  return value != OLSTM__NO_VALUE && (graph->values[value].use_count > 0 ||
                                      graph->values[value].output_use_count > 0);
}

/// What the loop steps over: X, the states, and with a mask the output that is repeated
/// and the mask. Returns how many.
static size_t list_aligned(const olstm__loop_view* view, const loop_match* match,
                           olstm__aligned out[OLSTM__ALIGN_MOST]) {
  const int32_t* carried = &olstm__loop_node(view)->inputs[view->first_carried];
  size_t count = 0;
  out[count++] = (olstm__aligned){match->sequence, OLSTM__ALIGN_SEQUENCE};
  out[count++] = (olstm__aligned){carried[match->h.carried], OLSTM__ALIGN_STATE};
  if (match->c.carried != kNone) {
    out[count++] = (olstm__aligned){carried[match->c.carried], OLSTM__ALIGN_STATE};
  }
  if (match->mask == OLSTM__NO_VALUE) return count;
  // Without an output of its own, a masked step repeats h.
  const size_t repeated = match->y.carried != kNone ? match->y.carried : match->h.carried;
  out[count++] = (olstm__aligned){carried[repeated], OLSTM__ALIGN_STATE};
  out[count++] = (olstm__aligned){match->mask, OLSTM__ALIGN_MASK};
  return count;
}

static bool match_loop(const olstm__loop_view* view, loop_match* match) {
  const olstm__graph_node* node = olstm__loop_node(view);
  if (view->counter >= 0 &&
      is_used(view->outer, olstm__graph_node_output(node, (size_t)view->counter))) {
    return false;
  }
  if (!match_states(view, match) || !scans_the_output(view, match)) return false;
  match->sequence = olstm__loop_sequence_of(view, match->cell.x);
  match->mask = OLSTM__NO_VALUE;
  if (match->sequence == OLSTM__NO_VALUE) return false;
  if (match->h.mask != OLSTM__NO_VALUE) {
    match->mask = olstm__loop_sequence_of(view, match->h.mask);
    // Masked layers go forwards.
    if (match->mask == OLSTM__NO_VALUE || view->is_reverse) return false;
  }
  olstm__aligned aligned[OLSTM__ALIGN_MOST];
  const size_t count = list_aligned(view, match, aligned);
  if (!olstm__can_align(view->outer, aligned, count)) return false;
  return olstm__loop_counts(view, match->sequence);
}

// ---------------------------------------------------------------- rewriting

static int32_t add_output_value(olstm__graph* graph, const char* name,
                                const char* suffix) {
  return olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                                olstm__graph_format(graph, "%s/%s", name, suffix));
}

/// Replaces the uses of an output of the Loop.
static void replace_output(olstm__graph* graph, int32_t loop, size_t slot,
                           int32_t replacement) {
  const int32_t old = olstm__graph_node_output(&graph->nodes[loop], slot);
  if (old == OLSTM__NO_VALUE || replacement == OLSTM__NO_VALUE) return;
  olstm__graph_replace_uses(graph, old, replacement);
}

/// Outputs of the recurrent node that replaces a Loop.
typedef struct recurrent_outputs {
  int32_t y, y_h, y_c, last_y;
} recurrent_outputs;

static void replace_loop(const olstm__loop_view* view, const loop_match* match,
                         const recurrent_outputs* outputs) {
  olstm__graph* graph = view->outer;
  for (size_t j = 0; j < view->carried_count; j++) {
    if (olstm__loop_passes(view, j)) {
      replace_output(graph, view->node, j,
                     olstm__loop_node(view)->inputs[view->first_carried + j]);
    }
  }
  const int32_t h = olstm__fuse_add_axis_node(graph, "Squeeze", outputs->y_h, 0);
  const int32_t y = olstm__fuse_add_axis_node(graph, "Squeeze", outputs->y, 1);
  const olstm__dim_symbol length = olstm__dim_symbol_of(graph, match->sequence, 0);
  replace_output(graph, view->node, match->h.carried, h);
  if (match->c.carried != kNone) {
    replace_output(graph, view->node, match->c.carried,
                   olstm__fuse_add_axis_node(graph, "Squeeze", outputs->y_c, 0));
  }
  if (match->y.carried != kNone) {
    replace_output(graph, view->node, match->y.carried, outputs->last_y);
  }
  for (size_t k = 0; k < view->scan_count; k++) {
    const size_t slot = view->carried_count + k;
    const int32_t old = olstm__graph_node_output(&graph->nodes[view->node], slot);
    if (old != OLSTM__NO_VALUE) {
      graph->values[old].rows_of = length.root;
      graph->values[old].rows_axis = length.axis;
      graph->values[old].row_count = length.root == OLSTM__NO_VALUE ? length.number : -1;
    }
    replace_output(graph, view->node, slot, y);
  }
  olstm__graph_remove_node(graph, view->node);
}

/// Adds the node, with ONNX's inputs and outputs, or, with a mask, those of olstm.fused
/// (op/lstm/lstm_masked_op.h).
static bool add_recurrent_node(const olstm__loop_view* view, const loop_match* match,
                               recurrent_outputs* out) {
  olstm__graph* graph = view->outer;
  const char* name = olstm__loop_node(view)->name;
  const bool is_masked = match->mask != OLSTM__NO_VALUE;
  const bool is_lstm = match->c.carried != kNone;
  int32_t weights[3];
  size_t attribute_count = 0;
  const olstm_attribute* attributes =
      olstm__cell_attributes(graph, &match->cell, view->is_reverse, &attribute_count);
  if (!attributes || !olstm__cell_add_weights(graph, &match->cell, weights)) return false;
  olstm__aligned aligned[OLSTM__ALIGN_MOST];
  const size_t aligned_count = list_aligned(view, match, aligned);
  if (!olstm__fuse_align(graph, name, match->cell.hidden, aligned, aligned_count)) {
    return false;
  }
  // In the order in which they were listed; the mask stands where ONNX has sequence_lens.
  size_t next = 0;
  int32_t inputs[OLSTM__MASKED_INPUT_COUNT] = {aligned[next++].value, weights[0],
                                               weights[1], weights[2], OLSTM__NO_VALUE};
  inputs[OLSTM_RECURRENT_INITIAL_H] =
      olstm__fuse_add_axis_node(graph, "Unsqueeze", aligned[next++].value, 0);
  inputs[OLSTM_RECURRENT_INITIAL_C] =
      is_lstm ? olstm__fuse_add_axis_node(graph, "Unsqueeze", aligned[next++].value, 0)
              : OLSTM__NO_VALUE;
  if (is_masked) {
    inputs[OLSTM__MASKED_INITIAL_Y] = aligned[next++].value;
    inputs[OLSTM__MASKED_MASK] = aligned[next].value;
  }
  out->y = add_output_value(graph, name, "Y");
  out->y_h = add_output_value(graph, name, "Y_h");
  out->y_c = is_lstm ? add_output_value(graph, name, "Y_c") : OLSTM__NO_VALUE;
  out->last_y = is_masked ? add_output_value(graph, name, "last") : OLSTM__NO_VALUE;
  int32_t outputs[OLSTM__MASKED_OUTPUT_COUNT] = {out->y, out->y_h, out->y_c, out->last_y};
  const olstm__graph_node made = {
      .kind = OLSTM__NODE_OPERATOR,
      .name = name,
      .op_type = is_masked ? olstm__graph_format(graph, "Masked%s", match->cell.op_type)
                           : match->cell.op_type,
      .domain = is_masked ? OLSTM__FUSED_DOMAIN : "",
      .opset_version = is_masked ? OLSTM__FUSED_OPSET : kMadeOpset,
      .attribute_count = attribute_count,
      .attributes = attributes,
      .input_count = is_masked
                         ? OLSTM__MASKED_INPUT_COUNT
                         : (is_lstm ? OLSTM_RECURRENT_P : OLSTM_RECURRENT_INITIAL_C),
      .inputs = inputs,
      .output_count =
          is_masked ? OLSTM__MASKED_OUTPUT_COUNT
                    : (is_lstm ? OLSTM_RECURRENT_OUTPUT_COUNT : OLSTM_RECURRENT_Y_C),
      .outputs = outputs,
      .fused_from = olstm__graph_format(graph, "%s recognised as %s%s",
                                        olstm__loop_node(view)->op_type,
                                        is_masked ? "masked " : "", match->cell.op_type)};
  return olstm__graph_add_node(graph, &made) != OLSTM__NO_VALUE &&
         olstm__graph_check(graph, NULL) == OLSTM_STATUS_OK;
}

void olstm__fuse_loops(olstm__graph* graph) {
  // In order, so that the sequence of a second layer is the output of the first one's
  // recurrent node. New nodes are appended and not visited.
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count && olstm__graph_check(graph, NULL) == OLSTM_STATUS_OK;
       i++) {
    olstm__loop_view view;
    loop_match match;
    recurrent_outputs outputs;
    memset(&match, 0, sizeof match);
    if (olstm__view_loop(graph, graph->order[i], &view) && match_loop(&view, &match) &&
        add_recurrent_node(&view, &match, &outputs)) {
      replace_loop(&view, &match, &outputs);
    }
  }
}
