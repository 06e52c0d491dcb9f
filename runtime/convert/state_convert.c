#include "runtime/convert/state_convert.h"

#include <string.h>

#include "runtime/convert/state_choice.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/state/state_nodes.h"

static const char kStateNames[] = "hc";

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to write states");
}

// ---------------------------------------------------------------- to inputs

/// Whether the states of a layer can become inputs; if not, the report says why.
static bool can_add(const olstm__layer_list* list, const olstm__listed_layer* layer,
                    olstm__convert_report* report) {
  const olstm__graph* graph = list->edit.graph;
  const char* name = layer->node->name;
  if (!layer->is_needed) {
    olstm__convert_stays(report, "state", name,
                         "the model reads the layer's shape alone");
    return false;
  }
  if (olstm__recurrent_read_shape(graph, layer->node).hidden <= 0) {
    olstm__convert_stays(report, "state", name, "its hidden_size is not known");
    return false;
  }
  for (int s = 0; s < layer->state_count; s++) {
    const int32_t initial = olstm__layer_initial(layer, s);
    if (initial == OLSTM__NO_VALUE || !list->frozen.has_data[initial]) continue;
    const int32_t input = olstm__frozen_moved_input(graph, initial);
    if (input != OLSTM__NO_VALUE) {
      olstm__convert_stays(report, "state", name, "%c is input '%s' already",
                           kStateNames[s], graph->values[input].info.name);
    } else {
      olstm__convert_stays(report, "state", name, "the model computes its initial_%c",
                           kStateNames[s]);
    }
    return false;
  }
  return true;
}

/// The shape of a layer's states, as an input has it. The batch is called as the batch of
/// the input that it comes from.
static olstm_value_info describe_state(const olstm__layer_list* list,
                                       const olstm__listed_layer* layer) {
  const olstm__graph* graph = list->edit.graph;
  const olstm__recurrent_shape shape = olstm__recurrent_read_shape(graph, layer->node);
  const int batch = shape.batch_first ? 0 : 1;
  olstm_value_info info = {.dtype = shape.dtype, .rank = 3};
  const olstm__dim_symbol rows =
      olstm__dim_symbol_of(graph, layer->node->inputs[OLSTM_RECURRENT_X], batch);
  info.dims[batch] = rows.root == OLSTM__NO_VALUE ? rows.number : -1;
  info.dims[1 - batch] = shape.directions;
  info.dims[2] = shape.hidden;
  if (info.dims[batch] >= 0) return info;
  const olstm_value_info* of = &graph->values[rows.root].info;
  const bool is_input = graph->values[rows.root].kind == OLSTM__VALUE_INPUT &&
                        rows.axis < of->rank && of->dim_params[rows.axis];
  info.dim_params[batch] = is_input ? of->dim_params[rows.axis] : "batch";
  return info;
}

static olstm_status take_name(olstm__layer_list* list, const olstm__state_names* names,
                              const olstm__listed_layer* layer, int state, bool is_output,
                              char** out_name, olstm_error* error) {
  char* name =
      olstm__state_name(names, &list->model->memory, layer->node->name, state, is_output);
  bool is_free = false;
  if (!name || !olstm__proto_names_add(&list->names, name, &is_free)) {
    return fail_memory(error);
  }
  *out_name = name;
  if (is_free) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "state names: '%.300s' is taken (the pattern may have {node} and "
                    "{io} in it)",
                    name);
}

/// Copies a value to a graph output of that name.
static bool add_copy(olstm__layer_list* list, char* from, char* to) {
  return olstm__node_write_new(&list->edit.writer, "Identity", &from, 1, NULL, to);
}

