#include "runtime/convert/layer_list.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

/// The most nodes that a value is followed through.
enum { kMostMoves = 8 };

static char kAbsent[] = "";

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list of layers");
}

// ---------------------------------------------------------------- listing

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
static void report_bodies(const olstm__graph_node* node, olstm__convert_report* report) {
  for (size_t b = 0; b < node->body_count; b++) {
    const olstm__graph* body = node->bodies[b].graph;
    for (int32_t i = 0; i < body->order_count; i++) {
      const olstm__graph_node* inner = &body->nodes[body->order[i]];
      if (olstm__graph_node_has(inner, OLSTM__TRAIT_RECURRENT)) {
        olstm__convert_stays(report, "state", inner->name,
                             "the node is in a body of %s '%s'", node->op_type,
                             node->name);
      }
      report_bodies(inner, report);
    }
  }
}

static olstm__node_proto* find_proto(const olstm__graph_edit* edit,
                                     const olstm__graph_node* node) {
  for (size_t o = 0; o < node->output_count; o++) {
    if (node->outputs[o] == OLSTM__NO_VALUE) continue;
    return olstm__graph_edit_producer(edit, node->outputs[o]);
  }
  return NULL;
}

static void list_layer(olstm__layer_list* list, const olstm__graph_node* node,
                       const bool* is_needed, olstm__convert_report* report) {
  if (node->domain[0] || !olstm_recurrent_is_op_type(node->op_type)) {
    olstm__convert_stays(report, "state", node->name, "%s is not an operator of ONNX's",
                         node->op_type);
    return;
  }
  olstm__node_proto* proto = find_proto(&list->edit, node);
  if (!proto) {
    olstm__convert_stays(report, "state", node->name,
                         "the node is inside a local function");
    return;
  }
  const int states = strcmp(node->op_type, "LSTM") == 0 ? 2 : 1;
  olstm__listed_layer* layer = &list->layers[list->count++];
  *layer = (olstm__listed_layer){node, proto, states, false};
  for (size_t o = 0; o < node->output_count; o++) {
    const int32_t output = node->outputs[o];
    if (output != OLSTM__NO_VALUE && is_needed[output]) layer->is_needed = true;
  }
}

olstm_status olstm__layer_list_open(olstm__layer_list* list, olstm__encode_model* model,
                                    olstm__convert_report* report, olstm_error* error) {
  olstm_session_options options;
  memset(list, 0, sizeof *list);
  list->model = model;
  olstm_session_options_init(&options);
  options.allocator = &model->allocator;
  OLSTM_RETURN_IF_ERROR(
      olstm__scratch_graph_open(model, &options, &list->scratch, error));
  OLSTM_RETURN_IF_ERROR(olstm__proto_names_init(&list->names, model, error));
  olstm__graph* graph = list->scratch.graph;
  OLSTM_RETURN_IF_ERROR(olstm__graph_edit_init(&list->edit, model, &list->names,
                                               &list->scratch, graph, model->proto->graph,
                                               error));
  list->layers = olstm__arena_allocate(&list->edit.memory, (size_t)graph->node_count,
                                       sizeof *list->layers);
  list->wheres = olstm__arena_allocate(&list->edit.memory, (size_t)graph->node_count,
                                       sizeof *list->wheres);
  const bool* is_needed = olstm__find_needed_data(graph, &list->edit.memory);
  if (!list->layers || !list->wheres || !is_needed ||
      !olstm__frozen_values_init(&list->frozen, graph, &list->edit.memory)) {
    return fail_memory(error);
  }
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    report_bodies(node, report);
    if (olstm__match_is(node, "Where"))
      list->wheres[list->where_count++] = graph->order[i];
    if (olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT)) {
      list_layer(list, node, is_needed, report);
    }
  }
  return OLSTM_STATUS_OK;
}

void olstm__layer_list_close(olstm__layer_list* list) {
  if (list->edit.graph) olstm__graph_edit_deinit(&list->edit);
  olstm__proto_names_deinit(&list->names);
  olstm__scratch_graph_close(&list->scratch);
}

// ---------------------------------------------------------------- layers

int32_t olstm__layer_initial(const olstm__listed_layer* layer, int state) {
  return olstm__graph_node_input(layer->node,
                                 (size_t)OLSTM_RECURRENT_INITIAL_H + (size_t)state);
}

