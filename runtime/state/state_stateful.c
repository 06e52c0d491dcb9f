// Chooses the recurrent nodes that become stateful: named ones, or all, in the main graph
// and in bodies. Refuses by name those that cannot.
#include <stdio.h>
#include <string.h>

#include "runtime/state/state_bind.h"
#include "runtime/state/state_walk.h"

/// What the walk looks for.
typedef struct choice {
  /// The name of the node to make stateful, NULL for all.
  const char* name;
  /// The first slots of the main graph: of nodes that are stateful by themselves.
  size_t own_count;
  bool is_found;
  /// Names of the recurrent nodes seen, as many as fit.
  char names[OLSTM_ERROR_CAPACITY / 2];
} choice;

/// The end of every message of `all`.
static const char* advice(const choice* chosen) {
  return chosen->name ? "" : "; name the nodes that shall keep theirs instead of 'all'";
}

static olstm_status refuse_in_loop(const olstm__state_walk* walk,
                                   const olstm__graph_node* node, olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "stateful: %s '%s' is in the body of %s '%s', where state goes from "
                    "trip to trip and cannot go from run to run as well%s",
                    node->op_type, node->name, walk->loop->op_type, walk->loop->name,
                    advice(walk->user));
}

/// Refuses a control node that was named, or, for `all`, a loop with state of its own.
static olstm_status meet_control(const olstm__state_walk* walk,
                                 const olstm__graph_node* node, olstm_error* error) {
  const olstm__graph* graph = walk->location.levels[walk->location.depth].graph;
  const choice* chosen = walk->user;
  if (chosen->name && strcmp(chosen->name, node->name) == 0) {
    return olstm_fail(
        error, OLSTM_STATUS_INVALID_ARGUMENT,
        "stateful: node '%s' is a %s%s, expected LSTM, GRU or RNN", node->name,
        node->op_type,
        olstm__state_is_if(node) ? "" : " that is not recognised as a recurrent layer");
  }
  bool follows = false;
  if (chosen->name) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__state_follows_sequence(graph, node, &follows, error));
  if (!follows) return OLSTM_STATUS_OK;
  return olstm_fail(
      error, OLSTM_STATUS_UNSUPPORTED,
      "stateful: %s '%s' carries state along a sequence and is not "
      "recognised as a recurrent layer: it cannot keep it from run to run%s",
      node->op_type, node->name, advice(chosen));
}

/// Whether the model itself makes the node stateful.
static bool is_stateful_itself(const olstm__state_walk* walk,
                               const olstm__graph_node* node) {
  const olstm__graph* main = walk->location.levels[0].graph;
  const choice* chosen = walk->user;
  const size_t length = strlen(node->name);
  for (size_t s = 0; s < chosen->own_count; s++) {
    const char* slot = main->states[s].name;
    if (strncmp(slot, node->name, length) == 0 && strcmp(slot + length, "/h") == 0) {
      return true;
    }
  }
  return false;
}

static olstm_status meet_operator(const olstm__state_walk* walk, int32_t index,
                                  olstm_error* error) {
  choice* chosen = walk->user;
  const olstm__graph_node* node =
      &walk->location.levels[walk->location.depth].graph->nodes[index];
  const bool is_recurrent = olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT);
  const size_t used = strlen(chosen->names);
  if (is_recurrent && used + strlen(node->name) + 8 <= sizeof chosen->names) {
    (void)snprintf(chosen->names + used, sizeof chosen->names - used, "%s'%s'",
                   used ? ", " : "", node->name);
  }
  if (chosen->name ? strcmp(chosen->name, node->name) != 0 : !is_recurrent) {
    return OLSTM_STATUS_OK;
  }
  chosen->is_found = true;
  if (!is_recurrent) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "stateful: node '%s' is a %s, expected LSTM, GRU or RNN",
                      node->name, node->op_type);
  }
  if (walk->loop) return refuse_in_loop(walk, node, error);
  if (node->goes_on) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "stateful: %s '%s' (%s) goes on from steps before it that are not "
                      "recognised: it cannot keep its state from run to run%s",
                      node->op_type, node->name, node->fused_from, advice(chosen));
  }
  if (is_stateful_itself(walk, node)) return OLSTM_STATUS_OK;
  return olstm__make_node_stateful(&walk->location, index, error);
}

static olstm_status meet_node(olstm__state_walk* walk, int32_t node, olstm_error* error) {
  const olstm__graph* graph = walk->location.levels[walk->location.depth].graph;
  return graph->nodes[node].kind == OLSTM__NODE_CONTROL
             ? meet_control(walk, &graph->nodes[node], error)
             : meet_operator(walk, node, error);
}

/// Makes one node, or all (name NULL), stateful.
static olstm_status make_named_stateful(olstm__graph* graph, size_t own_count,
                                        const char* name, olstm_error* error) {
  choice chosen = {.name = name, .own_count = own_count};
  OLSTM_RETURN_IF_ERROR(olstm__state_walk_nodes(graph, meet_node, &chosen, error));
  if (chosen.is_found) return OLSTM_STATUS_OK;
  if (!name) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "stateful: the model has no LSTM, GRU or RNN node");
  }
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                    chosen.names[0] ? "stateful: no node '%s'; recurrent nodes are: %s"
                                    : "stateful: no node '%s', nor any recurrent node",
                    name, chosen.names);
}

olstm_status olstm__state_make_stateful(olstm__graph* graph, size_t own_count,
                                        size_t name_count, const char* const* names,
                                        olstm_error* error) {
  if (name_count == 0) return OLSTM_STATUS_OK;
  for (size_t i = 0; i < name_count; i++) {
    if (names[i]) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "stateful: name %zu is NULL",
                      i);
  }
  const bool is_all = name_count == 1 && strcmp(names[0], "all") == 0;
  for (size_t i = 0; i < name_count; i++) {
    OLSTM_RETURN_IF_ERROR(
        make_named_stateful(graph, own_count, is_all ? NULL : names[i], error));
  }
  return olstm__state_sort_all(graph, error);
}
