#include "runtime/convert/state_choice.h"

#include "runtime/fuse/fuse_match.h"
#include "runtime/state/state_nodes.h"

/// Squeezes or unsqueezes an axis of a value; the name of the result. NULL when there is
/// no memory.
static char* add_axis_node(olstm__layer_list* list, const char* op_type, char* value,
                           int64_t axis) {
  enum { kAxesInputOpset = 13 };
  char* output = olstm__proto_names_take(&list->names, "%s/%s", value, op_type);
  char* axes = NULL;
  const olstm_attribute attribute = {
      .name = "axes", .kind = OLSTM_ATTRIBUTE_INTS, .count = 1, .ints = &axis};
  const olstm_tensor tensor = {.desc = {OLSTM_DTYPE_INT64, 1, {1}}, .data = &axis};
  const bool has_input = list->edit.writer.opset >= kAxesInputOpset;
  if (has_input) {
    axes = olstm__proto_names_take(&list->names, "%s/axes", value);
    if (!axes || !olstm__node_write_constant(&list->edit.writer, axes, &tensor)) {
      return NULL;
    }
  }
  char* const inputs[] = {value, axes};
  return output && olstm__node_write_new(&list->edit.writer, op_type, inputs,
                                         has_input ? 2 : 1, has_input ? NULL : &attribute,
                                         output)
             ? output
             : NULL;
}

bool olstm__state_add_choice(olstm__layer_list* list, const olstm__listed_layer* layer,
                             int state, char* own, char* input, char** out_chosen) {
  // Any but 0 is true, of int64 lengths, too, which olstm takes.
  static const olstm_attribute kToBool = {
      .name = "to", .kind = OLSTM_ATTRIBUTE_INT, .i = OLSTM_DTYPE_BOOL};
  const size_t slot = (size_t)OLSTM_RECURRENT_Y_H + (size_t)state;
  const char* name = layer->node->name;
  char* has_steps = olstm__proto_names_take(&list->names, "%s/has_steps", name);
  char* raw = olstm__proto_names_take(&list->names, "%s/last_%c", name, "hc"[state]);
  if (!has_steps || !raw) return false;
  olstm__node_writer* writer = &list->edit.writer;
  char* lens = layer->proto->input[OLSTM_RECURRENT_SEQUENCE_LENS];
  char* rows = olstm__node_write_new(writer, "Cast", &lens, 1, &kToBool, has_steps)
                   ? add_axis_node(list, "Unsqueeze", has_steps, 1)
                   : NULL;
  *out_chosen =
      own ? own : olstm__proto_names_take(&list->names, "%s/next_%c", name, "hc"[state]);
  char* const chosen[] = {rows, raw, input};
  return *out_chosen &&
         olstm__node_write_new(writer, "Where", chosen, 3, NULL, *out_chosen) &&
         olstm__layer_set_output(list, layer->proto, slot, raw);
}

static bool is_positive(const olstm_tensor* numbers) {
  for (int64_t i = 0; i < olstm_tensor_desc_count(&numbers->desc); i++) {
    int64_t number = 0;
    if (!olstm__match_whole_element(numbers, i, &number) || number <= 0) return false;
  }
  return true;
}

bool olstm__state_wants_choice(const olstm__layer_list* list,
                               const olstm__listed_layer* layer) {
  enum { kFirstOpset = 9 };
  const olstm_tensor* lens = olstm__graph_constant(
      list->edit.graph,
      olstm__graph_node_input(layer->node, OLSTM_RECURRENT_SEQUENCE_LENS));
  if (lens && is_positive(lens)) return false;
  const bool has_lens = layer->proto->n_input > OLSTM_RECURRENT_SEQUENCE_LENS &&
                        layer->proto->input[OLSTM_RECURRENT_SEQUENCE_LENS][0] != '\0';
  return has_lens && list->edit.writer.opset >= kFirstOpset &&
         !olstm__recurrent_read_shape(list->edit.graph, layer->node).batch_first;
}

bool olstm__state_link_choices(olstm__layer_list* list, const olstm__listed_layer* layer,
                               int state, char* input, char** out_chosen) {
  const olstm__graph* graph = list->edit.graph;
  char* squeezed = NULL;
  *out_chosen = NULL;
  for (size_t i = 0; i < list->where_count; i++) {
    const olstm__graph_node* node = &graph->nodes[list->wheres[i]];
    bool is_squeezed = false;
    if (!olstm__layer_is_choice(list, layer, state, node, &is_squeezed)) continue;
    olstm__node_proto* proto = olstm__layer_find_proto(list, node);
    if (!proto) continue;
    if (is_squeezed && !squeezed) squeezed = add_axis_node(list, "Squeeze", input, 0);
    if (is_squeezed && !squeezed) return false;
    if (!is_squeezed) *out_chosen = proto->output[0];
    if (!olstm__layer_set_input(list, proto, 2, is_squeezed ? squeezed : input)) {
      return false;
    }
  }
  return true;
}

bool olstm__state_choose_zero(olstm__layer_list* list, const olstm__listed_layer* layer,
                              int state) {
  static const uint64_t kZero = 0;
  const olstm__graph* graph = list->edit.graph;
  const olstm_tensor tensor = {
      .desc = {olstm__recurrent_read_shape(graph, layer->node).dtype, 0, {0}},
      .data = (void*)(uintptr_t)&kZero};
  const int32_t input =
      olstm__frozen_moved_input(graph, olstm__layer_initial(layer, state));
  char* name = NULL;
  for (size_t i = 0; i < list->where_count; i++) {
    const olstm__graph_node* node = &graph->nodes[list->wheres[i]];
    if (!olstm__layer_computes_choice(list, layer, state, node) ||
        olstm__frozen_moved_input(graph, node->inputs[2]) != input) {
      continue;
    }
    olstm__node_proto* proto = olstm__layer_find_proto(list, node);
    if (!proto) continue;
    if (!name) {
      name = olstm__proto_names_take(&list->names, "%s/zero", layer->node->name);
      if (!name || !olstm__node_write_constant(&list->edit.writer, name, &tensor)) {
        return false;
      }
    }
    if (!olstm__layer_set_input(list, proto, 2, name)) return false;
  }
  return true;
}
