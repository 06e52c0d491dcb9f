// The option broadcast_state: broadcasts initial states with a batch of 1.
#include <string.h>

#include "runtime/state/state_bind.h"
#include "runtime/state/state_nodes.h"

static int32_t add_int64s(olstm__graph* graph, const char* name, size_t count,
                          const int64_t* values) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, 1, {(int64_t)count}};
  olstm_tensor* tensor = olstm__graph_allocate_tensor(graph, &desc);
  if (!tensor) return OLSTM__NO_VALUE;
  memcpy(tensor->data, values, count * sizeof *values);
  return olstm__graph_add_constant(graph, name, tensor);
}

/// Replaces an initial state by Expand(initial, [D,N,H]) with the N of X; folded when
/// planned.
static void broadcast_input(olstm__graph* graph, int32_t index, size_t slot,
                            const olstm__recurrent_shape* shape) {
  static const olstm_attribute kAxis = {.name = "axis", .kind = OLSTM_ATTRIBUTE_INT};
  const int64_t batch_axis = shape->batch_first ? 0 : 1;
  const char* node = graph->nodes[index].name;
  const char* what = slot == OLSTM_RECURRENT_INITIAL_C ? "initial_c" : "initial_h";
  const char* names[4];
  static const char* const kSuffixes[] = {"shape", "batch", "to", "expanded"};
  for (size_t i = 0; i < 4; i++) {
    names[i] = olstm__graph_format(graph, "%s/%s/%s", node, what, kSuffixes[i]);
    if (!names[i]) return;
  }
  int32_t x = graph->nodes[index].inputs[OLSTM_RECURRENT_X];
  int32_t gather[] = {olstm__graph_add_operator(graph, names[0], "Shape",
                                                OLSTM__STATE_OPSET, NULL, 1, &x),
                      add_int64s(graph, names[1], 1, &batch_axis)};
  const int32_t batch = olstm__graph_add_operator(graph, names[1], "Gather",
                                                  OLSTM__STATE_OPSET, &kAxis, 2, gather);
  const int32_t directions = add_int64s(graph, names[2], 1, &shape->directions);
  int32_t parts[] = {shape->batch_first ? batch : directions,
                     shape->batch_first ? directions : batch,
                     add_int64s(graph, names[2], 1, &shape->hidden)};
  int32_t expand[] = {graph->nodes[index].inputs[slot],
                      olstm__graph_add_operator(graph, names[2], "Concat",
                                                OLSTM__STATE_OPSET, &kAxis, 3, parts)};
  const int32_t expanded = olstm__graph_add_operator(graph, names[3], "Expand",
                                                     OLSTM__STATE_OPSET, NULL, 2, expand);
  if (expanded != OLSTM__NO_VALUE) olstm__graph_set_input(graph, index, slot, expanded);
}

/// Whether a value reads a state slot, which has the right batch.
static bool is_slot(const olstm__graph* graph, int32_t value) {
  for (size_t s = 0; s < graph->state_count; s++) {
    if (graph->states[s].input == value) return true;
  }
  return false;
}

static void broadcast_node(olstm__graph* graph, int32_t index) {
  const olstm__recurrent_shape shape =
      olstm__recurrent_read_shape(graph, &graph->nodes[index]);
  const bool has_cell = olstm__recurrent_has_cell(&graph->nodes[index]);
  for (size_t slot = OLSTM_RECURRENT_INITIAL_H;
       shape.hidden >= 0 &&
       slot <= (has_cell ? OLSTM_RECURRENT_INITIAL_C : OLSTM_RECURRENT_INITIAL_H);
       slot++) {
    const int32_t value = olstm__graph_node_input(&graph->nodes[index], slot);
    if (value != OLSTM__NO_VALUE && !is_slot(graph, value)) {
      broadcast_input(graph, index, slot, &shape);
    }
  }
}

// Graphs are nested no deeper than OLSTM__MAX_NESTING.
// NOLINTNEXTLINE(misc-no-recursion)
olstm_status olstm__state_broadcast_initial(olstm__graph* graph, olstm_error* error) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = graph->order[i];
    if (olstm__graph_node_has(&graph->nodes[index], OLSTM__TRAIT_RECURRENT))
      broadcast_node(graph, index);
    OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
    for (size_t b = 0; b < graph->nodes[index].body_count; b++) {
      OLSTM_RETURN_IF_ERROR(
          olstm__state_broadcast_initial(graph->nodes[index].bodies[b].graph, error));
    }
  }
  return olstm__graph_sort(graph, error);
}
