// Loop nodes that only step a recurrent cell over a sequence become a recurrent node.
//
// The pattern: a counter from 0 in steps of 1; x_t = Gather(X, counter) of a sequence
// with as many rows as the loop has steps; h (and c) carried through a cell
// (fuse_cell.h); scan outputs that are h; weights that are constants, captured or carried
// unchanged. With a mask m_t = Gather(mask, counter), masked steps keep h and c, and
// repeat the previous output.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_align.h"
#include "runtime/fuse/fuse_cell.h"
#include "runtime/fuse/fuse_dims.h"

enum { kMaxCarried = 16, kLoopTrip = 0, kLoopCondition = 1, kLoopCarried = 2 };

/// kMaxTerms: the most terms of a condition.
enum { kMadeOpset = 11, kMaxTerms = 8 };

/// A Loop. Carried value j is input kLoopCarried + j of node and body, output 1 + j of
/// the body and output j of the node; scan output k is output 1 + count + k of the body
/// and count + k of the node.
typedef struct loop_view {
  olstm__graph* outer;
  int32_t node;
  const olstm__graph* body;
  const olstm__graph_body* body_info;
  size_t carried_count, scan_count;
} loop_view;

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
  int32_t counter;     // carried index, or -1: only the iteration number counts
  int32_t sequence;    // outer X [T,N,I]
  int32_t mask;        // outer mask [T,N] or [T,N,1], NO_VALUE without
  carried_state h, c;  // c of LSTM alone
  carried_state y;  // the repeated output, of masked loops; carried == kMaxCarried: none
} loop_match;

static const olstm__graph_node* loop_node(const loop_view* view) {
  return &view->outer->nodes[view->node];
}

static bool view_loop(olstm__graph* graph, int32_t index, loop_view* out_view) {
  const olstm__graph_node* node = &graph->nodes[index];
  if (node->kind != OLSTM__NODE_CONTROL || strcmp(node->op_type, "Loop") != 0 ||
      node->domain[0] || node->body_count != 1 || node->own_input_count < kLoopCarried) {
    return false;
  }
  const olstm__graph* body = node->bodies[0].graph;
  const size_t carried = node->own_input_count - kLoopCarried;
  *out_view = (loop_view){graph, index, body, &node->bodies[0], carried, 0};
  if (carried > kMaxCarried || body->own_input_count != kLoopCarried + carried ||
      body->output_count < 1 + carried) {
    return false;
  }
  for (size_t j = 0; j < carried; j++) {
    if (node->inputs[kLoopCarried + j] == OLSTM__NO_VALUE) return false;
  }
  out_view->scan_count = body->output_count - 1 - carried;
  return node->output_count <= carried + out_view->scan_count;
}

// ---------------------------------------------------------------- values of the body

static int32_t carried_input(const loop_view* view, size_t carried) {
  return view->body->inputs[kLoopCarried + carried];
}

static int32_t carried_output(const loop_view* view, size_t carried) {
  return olstm__match_skip_identity(view->body, view->body->outputs[1 + carried]);
}

/// Whether a carried value is unchanged: its output is its input, or the same constant.
static bool is_passed_through(const loop_view* view, size_t carried) {
  const int32_t output = carried_output(view, carried);
  const olstm_tensor* constant = olstm__graph_constant(view->body, output);
  return output == carried_input(view, carried) ||
         (constant &&
          constant == olstm__graph_constant(
                          view->outer, loop_node(view)->inputs[kLoopCarried + carried]));
}

/// The outer value that a value of the body equals in every step: a capture, or a value
/// carried unchanged. NO_VALUE for any other.
static int32_t outer_value(const loop_view* view, int32_t value) {
  const olstm__graph_node* node = loop_node(view);
  value = olstm__match_skip_identity(view->body, value);
  for (size_t i = 0; i < view->body_info->capture_count; i++) {
    if (view->body->inputs[view->body->own_input_count + i] == value) {
      return node->inputs[view->body_info->first_capture + i];
    }
  }
  for (size_t j = 0; j < view->carried_count; j++) {
    if (carried_input(view, j) == value && is_passed_through(view, j)) {
      return node->inputs[kLoopCarried + j];
    }
  }
  return OLSTM__NO_VALUE;
}