/// Makes `name` the layer's final state.
static bool add_output(olstm__layer_list* list, const olstm__listed_layer* layer,
                       int state, char* input, char* name) {
  const size_t slot = (size_t)OLSTM_RECURRENT_Y_H + (size_t)state;
  olstm__node_proto* proto = layer->proto;
  char* chosen = NULL;
  if (!olstm__state_link_choices(list, layer, state, input, &chosen)) return false;
  char* own =
      slot < proto->n_output && proto->output[slot][0] ? proto->output[slot] : NULL;
  if (!chosen && olstm__state_wants_choice(list, layer) &&
      !olstm__state_add_choice(list, layer, state, own, input, &chosen)) {
    return false;
  }
  if (chosen) return add_copy(list, chosen, name);
  const olstm__proto_value* used =
      own ? olstm__proto_uses_find(&list->edit.uses, own) : NULL;
  if (used && used->use_count > 0) return add_copy(list, own, name);
  return olstm__layer_set_output(list, proto, slot, name);
}

static olstm_status add_state(olstm__layer_list* list, const olstm__listed_layer* layer,
                              int state, const olstm__state_names* names,
                              olstm__convert_report* report, olstm_error* error) {
  const olstm_value_info info = describe_state(list, layer);
  const int32_t initial = olstm__layer_initial(layer, state);
  const bool is_zero = initial == OLSTM__NO_VALUE || list->frozen.is_zero[initial];
  char *input = NULL, *output = NULL;
  OLSTM_RETURN_IF_ERROR(take_name(list, names, layer, state, false, &input, error));
  OLSTM_RETURN_IF_ERROR(take_name(list, names, layer, state, true, &output, error));
  if (!add_output(list, layer, state, input, output) ||
      !olstm__layer_set_input(list, layer->proto,
                              (size_t)OLSTM_RECURRENT_INITIAL_H + (size_t)state, input) ||
      !olstm__build_append(list->model, &list->inputs,
                           olstm__build_value_info(list->model, input, &info)) ||
      !olstm__build_append(list->model, &list->outputs,
                           olstm__build_value_info(list->model, output, &info))) {
    return fail_memory(error);
  }
  olstm__convert_changed(report, "state", layer->node->name,
                         "%c is input '%s' and output '%s'; feed %s at first",
                         kStateNames[state], input, output,
                         is_zero ? "zeros" : "what initial state the model had, not 0,");
  return OLSTM_STATUS_OK;
}

static bool goes_back(const olstm__graph_node* node) {
  const olstm_attribute* direction = olstm__graph_find_attribute(node, "direction");
  return direction && direction->kind == OLSTM_ATTRIBUTE_STRING &&
         strcmp(direction->strings[0].bytes, "forward") != 0;
}

/// Says that there is nothing to do, where the list is empty and nothing was said of
/// layers that it lacks.
static void report_no_layer(const olstm__layer_list* list, olstm__convert_report* report,
                            size_t note_count) {
  if (list->count > 0 || report->count > note_count) return;
  olstm__convert_stays(report, "state", "", "the model has no recurrent layer");
}

static olstm_status add_states(olstm__layer_list* list, const olstm__state_names* names,
                               olstm__convert_report* report, olstm_error* error) {
  for (size_t l = 0; l < list->count; l++) {
    const olstm__listed_layer* layer = &list->layers[l];
    if (!can_add(list, layer, report)) continue;
    for (int s = 0; s < layer->state_count; s++) {
      OLSTM_RETURN_IF_ERROR(add_state(list, layer, s, names, report, error));
    }
    if (goes_back(layer->node)) {
      olstm__convert_stays(report, "state", layer->node->name,
                           "it reads backwards: pieces of a sequence are not the whole");
    }
  }
  return olstm__layer_list_apply(list, error);
}

// ---------------------------------------------------------------- back

/// Takes a graph's input or output of that name away. False when there is none.
static bool remove_value(olstm__value_info_proto** values, size_t* count,
                         const char* name) {
  for (size_t i = 0; i < *count; i++) {
    if (!values[i]->name || strcmp(values[i]->name, name) != 0) continue;
    memmove(&values[i], &values[i + 1], (*count - i - 1) * sizeof(values[0]));
    (*count)--;
    return true;
  }
  return false;
}