/// Sets a name of a list of names, which grows.
static bool set_name(olstm__layer_list* list, char*** names, size_t* count, size_t slot,
                     char* name) {
  if (slot >= *count) {
    char** more = olstm__arena_allocate(&list->model->memory, slot + 1, sizeof *more);
    if (!more) return false;
    for (size_t i = 0; i <= slot; i++) more[i] = i < *count ? (*names)[i] : kAbsent;
    *names = more;
    *count = slot + 1;
  }
  (*names)[slot] = name ? name : kAbsent;
  return true;
}

bool olstm__layer_set_input(olstm__layer_list* list, olstm__node_proto* proto,
                            size_t slot, char* name) {
  char* before = slot < proto->n_input ? proto->input[slot] : kAbsent;
  if (before[0] && !olstm__build_append(list->model, &list->unused, before)) return false;
  return set_name(list, &proto->input, &proto->n_input, slot, name);
}

bool olstm__layer_set_output(olstm__layer_list* list, olstm__node_proto* proto,
                             size_t slot, char* name) {
  return set_name(list, &proto->output, &proto->n_output, slot, name);
}

/// The value that `value` has the elements of, some of them, moved.
static int32_t before_moves(const olstm__graph* graph, int32_t value) {
  for (int32_t steps = 0; steps < kMostMoves; steps++) {
    const olstm__graph_node* node = olstm__graph_producer(graph, value);
    if (!node || !olstm__graph_node_has(node, OLSTM__TRAIT_MOVES_ELEMENTS) ||
        olstm__match_is(node, "Concat") || node->inputs[0] == OLSTM__NO_VALUE) {
      break;
    }
    value = node->inputs[0];
  }
  return value;
}

bool olstm__layer_computes_choice(const olstm__layer_list* list,
                                  const olstm__listed_layer* layer, int state,
                                  const olstm__graph_node* node) {
  const olstm__graph_node* of = layer->node;
  if (node->input_count != 3 || node->inputs[1] == OLSTM__NO_VALUE) return false;
  const int32_t from = before_moves(list->edit.graph, node->inputs[1]);
  return from ==
             olstm__graph_node_output(of, (size_t)OLSTM_RECURRENT_Y_H + (size_t)state) ||
         (state == 0 && from == olstm__graph_node_output(of, OLSTM_RECURRENT_Y));
}

bool olstm__layer_is_choice(const olstm__layer_list* list,
                            const olstm__listed_layer* layer, int state,
                            const olstm__graph_node* node, bool* out_is_squeezed) {
  *out_is_squeezed = false;
  if (!olstm__match_is(node, "Where") ||
      !olstm__layer_computes_choice(list, layer, state, node) ||
      node->inputs[2] == OLSTM__NO_VALUE) {
    return false;
  }
  const int32_t start = node->inputs[2], initial = olstm__layer_initial(layer, state);
  const int32_t last =
      olstm__graph_node_output(layer->node, (size_t)OLSTM_RECURRENT_Y_H + (size_t)state);
  if (node->inputs[1] == last && start == initial) return true;
  // What masked steps before the first one that is not have for Y: h, where both are 0.
  *out_is_squeezed = true;
  return state == 0 && list->frozen.is_zero[start] &&
         (initial == OLSTM__NO_VALUE || list->frozen.is_zero[initial]);
}

olstm__node_proto* olstm__layer_find_proto(const olstm__layer_list* list,
                                           const olstm__graph_node* node) {
  return find_proto(&list->edit, node);
}

// ---------------------------------------------------------------- writing

olstm_status olstm__layer_list_apply(olstm__layer_list* list, olstm_error* error) {
  olstm__encode_model* model = list->model;
  olstm__graph_proto* graph = model->proto->graph;
  void* inputs = olstm__build_extend(model, graph->input, &graph->n_input, &list->inputs);
  void* outputs =
      inputs ? olstm__build_extend(model, graph->output, &graph->n_output, &list->outputs)
             : NULL;
  void* nodes = outputs ? olstm__build_extend(model, graph->node, &graph->n_node,
                                              &list->edit.writer.nodes)
                        : NULL;
  void* constants =
      nodes ? olstm__build_extend(model, graph->initializer, &graph->n_initializer,
                                  &list->edit.writer.initializers)
            : NULL;
  if (!constants) return fail_memory(error);
  graph->input = inputs;
  graph->output = outputs;
  graph->node = nodes;
  graph->initializer = constants;
  return olstm__proto_tidy(model, graph, (const char* const*)list->unused.items,
                           list->unused.count, error);
}
