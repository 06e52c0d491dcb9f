// Sequences of tensors become tensors: what a Loop collects step by step becomes a scan
// output, what is taken from a split tensor one by one a Gather, and what nodes make of
// single tensors those tensors. All else that has a sequence is refused by name.
#include <string.h>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_add.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"
#include "runtime/fuse/fuse_sequence_ops.h"

enum { kLoopCarried = 2 };

/// Notes that a value is the same sequence as `from`.
static olstm_status copy_sequence(olstm__sequence_pass* pass, const olstm__sequence* from,
                                  int32_t to) {
  olstm__sequence* made = NULL;
  if (to == OLSTM__NO_VALUE) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(pass, from->count, &made));
  memcpy(made->parts, from->parts, from->count * sizeof *made->parts);
  pass->known[to] = made;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- captures

/// Lets a body have the tensors of the sequences that it captures, instead of them.
static olstm_status enter_captures(olstm__sequence_pass* outer,
                                   olstm__sequence_pass* inner, int32_t node,
                                   size_t body) {
  olstm__graph* graph = outer->graph;
  const olstm__graph_body* of = &graph->nodes[node].bodies[body];
  // Tensors that are captured meanwhile stand behind.
  for (size_t c = 0, left = of->capture_count; left > 0; left--) {
    const int32_t value = graph->nodes[node].inputs[of->first_capture + c];
    const olstm__sequence* sequence = olstm__sequence_of(outer, value);
    if (!sequence) {
      c++;
      continue;
    }
    const size_t at = inner->graph->own_input_count + c;
    const int32_t inside = inner->graph->inputs[at];
    OLSTM_RETURN_IF_ERROR(copy_sequence(inner, sequence, inside));
    for (size_t p = 0; p < sequence->count; p++) {
      olstm__sequence_part* part = &inner->known[inside]->parts[p];
      part->value = part->kind == OLSTM__PART_BEFORE
                        ? OLSTM__NO_VALUE
                        : olstm__graph_capture(graph, node, body, part->value);
    }
    OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, outer->error));
    OLSTM_RETURN_IF_ERROR(olstm__graph_check(inner->graph, outer->error));
    olstm__graph_drop_body_input(graph, node, body, at);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- Loops

/// What a step of a Loop does to a sequence that it carries.
typedef enum step_kind { kUnchanged, kAppends, kPrepends } step_kind;

/// Reads what the step does. *out_added: the tensor that it adds.
static olstm_status judge_step(const olstm__sequence_pass* outer,
                               const olstm__sequence_pass* inner,
                               const olstm__graph_node* loop, size_t carried,
                               step_kind* out_kind, int32_t* out_added) {
  const olstm__graph* body = inner->graph;
  const int32_t before = body->inputs[kLoopCarried + carried];
  const olstm__sequence* after = olstm__sequence_of(inner, body->outputs[1 + carried]);
  for (size_t p = 0; after && p < after->count; p++) {
    const olstm__sequence_part* part = &after->parts[p];
    if (part->kind != OLSTM__PART_BEFORE || part->value != before) continue;
    const olstm__sequence_part* other = &after->parts[after->count - 1 - p];
    *out_kind = after->count == 1 ? kUnchanged : p == 0 ? kAppends : kPrepends;
    *out_added = other->value;
    if (after->count == 1 || (after->count == 2 && other->kind == OLSTM__PART_ONE)) {
      return OLSTM_STATUS_OK;
    }
  }
  return olstm__sequence_refuse(
      outer, loop, "a step makes another sequence of '%s' than with one tensor more",
      body->values[before].info.name);
}