/// Callback of olstm__constants.
static const olstm_tensor* step_constant(const void* user, int32_t value) {
  const loop_view* view = user;
  const olstm_tensor* own = olstm__graph_constant(view->body, value);
  return own ? own : olstm__graph_constant(view->outer, outer_value(view, value));
}

static bool is_counter(const loop_view* view, const loop_match* match, int32_t value) {
  value = olstm__match_skip_casts(view->body, value);
  return (value == view->body->inputs[0] && view->body->values[value].info.rank != 1) ||
         (match->counter >= 0 && value == carried_input(view, (size_t)match->counter));
}

/// The outer sequence of which a value of the body is row `counter`; NO_VALUE when there
/// is none.
static int32_t gathered_sequence(const loop_view* view, const loop_match* match,
                                 int32_t value) {
  const olstm__graph_node* gather = olstm__graph_producer_of_type(
      view->body, olstm__match_skip_identity(view->body, value), "Gather");
  if (!gather) return OLSTM__NO_VALUE;
  if (!olstm__match_int_attribute(gather, "axis", 0, 0) ||
      !is_counter(view, match, olstm__graph_node_input(gather, 1))) {
    return OLSTM__NO_VALUE;
  }
  return outer_value(view, olstm__graph_node_input(gather, 0));
}

// ---------------------------------------------------------------- counting

/// The carried integer that starts at 0 and grows by 1 in each step; -1 when there is
/// none. Both numbers must be scalars: a list of one adds a dimension to what it selects.
static int32_t find_counter(const loop_view* view) {
  for (size_t j = 0; j < view->carried_count; j++) {
    int32_t operands[2];
    int64_t start = -1, step = 0;
    if (!olstm__match_binary(view->body, carried_output(view, j), "Add", operands)) {
      continue;
    }
    const int side = operands[0] == carried_input(view, j) ? 0 : 1;
    const int32_t first = loop_node(view)->inputs[kLoopCarried + j];
    if (operands[side] == carried_input(view, j) &&
        olstm__match_scalar_int(view->body, operands[1 - side], &step) && step == 1 &&
        olstm__match_scalar_int(view->outer, first, &start) && start == 0 &&
        olstm__match_has_no_dims(view->body, operands[1 - side]) &&
        olstm__match_has_no_dims(view->outer, first)) {
      return (int32_t)j;
    }
  }
  return -1;
}

/// Whether a scalar of the body is the sequence's length.
static bool is_length_in_body(const loop_view* view, int32_t value,
                              const olstm__dim_symbol* length) {
  olstm__dim_symbol symbol;
  value = olstm__match_skip_casts(view->body, value);
  const int32_t outer = outer_value(view, value);
  const bool known = outer == OLSTM__NO_VALUE
                         ? olstm__dim_symbol_of_scalar(view->body, value, &symbol) &&
                               symbol.root == OLSTM__NO_VALUE
                         : olstm__dim_symbol_of_scalar(view->outer, outer, &symbol);
  return known && olstm__dim_symbol_equal(&symbol, length);
}

typedef enum condition_kind {
  kConditionOther,
  kConditionLoose,
  kConditionExact
} condition_kind;

/// counter + 1 < length ends the loop after the last step of the sequence (exact);
/// counter < length never ends it earlier (loose).
static condition_kind judge_less(const loop_view* view, const loop_match* match,
                                 const int32_t operands[2],
                                 const olstm__dim_symbol* length) {
  const int32_t left = olstm__match_skip_casts(view->body, operands[0]);
  if (!is_length_in_body(view, operands[1], length)) return kConditionOther;
  if (match->counter >= 0 && left == carried_output(view, (size_t)match->counter)) {
    return kConditionExact;
  }
  return is_counter(view, match, left) ? kConditionLoose : kConditionOther;
}

