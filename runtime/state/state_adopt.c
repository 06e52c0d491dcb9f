// Nodes of the domain that olstm's own library adds to ONNX Runtime (its
// adapters/onnxruntime): LSTM is ONNX's, with activations in one string; StatefulLSTM
// keeps its state from run to run, and starts anew where its input `reset` is true.
#include <string.h>

#include "runtime/state/state_bind.h"
#include "runtime/state/state_walk.h"

enum { kOwnOpset = 1, kLstmOpset = 22, kResetInput = OLSTM_RECURRENT_INPUT_COUNT };

/// kMostActivations: three for each of two directions.
enum { kMostActivations = 6 };

/// What the walk knows.
typedef struct adoption {
  const olstm_registry* registry;
  bool has_any;
} adoption;

static bool is_own(const olstm__graph_node* node) {
  return node->kind == OLSTM__NODE_OPERATOR && strcmp(node->domain, "olstm") == 0 &&
         (strcmp(node->op_type, "LSTM") == 0 ||
          strcmp(node->op_type, "StatefulLSTM") == 0);
}

// ---------------------------------------------------------------- attributes

/// "Sigmoid,Tanh,Tanh" as a list; empty names are left out.
static olstm_status split_activations(olstm__graph* graph, const olstm__graph_node* node,
                                      const olstm_string* joined,
                                      olstm_attribute* attribute, olstm_error* error) {
  char* text = olstm__graph_allocate(graph, joined->byte_count + 1, 1);
  olstm_string* parts = olstm__graph_allocate(graph, kMostActivations, sizeof *parts);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  memcpy(text, joined->bytes, joined->byte_count);
  attribute->kind = OLSTM_ATTRIBUTE_STRINGS;
  attribute->strings = parts;
  attribute->count = 0;
  for (char *part = text, *comma = text; comma; part = comma + 1) {
    comma = strchr(part, ',');
    if (comma) *comma = '\0';
    if (!part[0]) continue;
    if (attribute->count == kMostActivations) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                        "%s '%s': more than %d activations", node->op_type, node->name,
                        (int)kMostActivations);
    }
    parts[attribute->count++] = (olstm_string){part, strlen(part)};
  }
  return OLSTM_STATUS_OK;
}