/// Takes a carried value out of a Loop.
static void drop_carried(olstm__graph* graph, int32_t node, size_t carried) {
  olstm__graph_node* loop = &graph->nodes[node];
  olstm__graph* body = loop->bodies[0].graph;
  body->values[body->outputs[1 + carried]].output_use_count--;
  body->output_count--;
  memmove(&body->outputs[1 + carried], &body->outputs[2 + carried],
          (body->output_count - 1 - carried) * sizeof *body->outputs);
  if (carried < loop->output_count) {
    olstm__graph_set_output(graph, node, carried, OLSTM__NO_VALUE);
    loop->output_count--;
    memmove(&loop->outputs[carried], &loop->outputs[carried + 1],
            (loop->output_count - carried) * sizeof *loop->outputs);
  }
  olstm__graph_drop_body_input(graph, node, 0, kLoopCarried + carried);
}

/// Adds a scan output: what all steps add, stacked. A dimension of 1 that a step adds
/// itself is left to those that read it.
static bool add_scan(olstm__graph* graph, int32_t node, int32_t added,
                     olstm__sequence_part* out) {
  olstm__graph* body = graph->nodes[node].bodies[0].graph;
  const olstm__graph_node* unsqueeze =
      olstm__graph_producer_of_type(body, added, "Unsqueeze");
  *out = (olstm__sequence_part){.kind = OLSTM__PART_STEPS};
  if (unsqueeze && olstm__graph_node_input(unsqueeze, 0) != OLSTM__NO_VALUE &&
      olstm__match_one_axis(body, unsqueeze, &out->kept) && out->kept >= 0) {
    out->has_kept = true;
    added = olstm__graph_node_input(unsqueeze, 0);
  }
  const char* name = olstm__graph_format(graph, "%s/%s", graph->nodes[node].name,
                                         body->values[added].info.name);
  out->value = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, name);
  if (!olstm__graph_add_output(body, added)) return false;
  const size_t slot = body->output_count - 2;
  if (!olstm__graph_reserve_outputs(graph, node, slot + 1)) return false;
  olstm__graph_set_output(graph, node, slot, out->value);
  return true;
}

/// Replaces a sequence that a Loop carries, and notes what the Loop makes of it.
static olstm_status replace_carried(olstm__sequence_pass* outer,
                                    const olstm__sequence_pass* inner, int32_t node,
                                    size_t carried) {
  olstm__graph* graph = outer->graph;
  const olstm__graph_node* loop = &graph->nodes[node];
  const olstm__sequence* start =
      olstm__sequence_of(outer, loop->inputs[kLoopCarried + carried]);
  const int32_t result = olstm__graph_node_output(loop, carried);
  step_kind kind = kUnchanged;
  int32_t added = OLSTM__NO_VALUE;
  OLSTM_RETURN_IF_ERROR(judge_step(outer, inner, loop, carried, &kind, &added));
  drop_carried(graph, node, carried);
  if (result == OLSTM__NO_VALUE) return OLSTM_STATUS_OK;
  if (kind == kUnchanged) return copy_sequence(outer, start, result);
  olstm__sequence* made = NULL;
  olstm__sequence_part steps;
  OLSTM_RETURN_IF_ERROR(olstm__sequence_make(outer, start->count + 1, &made));
  if (!add_scan(graph, node, added, &steps)) {
    OLSTM_RETURN_IF_ERROR(olstm__graph_check(inner->graph, outer->error));
    return olstm__graph_check(graph, outer->error);
  }
  const size_t first = kind == kPrepends ? 1 : 0;
  memcpy(made->parts + first, start->parts, start->count * sizeof *made->parts);
  if (kind == kPrepends) {
    steps.value = olstm__fuse_add_reversal(
        graph, olstm__graph_format(graph, "%s/reversed", graph->nodes[node].name),
        steps.value);
  }
  made->parts[kind == kPrepends ? 0 : start->count] = steps;
  outer->known[result] = made;
  return olstm__graph_check(graph, outer->error);
}

static bool is_loop(const olstm__graph_node* node) {
  return node->kind == OLSTM__NODE_CONTROL && strcmp(node->op_type, "Loop") == 0 &&
         !node->domain[0] && node->body_count == 1;
}