static condition_kind judge_condition(const loop_view* view, const loop_match* match,
                                      const olstm__dim_symbol* length) {
  int32_t terms[kMaxTerms], operands[2];
  size_t count = 0;
  condition_kind result = kConditionLoose;
  if (!olstm__match_terms(view->body, view->body->outputs[0], kMaxTerms, terms, &count)) {
    return kConditionOther;
  }
  for (size_t i = 0; i < count; i++) {
    if (terms[i] == view->body->inputs[1]) continue;  // Unchanged: true.
    if (!olstm__match_binary(view->body, terms[i], "Less", operands)) {
      return kConditionOther;
    }
    const condition_kind one = judge_less(view, match, operands, length);
    if (one == kConditionOther) return kConditionOther;
    if (one == kConditionExact) result = kConditionExact;
  }
  return result;
}

/// Whether the initial condition is true whenever the sequence has a step.
static bool starts_when_not_empty(const loop_view* view,
                                  const olstm__dim_symbol* length) {
  const olstm__graph* outer = view->outer;
  const int32_t condition = loop_node(view)->inputs[kLoopCondition];
  int32_t terms[kMaxTerms], operands[2];
  size_t count = 0;
  if (condition == OLSTM__NO_VALUE) return true;
  if (!olstm__match_terms(outer, condition, kMaxTerms, terms, &count)) return false;
  for (size_t i = 0; i < count; i++) {
    olstm__dim_symbol bound;
    int64_t zero = -1;
    if (!olstm__match_binary(outer, terms[i], "Less", operands) ||
        !olstm__match_scalar_int(outer, olstm__match_skip_casts(outer, operands[0]),
                                 &zero) ||
        zero != 0 || !olstm__dim_symbol_of_scalar(outer, operands[1], &bound) ||
        !olstm__dim_symbol_equal(&bound, length)) {
      return false;
    }
  }
  return true;
}

/// Whether the loop does exactly one step for each row of the sequence.
static bool counts_the_sequence(const loop_view* view, const loop_match* match) {
  const olstm__dim_symbol length = olstm__dim_symbol_of(view->outer, match->sequence, 0);
  const int32_t trip = loop_node(view)->inputs[kLoopTrip];
  const condition_kind condition = judge_condition(view, match, &length);
  olstm__dim_symbol most = {OLSTM__NO_VALUE, 0, INT64_MAX};
  if (condition == kConditionOther || !starts_when_not_empty(view, &length)) return false;
  if (trip != OLSTM__NO_VALUE && !olstm__dim_symbol_of_scalar(view->outer, trip, &most)) {
    return false;
  }
  if (olstm__dim_symbol_equal(&most, &length)) return true;
  const bool unbounded = most.root == OLSTM__NO_VALUE && most.number >= INT32_MAX;
  return unbounded && condition == kConditionExact;
}

// ---------------------------------------------------------------- states

