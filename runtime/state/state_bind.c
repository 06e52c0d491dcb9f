// Bindings: a graph output that becomes a graph input of the next run. state_nodes.c
// makes recurrent nodes stateful.
#include "runtime/state/state_bind.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

static int32_t find_by_name(const olstm__graph* graph, const int32_t* values,
                            size_t count, const char* name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(graph->values[values[i]].info.name, name) == 0) return values[i];
  }
  return OLSTM__NO_VALUE;
}

static olstm_status find_ends(const olstm__graph* graph, const olstm_binding* binding,
                              int32_t* out_output, int32_t* out_input,
                              olstm_error* error) {
  if (!binding->output || !binding->input) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "binding: the name of its %s is NULL",
                      binding->output ? "input" : "output");
  }
  *out_output = find_by_name(graph, graph->outputs, graph->output_count, binding->output);
  if (*out_output == OLSTM__NO_VALUE) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "binding: no output '%s'",
                      binding->output);
  }
  for (size_t s = 0; s < graph->state_count; s++) {
    if (strcmp(graph->states[s].name, binding->input) != 0) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "binding: input '%s' is bound twice", binding->input);
  }
  *out_input = find_by_name(graph, graph->inputs, graph->own_input_count, binding->input);
  if (*out_input == OLSTM__NO_VALUE) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "binding: no input '%s'",
                      binding->input);
  }
  return OLSTM_STATUS_OK;
}

/// Checks that the declared dtypes and shapes of output and input can match.
static olstm_status check_ends(const olstm_value_info* output,
                               const olstm_value_info* input, olstm_error* error) {
  if (output->dtype != OLSTM_DTYPE_UNDEFINED && output->dtype != input->dtype) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "binding: output '%s' has dtype %s, input '%s' %s", output->name,
                      olstm_dtype_name(output->dtype), input->name,
                      olstm_dtype_name(input->dtype));
  }
  bool fits = output->rank < 0 || input->rank < 0 || output->rank == input->rank;
  for (int32_t d = 0; fits && d < output->rank && d < input->rank; d++) {
    fits = output->dims[d] < 0 || input->dims[d] < 0 || output->dims[d] == input->dims[d];
  }
  if (fits) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "binding: output '%s' has shape %s, input '%s' %s", output->name,
                    olstm_dims_text(output->dims, output->rank).text, input->name,
                    olstm_dims_text(input->dims, input->rank).text);
}

/// The row axis of an input of that rank. It follows from a recurrent node that reads the
/// input as its initial state, directly (1 of [D,N,H], 0 of [N,D,H]) or through an
/// Unsqueeze (0 of [N,H]).
static int32_t find_row_axis(const olstm__graph* graph, int32_t value, int32_t rank) {
  for (int32_t u = graph->values[value].first_use; u != OLSTM__NO_VALUE;
       u = graph->uses[u].next) {
    const olstm__graph_node* node = &graph->nodes[graph->uses[u].node];
    const int32_t slot = graph->uses[u].slot;
    if (olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT) && rank == 3 &&
        (slot == OLSTM_RECURRENT_INITIAL_H || slot == OLSTM_RECURRENT_INITIAL_C)) {
      const olstm_attribute* layout = olstm__graph_find_attribute(node, "layout");
      return layout && layout->i == 1 ? 0 : 1;
    }
    // A recognised layer takes [N,H] through one of these.
    if (rank == 2 && (strcmp(node->op_type, "Unsqueeze") == 0 ||
                      (slot == 0 && olstm__match_is_fused(node, "Align")))) {
      return 0;
    }
  }
  // Otherwise it is the only dimension that is not fixed, if there is one.
  int32_t axis = -1;
  for (int32_t d = 0; d < rank; d++) {
    if (graph->values[value].info.dims[d] >= 0) continue;
    if (axis >= 0) return -1;
    axis = d;
  }
  return axis;
}

static void remove_input(olstm__graph* graph, int32_t value) {
  size_t kept = 0;
  for (size_t i = 0; i < graph->input_count; i++) {
    if (graph->inputs[i] != value) graph->inputs[kept++] = graph->inputs[i];
  }
  graph->own_input_count -= graph->input_count - kept;
  graph->input_count = kept;
}

static olstm_status bind_one(olstm__graph* graph, const olstm_binding* binding,
                             olstm_error* error) {
  int32_t output = OLSTM__NO_VALUE;
  int32_t input = OLSTM__NO_VALUE;
  OLSTM_RETURN_IF_ERROR(find_ends(graph, binding, &output, &input, error));
  const olstm_value_info* info = &graph->values[input].info;
  OLSTM_RETURN_IF_ERROR(check_ends(&graph->values[output].info, info, error));
  olstm__graph_state state = {
      .name = info->name,
      .input = input,
      .output = output,
      .dtype = info->dtype,
      .rank = info->rank,
      .batch_axis = -1,
      .source = OLSTM__NO_VALUE,
      .row_axis = find_row_axis(graph, input, info->rank),
  };
  memcpy(state.dims, info->dims, sizeof state.dims);
  remove_input(graph, input);
  graph->values[input].kind = OLSTM__VALUE_STATE;
  (void)olstm__graph_add_state(graph, &state);
  return olstm__graph_check(graph, error);
}

olstm_status olstm__state_bind(olstm__graph* graph, size_t binding_count,
                               const olstm_binding* bindings, olstm_error* error) {
  for (size_t b = 0; b < binding_count; b++) {
    OLSTM_RETURN_IF_ERROR(bind_one(graph, &bindings[b], error));
  }
  return OLSTM_STATUS_OK;
}