/// How many values a Loop carries: 0 for any other node, and for one that has not what
/// its body needs, which is refused later.
static size_t count_carried(const olstm__graph_node* node) {
  if (!is_loop(node) || node->own_input_count < kLoopCarried) return 0;
  const olstm__graph* body = node->bodies[0].graph;
  const size_t carried = node->own_input_count - kLoopCarried;
  return body->own_input_count == node->own_input_count &&
                 body->output_count >= 1 + carried
             ? carried
             : 0;
}

// ---------------------------------------------------------------- graphs

static olstm_status start_pass(const olstm__sequence_pass* around, olstm__graph* graph,
                               olstm__sequence_pass* out) {
  *out = (olstm__sequence_pass){.graph = graph,
                                .known_count = graph->value_count,
                                .counter = OLSTM__NO_VALUE,
                                .parts_left = around->parts_left,
                                .error = around->error};
  out->known =
      olstm__graph_allocate(graph, (size_t)graph->value_count + 1, sizeof *out->known);
  return olstm__graph_check(graph, around->error);
}

static olstm_status walk_graph(olstm__sequence_pass* pass);

/// Refuses the inputs of a node that are sequences, `first` and later.
static olstm_status refuse_inputs(const olstm__sequence_pass* pass,
                                  const olstm__graph_node* node, size_t first,
                                  size_t count) {
  for (size_t i = first; i < count; i++) {
    if (!olstm__sequence_of(pass, node->inputs[i])) continue;
    return olstm__sequence_refuse(pass, node, "input '%s' is a sequence",
                                  pass->graph->values[node->inputs[i]].info.name);
  }
  return OLSTM_STATUS_OK;
}

/// Refuses the outputs of a body that are sequences, but for those that a Loop carries.
static olstm_status refuse_outputs(const olstm__sequence_pass* outer,
                                   const olstm__sequence_pass* inner, int32_t node,
                                   size_t carried_count) {
  const olstm__graph_node* control = &outer->graph->nodes[node];
  const olstm__graph* body = inner->graph;
  for (size_t o = 0; o < body->output_count; o++) {
    const bool is_carried =
        o >= 1 && o <= carried_count &&
        olstm__sequence_of(outer, control->inputs[kLoopCarried + o - 1]);
    if (!olstm__sequence_of(inner, body->outputs[o]) || is_carried) continue;
    return olstm__sequence_refuse(outer, control, "output '%s' of a body is a sequence",
                                  body->values[body->outputs[o]].info.name);
  }
  return OLSTM_STATUS_OK;
}

/// The iteration number of a Loop's body, where that is a scalar; NO_VALUE in bodies of
/// other nodes.
static int32_t find_counter(const olstm__graph_node* node, const olstm__graph* body) {
  if (!is_loop(node) || body->own_input_count == 0) return OLSTM__NO_VALUE;
  return body->values[body->inputs[0]].info.rank <= 0 ? body->inputs[0] : OLSTM__NO_VALUE;
}

