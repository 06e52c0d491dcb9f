#include "runtime/fuse/fuse_loop_view.h"

#include <string.h>

#include "runtime/fuse/fuse_dims.h"

enum { kLoopTrip = 0, kLoopCondition = 1, kLoopCarried = 2 };

/// The most terms of a condition.
enum { kMaxTerms = 8 };

const olstm__graph_node* olstm__loop_node(const olstm__loop_view* view) {
  return &view->outer->nodes[view->node];
}

// ---------------------------------------------------------------- values of the body

int32_t olstm__loop_carried_input(const olstm__loop_view* view, size_t carried) {
  return view->body->inputs[view->first_carried + carried];
}

int32_t olstm__loop_carried_output(const olstm__loop_view* view, size_t carried) {
  return olstm__match_skip_identity(view->body,
                                    view->body->outputs[view->first_output + carried]);
}

bool olstm__loop_passes(const olstm__loop_view* view, size_t carried) {
  const int32_t output = olstm__loop_carried_output(view, carried);
  const olstm_tensor* constant = olstm__graph_constant(view->body, output);
  return output == olstm__loop_carried_input(view, carried) ||
         (constant &&
          constant == olstm__graph_constant(
                          view->outer,
                          olstm__loop_node(view)->inputs[view->first_carried + carried]));
}

int32_t olstm__loop_outer_value(const olstm__loop_view* view, int32_t value) {
  const olstm__graph_node* node = olstm__loop_node(view);
  value = olstm__match_skip_identity(view->body, value);
  for (size_t i = 0; i < view->body_info->capture_count; i++) {
    if (view->body->inputs[view->body->own_input_count + i] == value) {
      return node->inputs[view->body_info->first_capture + i];
    }
  }
  for (size_t j = 0; j < view->carried_count; j++) {
    if (olstm__loop_carried_input(view, j) == value && olstm__loop_passes(view, j)) {
      return node->inputs[view->first_carried + j];
    }
  }
  return OLSTM__NO_VALUE;
}

// ---------------------------------------------------------------- viewing

/// The carried integer that starts at 0 and grows by 1 in each step; -1 when there is
/// none. Both numbers must be scalars: a list of one adds a dimension to what it selects.
static int32_t find_counter(const olstm__loop_view* view) {
  for (size_t j = 0; j < view->carried_count; j++) {
    int32_t operands[2];
    int64_t start = -1, step = 0;
    if (!olstm__match_binary(view->body, olstm__loop_carried_output(view, j), "Add",
                             operands)) {
      continue;
    }
    const int side = operands[0] == olstm__loop_carried_input(view, j) ? 0 : 1;
    const int32_t first = olstm__loop_node(view)->inputs[view->first_carried + j];
    if (operands[side] == olstm__loop_carried_input(view, j) &&
        olstm__match_scalar_int(view->body, operands[1 - side], &step) && step == 1 &&
        olstm__match_scalar_int(view->outer, first, &start) && start == 0 &&
        olstm__match_has_no_dims(view->body, operands[1 - side]) &&
        olstm__match_has_no_dims(view->outer, first)) {
      return (int32_t)j;
    }
  }
  return -1;
}

/// Whether a list of axes or directions of a Scan is absent or says the same of all.
static bool says_of_all(const olstm__graph_node* node, const char* name, int64_t wanted) {
  const olstm_attribute* list = olstm__graph_find_attribute(node, name);
  if (!list) return wanted == 0;
  if (list->kind != OLSTM_ATTRIBUTE_INTS) return false;
  for (size_t i = 0; i < list->count; i++) {
    if (list->ints[i] != wanted) return false;
  }
  return list->count > 0 || wanted == 0;
}

/// A Scan along the first axis (of opset 9 on: before, it had a batch) that goes one way
/// in all that it slices and stacks. out_sliced: how many it slices.
static bool view_scan(const olstm__graph_node* node, olstm__loop_view* view,
                      size_t* out_sliced) {
  const int64_t sliced = olstm__match_int(node, "num_scan_inputs", 0);
  const bool has_stacks = node->output_count > node->own_input_count - (size_t)sliced;
  view->is_scan = true;
  view->is_reverse = says_of_all(node, "scan_input_directions", 1);
  *out_sliced = (size_t)sliced;
  return node->opset_version >= 9 && sliced > 0 &&
         (size_t)sliced <= node->own_input_count &&
         (view->is_reverse || says_of_all(node, "scan_input_directions", 0)) &&
         (!has_stacks || says_of_all(node, "scan_output_directions", view->is_reverse)) &&
         says_of_all(node, "scan_input_axes", 0) &&
         says_of_all(node, "scan_output_axes", 0);
}

bool olstm__view_loop(olstm__graph* graph, int32_t index, olstm__loop_view* out_view) {
  const olstm__graph_node* node = &graph->nodes[index];
  size_t sliced = 0;
  if (node->kind != OLSTM__NODE_CONTROL || node->domain[0] || node->body_count != 1) {
    return false;
  }
  const olstm__graph* body = node->bodies[0].graph;
  *out_view = (olstm__loop_view){
      .outer = graph, .node = index, .body = body, .body_info = &node->bodies[0]};
  if (strcmp(node->op_type, "Scan") == 0) {
    if (!view_scan(node, out_view, &sliced)) return false;
  } else if (strcmp(node->op_type, "Loop") == 0) {
    out_view->first_carried = kLoopCarried;
    out_view->first_output = 1;
  } else {
    return false;
  }
  if (node->own_input_count < out_view->first_carried + sliced) return false;
  const size_t carried = node->own_input_count - out_view->first_carried - sliced;
  out_view->carried_count = carried;
  if (carried > OLSTM__LOOP_MOST_CARRIED ||
      body->own_input_count != node->own_input_count ||
      body->output_count < out_view->first_output + carried) {
    return false;
  }
  for (size_t j = out_view->first_carried; j < node->own_input_count; j++) {
    if (node->inputs[j] == OLSTM__NO_VALUE) return false;
  }
  out_view->scan_count = body->output_count - out_view->first_output - carried;
  out_view->counter = out_view->is_scan ? -1 : find_counter(out_view);
  return node->output_count <= carried + out_view->scan_count;
}