static olstm_status adopt_attributes(olstm__graph* graph, olstm__graph_node* node,
                                     olstm_error* error) {
  olstm_attribute* made =
      olstm__graph_allocate(graph, node->attribute_count, sizeof *made);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  for (size_t a = 0; a < node->attribute_count; a++) {
    made[a] = node->attributes[a];
    if (strcmp(made[a].name, "activations") != 0 ||
        made[a].kind != OLSTM_ATTRIBUTE_STRING) {
      continue;
    }
    OLSTM_RETURN_IF_ERROR(
        split_activations(graph, node, node->attributes[a].strings, &made[a], error));
  }
  node->attributes = made;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- state

/// Takes the input `reset` away from a node, and returns it as a scalar: a tensor of more
/// elements is refused. NO_VALUE when there is none.
static int32_t take_reset(olstm__graph* graph, int32_t index) {
  static const olstm_tensor_desc kNoDims = {OLSTM_DTYPE_INT64, 1, {0}};
  olstm__graph_node* node = &graph->nodes[index];
  const int32_t reset = olstm__graph_node_input(node, kResetInput);
  if (node->input_count <= kResetInput) return OLSTM__NO_VALUE;
  olstm__graph_set_input(graph, index, kResetInput, OLSTM__NO_VALUE);
  node->input_count = node->own_input_count = kResetInput;
  if (reset == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const int32_t inputs[] = {
      reset, olstm__graph_add_constant(graph, "no_dims",
                                       olstm__graph_allocate_tensor(graph, &kNoDims))};
  return olstm__graph_add_operator(graph,
                                   olstm__graph_format(graph, "%s/reset", node->name),
                                   "Reshape", OLSTM__STATE_OPSET, NULL, 2, inputs);
}

/// Lets a node start from `start` (NO_VALUE: zeros) where `reset` is true.
static void add_reset(olstm__graph* graph, int32_t index, size_t slot, int32_t reset,
                      int32_t start) {
  const char* letter = slot == OLSTM_RECURRENT_INITIAL_C ? "c" : "h";
  const olstm__graph_node* node = &graph->nodes[index];
  if (start == OLSTM__NO_VALUE) {
    const olstm_tensor_desc zero = {.dtype =
                                        olstm__recurrent_read_shape(graph, node).dtype};
    start = olstm__graph_add_constant(graph, "zero",
                                      olstm__graph_allocate_tensor(graph, &zero));
  }
  const int32_t inputs[] = {reset, start, node->inputs[slot]};
  const int32_t chosen = olstm__graph_add_operator(
      graph, olstm__graph_format(graph, "%s/%s/reset", node->name, letter), "Where",
      OLSTM__STATE_OPSET, NULL, 3, inputs);
  if (chosen != OLSTM__NO_VALUE) olstm__graph_set_input(graph, index, slot, chosen);
}

static olstm_status keep_state(olstm__state_walk* walk, int32_t index,
                               olstm_error* error) {
  olstm__graph* graph = walk->location.levels[walk->location.depth].graph;
  const olstm__graph_node* node = &graph->nodes[index];
  if (walk->loop) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "StatefulLSTM '%s' is in the body of %s '%s', where state goes "
                      "from trip to trip and cannot go from run to run as well",
                      node->name, walk->loop->op_type, walk->loop->name);
  }
  const int32_t start_h = olstm__graph_node_input(node, OLSTM_RECURRENT_INITIAL_H);
  const int32_t start_c = olstm__graph_node_input(node, OLSTM_RECURRENT_INITIAL_C);
  const int32_t reset = take_reset(graph, index);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  OLSTM_RETURN_IF_ERROR(olstm__make_node_stateful(&walk->location, index, error));
  if (reset != OLSTM__NO_VALUE) {
    add_reset(graph, index, OLSTM_RECURRENT_INITIAL_H, reset, start_h);
    add_reset(graph, index, OLSTM_RECURRENT_INITIAL_C, reset, start_c);
  }
  return olstm__graph_check(graph, error);
}

// ---------------------------------------------------------------- nodes

static olstm_status adopt(olstm__state_walk* walk, int32_t index, olstm_error* error) {
  olstm__graph* graph = walk->location.levels[walk->location.depth].graph;
  olstm__graph_node* node = &graph->nodes[index];
  adoption* known = walk->user;
  if (!is_own(node) || olstm__registry_find(known->registry, node->domain, node->op_type,
                                            node->opset_version)) {
    return OLSTM_STATUS_OK;
  }
  const bool is_stateful = strcmp(node->op_type, "StatefulLSTM") == 0;
  const size_t most = is_stateful ? kResetInput + 1 : kResetInput;
  if (node->opset_version != kOwnOpset) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s': opset %d is not supported, expected %d", node->op_type,
                      node->name, (int)node->opset_version, (int)kOwnOpset);
  }
  if (node->input_count > most) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                      "%s '%s': has %zu inputs, expected at most %zu", node->op_type,
                      node->name, node->input_count, most);
  }
  OLSTM_RETURN_IF_ERROR(adopt_attributes(graph, node, error));
  known->has_any = true;
  node->op_type = "LSTM";
  node->opset_version = kLstmOpset;
  olstm__graph_set_domain(graph, index, "");
  if (!is_stateful) return OLSTM_STATUS_OK;
  node->fused_from = "olstm's StatefulLSTM";
  return keep_state(walk, index, error);
}

olstm_status olstm__state_adopt(olstm__graph* graph, const olstm_registry* registry,
                                olstm_error* error) {
  adoption known = {registry, false};
  OLSTM_RETURN_IF_ERROR(olstm__state_walk_nodes(graph, adopt, &known, error));
  return known.has_any ? olstm__state_sort_all(graph, error) : OLSTM_STATUS_OK;
}
