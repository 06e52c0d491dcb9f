// Finds loops that are recurrent: what they carry depends on a sequence from outside, one
// slice per iteration. Propagates dependencies through a body; knows which operators take
// slices, and nothing of arithmetic.
#include <string.h>

#include "runtime/fuse/fuse_match.h"
#include "runtime/state/state_bind.h"

/// What a value of a body depends on.
enum {
  /// The iteration: its number, or a carried counter.
  kDependsOnTrip = 1,
  /// An outer value that is not constant.
  kDependsOnOutside = 2,
  /// A slice of such a value, a different one in each iteration.
  kDependsOnSlice = 4
};

/// A Loop or Scan. Carried value k is input first_input + k of the node, input
/// first_body_input + k of the body, and output first_output + k of the body.
typedef struct loop_view {
  const olstm__graph* graph;
  const olstm__graph_node* node;
  const olstm__graph* body;
  size_t carried_count, first_input, first_body_input, first_output;
} loop_view;

static bool view_loop(const olstm__graph* graph, const olstm__graph_node* node,
                      loop_view* view) {
  if (node->kind != OLSTM__NODE_CONTROL || node->domain[0] || node->body_count != 1) {
    return false;
  }
  const olstm__graph* body = node->bodies[0].graph;
  const bool is_loop = strcmp(node->op_type, "Loop") == 0;
  const int64_t scanned = olstm__match_int(node, "num_scan_inputs", 0);
  const size_t first = is_loop ? 2 : (node->opset_version < 9 ? 1 : 0);
  if ((!is_loop && strcmp(node->op_type, "Scan") != 0) || scanned < 0 ||
      node->own_input_count < first + (size_t)scanned) {
    return false;
  }
  *view = (loop_view){graph,          node,
                      body,           node->own_input_count - first - (size_t)scanned,
                      first,          is_loop ? 2 : 0,
                      is_loop ? 1 : 0};
  // Other counts are refused when operators are created.
  return body->own_input_count ==
             view->first_body_input + view->carried_count + (size_t)scanned &&
         body->output_count >= view->first_output + view->carried_count;
}

static bool is_integer(const olstm__graph* graph, int32_t value) {
  const olstm_dtype dtype = graph->values[value].info.dtype;
  return dtype == OLSTM_DTYPE_INT64 || dtype == OLSTM_DTYPE_INT32;
}

static bool is_known(const olstm__graph* graph, int32_t value) {
  return value == OLSTM__NO_VALUE || olstm__graph_constant(graph, value);
}

static bool is_passed_through(const loop_view* view, size_t k) {
  return olstm__match_skip_identity(view->body,
                                    view->body->outputs[view->first_output + k]) ==
         view->body->inputs[view->first_body_input + k];
}

static uint8_t carried_dependence(const loop_view* view, size_t k) {
  const int32_t outer = view->node->inputs[view->first_input + k];
  const int32_t inner = view->body->inputs[view->first_body_input + k];
  if (is_passed_through(view, k)) {
    return is_known(view->graph, outer) ? 0 : kDependsOnOutside;
  }
  const bool counts = is_integer(view->body, inner) ||
                      (outer != OLSTM__NO_VALUE && is_integer(view->graph, outer));
  return counts ? kDependsOnTrip : 0;
}

/// Marks the body's inputs.
static void mark_inputs(const loop_view* view, uint8_t* marks) {
  const olstm__graph* body = view->body;
  const olstm__graph_node* node = view->node;
  // In a Loop, iteration number and condition come before the carried values; in a Scan,
  // slices come after them.
  const size_t scanned = view->first_body_input + view->carried_count;
  if (view->first_body_input > 0) marks[body->inputs[0]] = kDependsOnTrip;
  for (size_t k = 0; k < view->carried_count; k++) {
    marks[body->inputs[view->first_body_input + k]] = carried_dependence(view, k);
  }
  for (size_t i = scanned; i < body->own_input_count; i++) {
    const int32_t outer =
        node->inputs[view->first_input + view->carried_count + i - scanned];
    if (!is_known(view->graph, outer)) marks[body->inputs[i]] = kDependsOnSlice;
  }
  for (size_t c = 0; c < node->bodies[0].capture_count; c++) {
    marks[body->inputs[body->own_input_count + c]] = kDependsOnOutside;
  }
}