// ---------------------------------------------------------------- rows

static bool is_counter(const olstm__loop_view* view, int32_t value) {
  value = olstm__match_skip_casts(view->body, value);
  if (view->is_scan) return false;
  return (value == view->body->inputs[0] && view->body->values[value].info.rank != 1) ||
         (view->counter >= 0 &&
          value == olstm__loop_carried_input(view, (size_t)view->counter));
}

/// Of Squeeze(Gather(X, Unsqueeze(counter))), as tf2onnx reads a TensorArray, the Gather;
/// of Gather(X, counter) as well. NULL for any other value.
static const olstm__graph_node* find_gather(const olstm__loop_view* view, int32_t value) {
  const olstm__graph* body = view->body;
  const olstm__graph_node* squeeze =
      olstm__graph_producer_of_type(body, value, "Squeeze");
  int64_t axis = 0;
  if (squeeze) {
    if (!olstm__match_one_axis(body, squeeze, &axis) || axis != 0) return NULL;
    value = olstm__match_skip_identity(body, olstm__graph_node_input(squeeze, 0));
  }
  const olstm__graph_node* gather = olstm__graph_producer_of_type(body, value, "Gather");
  if (!gather || !olstm__match_int_attribute(gather, "axis", 0, 0)) return NULL;
  int32_t index = olstm__graph_node_input(gather, 1);
  if (squeeze) {
    const olstm__graph_node* unsqueeze = olstm__graph_producer_of_type(
        body, olstm__match_skip_casts(body, index), "Unsqueeze");
    if (!unsqueeze || !olstm__match_one_axis(body, unsqueeze, &axis) ||
        (axis != 0 && axis != -1)) {
      return NULL;
    }
    index = olstm__graph_node_input(unsqueeze, 0);
  }
  return is_counter(view, index) ? gather : NULL;
}

int32_t olstm__loop_sequence_of(const olstm__loop_view* view, int32_t value) {
  value = olstm__match_skip_identity(view->body, value);
  for (size_t i = view->carried_count; view->is_scan && i < view->body->own_input_count;
       i++) {
    if (view->body->inputs[i] == value) return olstm__loop_node(view)->inputs[i];
  }
  const olstm__graph_node* gather = find_gather(view, value);
  return gather ? olstm__loop_outer_value(view, olstm__graph_node_input(gather, 0))
                : OLSTM__NO_VALUE;
}

// ---------------------------------------------------------------- counting

/// Whether a scalar of the body is the sequence's length.
static bool is_length_in_body(const olstm__loop_view* view, int32_t value,
                              const olstm__dim_symbol* length) {
  olstm__dim_symbol symbol;
  value = olstm__match_skip_casts(view->body, value);
  const int32_t outer = olstm__loop_outer_value(view, value);
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
static condition_kind judge_less(const olstm__loop_view* view, const int32_t operands[2],
                                 const olstm__dim_symbol* length) {
  const int32_t left = olstm__match_skip_casts(view->body, operands[0]);
  if (!is_length_in_body(view, operands[1], length)) return kConditionOther;
  if (view->counter >= 0 &&
      left == olstm__loop_carried_output(view, (size_t)view->counter)) {
    return kConditionExact;
  }
  return is_counter(view, left) ? kConditionLoose : kConditionOther;
}

static condition_kind judge_condition(const olstm__loop_view* view,
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
    const condition_kind one = judge_less(view, operands, length);
    if (one == kConditionOther) return kConditionOther;
    if (one == kConditionExact) result = kConditionExact;
  }
  return result;
}

/// Whether the initial condition is true whenever the sequence has a step.
static bool starts_when_not_empty(const olstm__loop_view* view,
                                  const olstm__dim_symbol* length) {
  const olstm__graph* outer = view->outer;
  const int32_t condition = olstm__loop_node(view)->inputs[kLoopCondition];
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

bool olstm__loop_counts(const olstm__loop_view* view, int32_t sequence) {
  // What a Scan slices has one length, or it is refused.
  if (view->is_scan) return true;
  const olstm__dim_symbol length = olstm__dim_symbol_of(view->outer, sequence, 0);
  const int32_t trip = olstm__loop_node(view)->inputs[kLoopTrip];
  const condition_kind condition = judge_condition(view, &length);
  olstm__dim_symbol most = {OLSTM__NO_VALUE, 0, INT64_MAX};
  if (condition == kConditionOther || !starts_when_not_empty(view, &length)) return false;
  if (trip != OLSTM__NO_VALUE && !olstm__dim_symbol_of_scalar(view->outer, trip, &most)) {
    return false;
  }
  if (olstm__dim_symbol_equal(&most, &length)) return true;
  const bool unbounded = most.root == OLSTM__NO_VALUE && most.number >= INT32_MAX;
  return unbounded && condition == kConditionExact;
}
