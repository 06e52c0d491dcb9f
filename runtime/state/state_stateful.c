// Chooses the recurrent nodes that become stateful: named ones, or all, in the main graph
// and in bodies. Refuses by name those that cannot.
#include <stdio.h>
#include <string.h>

#include "runtime/state/state_bind.h"
#include "runtime/state/state_nodes.h"

/// State of a walk through the nodes of a graph and of its bodies.
typedef struct node_walk {
  olstm__node_location location;
  /// The enclosing Loop or Scan, NULL for none.
  const olstm__graph_node* loop;
  /// The name of the node to make stateful, NULL for all.
  const char* name;
  bool is_found;
  /// Names of the recurrent nodes seen, as many as fit.
  char names[OLSTM_ERROR_CAPACITY / 2];
} node_walk;

static bool is_if(const olstm__graph_node* node) {
  return strcmp(node->op_type, "If") == 0 && !node->domain[0];
}

/// The end of every message of `all`.
static const char* advice(const node_walk* walk) {
  return walk->name ? "" : "; name the nodes that shall keep theirs instead of 'all'";
}

static olstm_status refuse_in_loop(const node_walk* walk, const olstm__graph_node* node,
                                   olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "stateful: %s '%s' is in the body of %s '%s', where state goes from "
                    "trip to trip and cannot go from run to run as well%s",
                    node->op_type, node->name, walk->loop->op_type, walk->loop->name,
                    advice(walk));
}

/// Refuses a control node that was named, or, for `all`, a loop with state of its own.
static olstm_status meet_control(node_walk* walk, const olstm__graph* graph,
                                 const olstm__graph_node* node, olstm_error* error) {
  if (walk->name && strcmp(walk->name, node->name) == 0) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "stateful: node '%s' is a %s%s, expected LSTM, GRU or RNN",
                      node->name, node->op_type,
                      is_if(node) ? "" : " that is not recognised as a recurrent layer");
  }
  bool follows = false;
  if (walk->name) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__state_follows_sequence(graph, node, &follows, error));
  if (!follows) return OLSTM_STATUS_OK;
  return olstm_fail(
      error, OLSTM_STATUS_UNSUPPORTED,
      "stateful: %s '%s' carries state along a sequence and is not "
      "recognised as a recurrent layer: it cannot keep it from run to run%s",
      node->op_type, node->name, advice(walk));
}

static olstm_status meet_operator(node_walk* walk, int32_t index, olstm_error* error) {
  const olstm__graph_node* node =
      &walk->location.levels[walk->location.depth].graph->nodes[index];
  const bool is_recurrent = olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT);
  const size_t used = strlen(walk->names);
  if (is_recurrent && used + strlen(node->name) + 8 <= sizeof walk->names) {
    (void)snprintf(walk->names + used, sizeof walk->names - used, "%s'%s'",
                   used ? ", " : "", node->name);
  }
  if (walk->name ? strcmp(walk->name, node->name) != 0 : !is_recurrent) {
    return OLSTM_STATUS_OK;
  }
  walk->is_found = true;
  if (!is_recurrent) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "stateful: node '%s' is a %s, expected LSTM, GRU or RNN",
                      node->name, node->op_type);
  }
  if (walk->loop) return refuse_in_loop(walk, node, error);
  return olstm__make_node_stateful(&walk->location, index, error);
}

/// Whether every branch of an If has all outputs of the If: others are refused when
/// operators are created.
static bool is_whole(const olstm__graph_node* node) {
  for (size_t b = 0; b < node->body_count; b++) {
    if (node->bodies[b].graph->output_count < node->output_count) return false;
  }
  return true;
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status walk_graph(node_walk* walk, olstm_error* error) {
  const size_t level = walk->location.depth;
  olstm__graph* graph = walk->location.levels[level].graph;
  // Nodes added meanwhile are at the end, and are not visited.
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = graph->order[i];
    const olstm__graph_node* node = &graph->nodes[index];
    if (node->kind == OLSTM__NODE_OPERATOR) {
      OLSTM_RETURN_IF_ERROR(meet_operator(walk, index, error));
    }
    if (node->kind != OLSTM__NODE_CONTROL || (is_if(node) && !is_whole(node))) continue;
    OLSTM_RETURN_IF_ERROR(meet_control(walk, graph, node, error));
    const olstm__graph_node* around = walk->loop;
    const olstm__graph_node control = *node;
    if (!is_if(node) && !around) walk->loop = &control;
    for (size_t b = 0; b < control.body_count; b++) {
      walk->location.levels[level].node = index;
      walk->location.levels[level].body = b;
      walk->location.levels[level + 1].graph = graph->nodes[index].bodies[b].graph;
      walk->location.depth = level + 1;
      OLSTM_RETURN_IF_ERROR(walk_graph(walk, error));
      walk->location.depth = level;
    }
    walk->loop = around;
  }
  return OLSTM_STATUS_OK;
}

/// Makes one node, or all (name NULL), stateful.
static olstm_status make_named_stateful(olstm__graph* graph, const char* name,
                                        olstm_error* error) {
  node_walk walk = {.name = name};
  walk.location.levels[0].graph = graph;
  OLSTM_RETURN_IF_ERROR(walk_graph(&walk, error));
  if (walk.is_found) return OLSTM_STATUS_OK;
  if (!name) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "stateful: the model has no LSTM, GRU or RNN node");
  }
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                    walk.names[0] ? "stateful: no node '%s'; recurrent nodes are: %s"
                                  : "stateful: no node '%s', nor any recurrent node",
                    name, walk.names);
}

// NOLINTNEXTLINE(misc-no-recursion)
static olstm_status sort_all(olstm__graph* graph, olstm_error* error) {
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    for (size_t b = 0; b < node->body_count; b++) {
      OLSTM_RETURN_IF_ERROR(sort_all(node->bodies[b].graph, error));
    }
  }
  return olstm__graph_sort(graph, error);
}

olstm_status olstm__state_make_stateful(olstm__graph* graph, size_t name_count,
                                        const char* const* names, olstm_error* error) {
  if (name_count == 0) return OLSTM_STATUS_OK;
  for (size_t i = 0; i < name_count; i++) {
    if (names[i]) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "stateful: name %zu is NULL",
                      i);
  }
  const bool is_all = name_count == 1 && strcmp(names[0], "all") == 0;
  for (size_t i = 0; i < name_count; i++) {
    OLSTM_RETURN_IF_ERROR(make_named_stateful(graph, is_all ? NULL : names[i], error));
  }
  return sort_all(graph, error);
}