static olstm_status drop_state(olstm__layer_list* list, const olstm__listed_layer* layer,
                               int state, const olstm__state_names* names,
                               olstm__convert_report* report, olstm_error* error) {
  olstm__graph_proto* graph = list->model->proto->graph;
  const int32_t input =
      olstm__frozen_moved_input(list->edit.graph, olstm__layer_initial(layer, state));
  if (input == OLSTM__NO_VALUE) return OLSTM_STATUS_OK;
  char* output =
      olstm__state_name(names, &list->model->memory, layer->node->name, state, true);
  if (!output || !olstm__state_choose_zero(list, layer, state) ||
      !olstm__layer_set_input(list, layer->proto,
                              (size_t)OLSTM_RECURRENT_INITIAL_H + (size_t)state, NULL)) {
    return fail_memory(error);
  }
  const bool had_output = remove_value(graph->output, &graph->n_output, output);
  if (had_output && !olstm__build_append(list->model, &list->unused, output)) {
    return fail_memory(error);
  }
  olstm__convert_changed(report, "state", layer->node->name,
                         "%c starts from zeros, not from input '%s'%s%s%s",
                         kStateNames[state], list->edit.origin->names[input],
                         had_output ? "; output '" : "", had_output ? output : "",
                         had_output ? "' is gone" : "");
  return OLSTM_STATUS_OK;
}

/// Removes the inputs that states came from, where nothing reads them any more.
static olstm_status remove_inputs(olstm__layer_list* list, olstm__convert_report* report,
                                  olstm_error* error) {
  olstm__graph_proto* graph = list->model->proto->graph;
  olstm__proto_uses uses;
  olstm_status status = olstm__proto_uses_init(&uses, list->model, graph, error);
  for (size_t l = 0; status == OLSTM_STATUS_OK && l < list->count; l++) {
    for (int s = 0; s < list->layers[l].state_count; s++) {
      const int32_t input = olstm__frozen_moved_input(
          list->edit.graph, olstm__layer_initial(&list->layers[l], s));
      if (input == OLSTM__NO_VALUE) continue;
      const char* name = list->edit.origin->names[input];
      const olstm__proto_value* value = olstm__proto_uses_find(&uses, name);
      if (!value || value->use_count == 0) {
        (void)remove_value(graph->input, &graph->n_input, name);
      } else {
        olstm__convert_stays(report, "state", name, "other nodes read this input, too");
      }
    }
  }
  olstm__proto_uses_deinit(&uses);
  return status;
}

static olstm_status drop_states(olstm__layer_list* list, const olstm__state_names* names,
                                olstm__convert_report* report, olstm_error* error) {
  const size_t note_count = report->count;
  for (size_t l = 0; l < list->count; l++) {
    for (int s = 0; s < list->layers[l].state_count; s++) {
      OLSTM_RETURN_IF_ERROR(drop_state(list, &list->layers[l], s, names, report, error));
    }
  }
  if (list->count > 0 && report->count == note_count) {
    olstm__convert_stays(report, "state", "", "no layer starts from an input");
  }
  OLSTM_RETURN_IF_ERROR(olstm__layer_list_apply(list, error));
  return remove_inputs(list, report, error);
}

// ---------------------------------------------------------------- both

typedef olstm_status (*state_change)(olstm__layer_list* list,
                                     const olstm__state_names* names,
                                     olstm__convert_report* report, olstm_error* error);

static olstm_status change_layers(olstm__encode_model* model,
                                  const olstm__state_names* names, state_change change,
                                  olstm__convert_report* report, olstm_error* error) {
  olstm__layer_list list;
  const size_t note_count = report->count;
  olstm_status status = olstm__layer_list_open(&list, model, report, error);
  if (status == OLSTM_STATUS_OK) report_no_layer(&list, report, note_count);
  if (status == OLSTM_STATUS_OK) status = change(&list, names, report, error);
  olstm__layer_list_close(&list);
  return status;
}

olstm_status olstm__state_io_convert(olstm__encode_model* model,
                                     const olstm__state_names* names,
                                     olstm__convert_report* report, olstm_error* error) {
  return change_layers(model, names, add_states, report, error);
}

olstm_status olstm__stateless_convert(olstm__encode_model* model,
                                      const olstm__state_names* names,
                                      olstm__convert_report* report, olstm_error* error) {
  return change_layers(model, names, drop_states, report, error);
}