/// Whether an operator takes a part of input 0 that other inputs select.
static bool takes_slices(const olstm__graph_node* node) {
  static const char* const kTypes[] = {"Gather",         "GatherND", "Slice",
                                       "GatherElements", "Split",    "SequenceAt"};
  for (size_t i = 0; i < sizeof kTypes / sizeof kTypes[0]; i++) {
    if (olstm__match_is(node, kTypes[i])) return true;
  }
  return false;
}

static uint8_t mark_of(const uint8_t* marks, int32_t value) {
  return value == OLSTM__NO_VALUE ? 0 : marks[value];
}

static void mark_node(const olstm__graph_node* node, uint8_t* marks) {
  uint8_t all = 0, chosen_by = 0;
  for (size_t i = 0; i < node->input_count; i++) {
    all |= mark_of(marks, node->inputs[i]);
    if (i > 0) chosen_by |= mark_of(marks, node->inputs[i]);
  }
  if (takes_slices(node) && (chosen_by & kDependsOnTrip) &&
      (mark_of(marks, olstm__graph_node_input(node, 0)) & kDependsOnOutside)) {
    all |= kDependsOnSlice;
  }
  for (size_t o = 0; o < node->output_count; o++) {
    if (node->outputs[o] != OLSTM__NO_VALUE) marks[node->outputs[o]] = all;
  }
}

/// Whether a carried value is only extended or partly overwritten: it collects results.
static bool is_collected(const loop_view* view, size_t k) {
  static const char* const kTypes[] = {"Concat", "SequenceInsert", "ScatterND",
                                       "ScatterElements"};
  const int32_t old = view->body->inputs[view->first_body_input + k];
  const olstm__graph_node* node = olstm__graph_producer(
      view->body, olstm__match_skip_identity(
                      view->body, view->body->outputs[view->first_output + k]));
  const olstm__graph_node* user = olstm__graph_only_consumer(view->body, old);
  if (!node || user != node) return false;
  for (size_t i = 0; i < sizeof kTypes / sizeof kTypes[0]; i++) {
    if (olstm__match_is(node, kTypes[i])) return true;
  }
  return false;
}

/// Whether an iteration reads the carried value.
static bool is_read(const loop_view* view, size_t k) {
  const olstm__graph_value* old =
      &view->body->values[view->body->inputs[view->first_body_input + k]];
  return old->use_count > 0 || old->output_use_count > 0;
}

/// Whether its initial value is a bound state slot.
static bool is_bound(const loop_view* view, size_t k) {
  const int32_t outer =
      olstm__match_skip_identity(view->graph, view->node->inputs[view->first_input + k]);
  return outer != OLSTM__NO_VALUE &&
         view->graph->values[outer].kind == OLSTM__VALUE_STATE;
}

olstm_status olstm__state_follows_sequence(const olstm__graph* graph,
                                           const olstm__graph_node* node,
                                           bool* out_follows, olstm_error* error) {
  loop_view view;
  *out_follows = false;
  if (!view_loop(graph, node, &view)) return OLSTM_STATUS_OK;
  const size_t count = (size_t)view.body->value_count;
  uint8_t* marks = olstm_allocate_zeroed(&graph->allocator, count, 1);
  if (!marks) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "stateful: no memory");
  }
  mark_inputs(&view, marks);
  for (int32_t i = 0; i < view.body->order_count; i++) {
    mark_node(&view.body->nodes[view.body->order[i]], marks);
  }
  for (size_t k = 0; k < view.carried_count; k++) {
    const int32_t next = view.body->outputs[view.first_output + k];
    if ((marks[next] & kDependsOnSlice) && is_read(&view, k) &&
        !is_passed_through(&view, k) && !is_collected(&view, k) && !is_bound(&view, k)) {
      *out_follows = true;
    }
  }
  olstm_release(&graph->allocator, marks, count, 1);
  return OLSTM_STATUS_OK;
}