/// Lists the carried values that are neither counter nor unchanged, with their masks
/// split off. Returns 4 when there are more than 3.
static size_t list_states(const loop_view* view, const loop_match* match,
                          carried_state states[3]) {
  size_t count = 0;
  for (size_t j = 0; j < view->carried_count; j++) {
    if ((int32_t)j == match->counter || is_passed_through(view, j)) continue;
    if (count == 3) return 4;
    carried_state* state = &states[count++];
    *state = (carried_state){j, carried_input(view, j), carried_output(view, j),
                             OLSTM__NO_VALUE};
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

static bool match_states(const loop_view* view, loop_match* match) {
  const olstm__constants constants = {view, step_constant};
  carried_state states[3];
  const size_t count = list_states(view, match, states);
  if (count == 0 || count > 3) return false;
  for (size_t h = 0; h < count; h++) {
    match->c.carried = match->y.carried = kMaxCarried;
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
static bool scans_the_output(const loop_view* view, const loop_match* match) {
  const bool repeats = match->y.carried != kMaxCarried;
  const size_t source = repeats ? match->y.carried : match->h.carried;
  for (size_t k = 0; k < view->scan_count; k++) {
    const int32_t scanned = olstm__match_skip_identity(
        view->body, view->body->outputs[1 + view->carried_count + k]);
    if (scanned != carried_output(view, source)) return false;
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
static size_t list_aligned(const loop_view* view, const loop_match* match,
                           olstm__aligned out[OLSTM__ALIGN_MOST]) {
  const int32_t* carried = &loop_node(view)->inputs[kLoopCarried];
  size_t count = 0;
  out[count++] = (olstm__aligned){match->sequence, OLSTM__ALIGN_SEQUENCE};
  out[count++] = (olstm__aligned){carried[match->h.carried], OLSTM__ALIGN_STATE};
  if (match->c.carried != kMaxCarried) {
    out[count++] = (olstm__aligned){carried[match->c.carried], OLSTM__ALIGN_STATE};
  }
  if (match->mask == OLSTM__NO_VALUE) return count;
  // Without an output of its own, a masked step repeats h.
  const size_t repeated =
      match->y.carried != kMaxCarried ? match->y.carried : match->h.carried;
  out[count++] = (olstm__aligned){carried[repeated], OLSTM__ALIGN_STATE};
  out[count++] = (olstm__aligned){match->mask, OLSTM__ALIGN_MASK};
  return count;
}

static bool match_loop(const loop_view* view, loop_match* match) {
  const olstm__graph_node* node = loop_node(view);
  match->counter = find_counter(view);
  if (match->counter >= 0 &&
      is_used(view->outer, olstm__graph_node_output(node, (size_t)match->counter))) {
    return false;
  }
  if (!match_states(view, match) || !scans_the_output(view, match)) return false;
  match->sequence = gathered_sequence(view, match, match->cell.x);
  match->mask = OLSTM__NO_VALUE;
  if (match->sequence == OLSTM__NO_VALUE) return false;
  if (match->h.mask != OLSTM__NO_VALUE) {
    match->mask = gathered_sequence(view, match, match->h.mask);
    if (match->mask == OLSTM__NO_VALUE) return false;
  }
  olstm__aligned aligned[OLSTM__ALIGN_MOST];
  const size_t count = list_aligned(view, match, aligned);
  if (!olstm__can_align(view->outer, aligned, count)) return false;
  return counts_the_sequence(view, match);
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

static void replace_loop(const loop_view* view, const loop_match* match,
                         const recurrent_outputs* outputs) {
  olstm__graph* graph = view->outer;
  for (size_t j = 0; j < view->carried_count; j++) {
    if (is_passed_through(view, j)) {
      replace_output(graph, view->node, j, loop_node(view)->inputs[kLoopCarried + j]);
    }
  }
  const int32_t h = olstm__fuse_add_axis_node(graph, "Squeeze", outputs->y_h, 0);
  const int32_t y = olstm__fuse_add_axis_node(graph, "Squeeze", outputs->y, 1);
  const olstm__dim_symbol length = olstm__dim_symbol_of(graph, match->sequence, 0);
  replace_output(graph, view->node, match->h.carried, h);
  if (match->c.carried != kMaxCarried) {
    replace_output(graph, view->node, match->c.carried,
                   olstm__fuse_add_axis_node(graph, "Squeeze", outputs->y_c, 0));
  }
  if (match->y.carried != kMaxCarried) {
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
static bool add_recurrent_node(const loop_view* view, const loop_match* match,
                               recurrent_outputs* out) {
  olstm__graph* graph = view->outer;
  const char* name = loop_node(view)->name;
  const bool is_masked = match->mask != OLSTM__NO_VALUE;
  const bool is_lstm = match->c.carried != kMaxCarried;
  int32_t weights[3];
  size_t attribute_count = 0;
  const olstm_attribute* attributes =
      olstm__cell_attributes(graph, &match->cell, false, &attribute_count);
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
      .fused_from = olstm__graph_format(graph, "Loop recognised as %s%s",
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
    loop_view view;
    loop_match match;
    recurrent_outputs outputs;
    memset(&match, 0, sizeof match);
    if (view_loop(graph, graph->order[i], &view) && match_loop(&view, &match) &&
        add_recurrent_node(&view, &match, &outputs)) {
      replace_loop(&view, &match, &outputs);
    }
  }
}