/// Tells a Loop's body of the sequences that it carries.
static olstm_status enter_carried(const olstm__sequence_pass* outer,
                                  olstm__sequence_pass* inner,
                                  const olstm__graph_node* loop, size_t carried_count) {
  for (size_t j = 0; j < carried_count; j++) {
    if (!olstm__sequence_of(outer, loop->inputs[kLoopCarried + j])) continue;
    const int32_t value = inner->graph->inputs[kLoopCarried + j];
    olstm__sequence* made = NULL;
    OLSTM_RETURN_IF_ERROR(olstm__sequence_make(inner, 1, &made));
    made->parts[0] = (olstm__sequence_part){.kind = OLSTM__PART_BEFORE, .value = value};
    inner->known[value] = made;
  }
  return OLSTM_STATUS_OK;
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status meet_control(olstm__sequence_pass* pass, int32_t node) {
  olstm__graph* graph = pass->graph;
  const size_t carried = count_carried(&graph->nodes[node]);
  const size_t first = carried > 0 ? kLoopCarried + carried : 0;
  OLSTM_RETURN_IF_ERROR(
      refuse_inputs(pass, &graph->nodes[node], 0, first > 0 ? kLoopCarried : 0));
  OLSTM_RETURN_IF_ERROR(refuse_inputs(pass, &graph->nodes[node], first,
                                      graph->nodes[node].own_input_count));
  for (size_t b = 0; b < graph->nodes[node].body_count; b++) {
    olstm__sequence_pass inner;
    OLSTM_RETURN_IF_ERROR(start_pass(pass, graph->nodes[node].bodies[b].graph, &inner));
    inner.counter = find_counter(&graph->nodes[node], inner.graph);
    OLSTM_RETURN_IF_ERROR(enter_carried(pass, &inner, &graph->nodes[node], carried));
    OLSTM_RETURN_IF_ERROR(enter_captures(pass, &inner, node, b));
    OLSTM_RETURN_IF_ERROR(walk_graph(&inner));
    OLSTM_RETURN_IF_ERROR(refuse_outputs(pass, &inner, node, carried));
    // From the last, so that the numbers of those before it stay.
    for (size_t j = carried; j-- > 0;) {
      const int32_t start = graph->nodes[node].inputs[kLoopCarried + j];
      if (!olstm__sequence_of(pass, start)) continue;
      OLSTM_RETURN_IF_ERROR(replace_carried(pass, &inner, node, j));
    }
  }
  return OLSTM_STATUS_OK;
}

// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status meet_node(olstm__sequence_pass* pass, int32_t node) {
  const olstm__graph_node* of = &pass->graph->nodes[node];
  if (olstm__sequence_handles(of)) return olstm__sequence_handle(pass, node);
  if (of->kind == OLSTM__NODE_CONTROL) return meet_control(pass, node);
  const olstm__sequence* same = olstm__sequence_of(pass, olstm__graph_node_input(of, 0));
  if (same && olstm__match_is(of, "Identity")) {
    return copy_sequence(pass, same, olstm__graph_node_output(of, 0));
  }
  return refuse_inputs(pass, of, 0, of->own_input_count);
}

/// Follows the sequences of a graph, and removes the nodes that had them.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status walk_graph(olstm__sequence_pass* pass) {
  olstm__graph* graph = pass->graph;
  // Nodes added meanwhile are at the end, and are not visited.
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    OLSTM_RETURN_IF_ERROR(meet_node(pass, graph->order[i]));
  }
  for (int32_t i = 0; i < count; i++) {
    const int32_t n = graph->order[i];
    if (olstm__sequence_handles(&graph->nodes[n]) ||
        olstm__sequence_of(pass, olstm__graph_node_output(&graph->nodes[n], 0))) {
      olstm__graph_remove_node(graph, n);
    }
  }
  return olstm__graph_sort(graph, pass->error);
}

/// Whether a graph, or a body in it, has any sequence.
// NOLINTNEXTLINE(misc-no-recursion)
static bool has_sequences(const olstm__graph* graph) {
  for (int32_t n = 0; n < graph->node_count; n++) {
    const olstm__graph_node* node = &graph->nodes[n];
    if (olstm__sequence_handles(node)) return true;
    for (size_t b = 0; b < node->body_count; b++) {
      if (has_sequences(node->bodies[b].graph)) return true;
    }
  }
  return false;
}

olstm_status olstm__fuse_sequences(olstm__graph* graph, olstm_error* error) {
  size_t parts_left = OLSTM__SEQUENCE_MOST_PARTS;
  const olstm__sequence_pass around = {.parts_left = &parts_left, .error = error};
  olstm__sequence_pass pass;
  if (!has_sequences(graph)) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(start_pass(&around, graph, &pass));
  OLSTM_RETURN_IF_ERROR(walk_graph(&pass));
  for (size_t o = 0; o < graph->output_count; o++) {
    if (!olstm__sequence_of(&pass, graph->outputs[o])) continue;
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "graph output '%s' is a sequence: only tensors are supported",
                      graph->values[graph->outputs[o]].info.name);
  }
  return OLSTM_STATUS_OK;
}
