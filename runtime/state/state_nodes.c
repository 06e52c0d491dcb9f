// Recurrent nodes that keep their state in the context: h and c become state slots, with
// what fed them before as the value to start from.
#include <string.h>

#include "runtime/state/state_bind.h"

/// Looking for zeros gives up after so many nodes.
enum { kMaxZeroNodes = 64 };

/// The opset of the nodes that are made here.
enum { kMadeOpset = 13 };

/// What a recurrent node says of itself.
typedef struct recurrent_shape {
  int64_t directions;
  // -1 when neither hidden_size nor R says.
  int64_t hidden;
  olstm_dtype dtype;
  bool batch_first;
} recurrent_shape;

static bool has_c(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_HAS_C);
}

static bool is_recurrent(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT);
}

static const olstm_value_info* input_info(const olstm__graph* graph,
                                          const olstm__graph_node* node, size_t slot) {
  const int32_t value = olstm__graph_node_input(node, slot);
  return value == OLSTM__NO_VALUE ? NULL : &graph->values[value].info;
}

static bool is_quantized(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_QUANTIZED);
}

static recurrent_shape read_shape(const olstm__graph* graph,
                                  const olstm__graph_node* node) {
  recurrent_shape shape = {1, -1, OLSTM_DTYPE_FLOAT, false};
  const olstm_attribute* hidden = olstm__graph_find_attribute(node, "hidden_size");
  const olstm_attribute* direction = olstm__graph_find_attribute(node, "direction");
  const olstm_attribute* layout = olstm__graph_find_attribute(node, "layout");
  const olstm_value_info* r = input_info(graph, node, OLSTM_RECURRENT_R);
  const olstm_value_info* x = input_info(graph, node, OLSTM_RECURRENT_X);
  if (direction && direction->kind == OLSTM_ATTRIBUTE_STRING &&
      strcmp(direction->strings[0].bytes, "bidirectional") == 0) {
    shape.directions = 2;
  }
  if (hidden && hidden->i > 0) {
    shape.hidden = hidden->i;
  } else if (r && r->rank == 3) {
    shape.hidden = is_quantized(node) ? r->dims[1] : r->dims[2];
  }
  shape.batch_first = layout && layout->i == 1;
  // Quantized weights say nothing of the state's dtype.
  if (!is_quantized(node)) {
    if (r && r->dtype != OLSTM_DTYPE_UNDEFINED) {
      shape.dtype = r->dtype;
    } else if (x && x->dtype != OLSTM_DTYPE_UNDEFINED) {
      shape.dtype = x->dtype;
    }
  }
  return shape;
}

// ---------------------------------------------------------------- zeros

static bool is_zero_tensor(const olstm_tensor* tensor) {
  size_t bytes = 0;
  const uint8_t* data = tensor->data;
  if (tensor->desc.dtype == OLSTM_DTYPE_STRING ||
      !olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
    return false;
  }
  for (size_t i = 0; i < bytes; i++) {
    if (data[i]) return false;
  }
  return true;
}

static bool is_zero_value(const olstm__graph* graph, int32_t value, int* budget);

static bool is_zero_node(const olstm__graph* graph, const olstm__graph_node* node,
                         int* budget) {
  if (node->kind != OLSTM__NODE_OPERATOR || node->domain[0]) return false;
  if (strcmp(node->op_type, "ConstantOfShape") == 0) {
    const olstm_attribute* value = olstm__graph_find_attribute(node, "value");
    return !value || (value->tensor && is_zero_tensor(value->tensor));
  }
  if (!olstm__graph_node_has(node, OLSTM__TRAIT_MOVES_ELEMENTS)) return false;
  const size_t count = strcmp(node->op_type, "Concat") == 0 ? node->own_input_count : 1;
  for (size_t i = 0; i < count; i++) {
    if (!is_zero_value(graph, olstm__graph_node_input(node, i), budget)) return false;
  }
  return count > 0;
}

/// Whether a value is all zeros whatever the inputs: how exporters write a layer's
/// default initial state. The budget bounds the recursion.
static bool is_zero_value(const olstm__graph* graph, int32_t value, int* budget) {
  if (value == OLSTM__NO_VALUE || (*budget)-- <= 0) return false;
  const olstm_tensor* constant = olstm__graph_constant(graph, value);
  if (constant) return is_zero_tensor(constant);
  const olstm__graph_node* node = olstm__graph_producer(graph, value);
  return node && is_zero_node(graph, node, budget);
}

// ---------------------------------------------------------------- making nodes

/// [D,N,H] from [N,D,H], and back.
static int32_t add_swap(olstm__graph* graph, const char* name, int32_t value) {
  static const int64_t kPerm[] = {1, 0, 2};
  static const olstm_attribute kAttribute = {
      .name = "perm", .kind = OLSTM_ATTRIBUTE_INTS, .count = 3, .ints = kPerm};
  return olstm__graph_add_operator(graph, name, "Transpose", kMadeOpset, &kAttribute, 1,
                                   &value);
}

static int32_t add_int64s(olstm__graph* graph, const char* name, size_t count,
                          const int64_t* values) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_INT64, 1, {(int64_t)count}};
  olstm_tensor* tensor = olstm__graph_allocate_tensor(graph, &desc);
  if (!tensor) return OLSTM__NO_VALUE;
  memcpy(tensor->data, values, count * sizeof *values);
  return olstm__graph_add_constant(graph, name, tensor);
}

/// Gives a node at least so many inputs and outputs. Returns its index, another one when
/// it had to be made anew.
static int32_t extend_node(olstm__graph* graph, int32_t index, size_t input_count,
                           size_t output_count) {
  olstm__graph_node copy = graph->nodes[index];
  if (copy.input_count >= input_count && copy.output_count >= output_count) return index;
  if (input_count < copy.input_count) input_count = copy.input_count;
  if (output_count < copy.output_count) output_count = copy.output_count;
  int32_t* inputs = olstm__graph_allocate(graph, input_count, sizeof *inputs);
  int32_t* outputs = olstm__graph_allocate(graph, output_count, sizeof *outputs);
  if (!inputs || !outputs) return OLSTM__NO_VALUE;
  for (size_t i = 0; i < input_count; i++) {
    inputs[i] = i < copy.input_count ? copy.inputs[i] : OLSTM__NO_VALUE;
  }
  for (size_t o = 0; o < output_count; o++) {
    outputs[o] = o < copy.output_count ? copy.outputs[o] : OLSTM__NO_VALUE;
  }
  copy.input_count = input_count;
  copy.inputs = inputs;
  copy.output_count = output_count;
  copy.outputs = outputs;
  olstm__graph_remove_node(graph, index);
  return olstm__graph_add_node(graph, &copy);
}

// ---------------------------------------------------------------- slots

/// [D,N,H] of a constant [N,D,H]. NULL when there is no memory.
static const olstm_tensor* swap_constant(olstm__graph* graph, const olstm_tensor* from) {
  const int64_t n = from->desc.dims[0];
  const int64_t d = from->desc.dims[1];
  const size_t row_bytes =
      (size_t)from->desc.dims[2] * olstm_dtype_size(from->desc.dtype);
  const olstm_tensor_desc desc = {from->desc.dtype, 3, {d, n, from->desc.dims[2]}};
  olstm_tensor* to = olstm__graph_allocate_tensor(graph, &desc);
  if (!to) return NULL;
  for (int64_t i = 0; i < n && row_bytes; i++) {
    for (int64_t j = 0; j < d; j++) {
      memcpy((char*)to->data + (size_t)(j * n + i) * row_bytes,
             (const char*)from->data + (size_t)(i * d + j) * row_bytes, row_bytes);
    }
  }
  return to;
}

static olstm_status read_constant(olstm__graph* graph, const olstm__graph_node* node,
                                  const recurrent_shape* shape, const char* slot,
                                  const olstm_tensor* constant,
                                  const olstm_tensor** out_initial, olstm_error* error) {
  const olstm_tensor_desc* desc = &constant->desc;
  const int32_t direction_axis = shape->batch_first ? 1 : 0;
  const bool fits = desc->rank == 3 && desc->dims[direction_axis] == shape->directions &&
                    (shape->hidden < 0 || desc->dims[2] == shape->hidden);
  if (!fits) {
    const int64_t n = desc->rank == 3 ? desc->dims[1 - direction_axis] : -1;
    const int64_t d = shape->directions;
    const int64_t expected[] = {shape->batch_first ? n : d, shape->batch_first ? d : n,
                                shape->hidden};
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "%s '%s': initial_%s has shape %s, expected %s", node->op_type,
                      node->name, slot, olstm_shape_text(desc).text,
                      olstm_dims_text(expected, 3).text);
  }
  if (desc->dtype != shape->dtype) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "%s '%s': initial_%s has dtype %s, expected %s", node->op_type,
                      node->name, slot, olstm_dtype_name(desc->dtype),
                      olstm_dtype_name(shape->dtype));
  }
  *out_initial = shape->batch_first ? swap_constant(graph, constant) : constant;
  return olstm__graph_check(graph, error);
}

/// For a start that the graph computes: a hidden slot of flags says which rows of the
/// slot hold a value, and a Where takes the others from the start.
static int32_t add_start(olstm__graph* graph, const olstm__graph_state* state,
                         int32_t start) {
  const char* name = olstm__graph_format(graph, "%s/is_set", state->name);
  const int32_t flags = olstm__graph_add_value(graph, OLSTM__VALUE_STATE, name);
  olstm__graph_state hidden = *state;
  int32_t inputs[] = {flags, state->input, start};
  if (!name || flags == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  hidden.name = name;
  hidden.input = flags;
  hidden.output = flags;
  hidden.dtype = OLSTM_DTYPE_BOOL;
  hidden.dims[0] = 1;
  hidden.dims[2] = 1;
  hidden.initial = NULL;
  hidden.has_start = false;
  hidden.is_internal = true;
  graph->values[flags].info.dtype = OLSTM_DTYPE_BOOL;
  if (!olstm__graph_add_state(graph, &hidden)) return OLSTM__NO_VALUE;
  return olstm__graph_add_operator(graph,
                                   olstm__graph_format(graph, "%s/start", state->name),
                                   "Where", kMadeOpset, NULL, 3, inputs);
}

/// The value that holds the node's next h or c; made if nobody wanted it so far.
static int32_t find_output(olstm__graph* graph, int32_t index, size_t slot,
                           const char* name) {
  int32_t value = graph->nodes[index].outputs[slot];
  if (value != OLSTM__NO_VALUE) return value;
  value = olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                                 olstm__graph_format(graph, "%s/next", name));
  if (value != OLSTM__NO_VALUE) olstm__graph_set_output(graph, index, slot, value);
  return value;
}

/// One slot of a node that has enough inputs and outputs.
static olstm_status add_slot(olstm__graph* graph, int32_t index,
                             const recurrent_shape* shape, bool is_cell,
                             olstm_error* error) {
  const char* letter = is_cell ? "c" : "h";
  const size_t slot = is_cell ? OLSTM_RECURRENT_INITIAL_C : OLSTM_RECURRENT_INITIAL_H;
  const int32_t before = graph->nodes[index].inputs[slot];
  const olstm_tensor* constant = olstm__graph_constant(graph, before);
  const char* name =
      olstm__graph_format(graph, "%s/%s", graph->nodes[index].name, letter);
  int budget = kMaxZeroNodes;
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_state state = {
      .name = name,
      .input = olstm__graph_add_value(graph, OLSTM__VALUE_STATE, name),
      .output = find_output(graph, index,
                            is_cell ? OLSTM_RECURRENT_Y_C : OLSTM_RECURRENT_Y_H, name),
      .dtype = shape->dtype,
      .rank = 3,
      .dims = {shape->directions, -1, shape->hidden},
      .batch_axis = 1,
      .source = graph->nodes[index].inputs[OLSTM_RECURRENT_X],
      .source_axis = shape->batch_first ? 0 : 1,
      .row_axis = 1,
      .has_start = before != OLSTM__NO_VALUE && !constant &&
                   !is_zero_value(graph, before, &budget),
  };
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  graph->values[state.input].info.dtype = shape->dtype;
  if (constant) {
    OLSTM_RETURN_IF_ERROR(read_constant(graph, &graph->nodes[index], shape, letter,
                                        constant, &state.initial, error));
  }
  int32_t start = before;
  if (shape->batch_first) {
    state.output =
        add_swap(graph, olstm__graph_format(graph, "%s/out", name), state.output);
    if (state.has_start) {
      start = add_swap(graph, olstm__graph_format(graph, "%s/begin", name), before);
    }
  }
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  (void)olstm__graph_add_state(graph, &state);
  int32_t initial = state.has_start ? add_start(graph, &state, start) : state.input;
  if (shape->batch_first) {
    initial = add_swap(graph, olstm__graph_format(graph, "%s/in", name), initial);
  }
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  olstm__graph_set_input(graph, index, slot, initial);
  return OLSTM_STATUS_OK;
}

static olstm_status make_node_stateful(olstm__graph* graph, int32_t index,
                                       olstm_error* error) {
  const bool cell = has_c(&graph->nodes[index]);
  const recurrent_shape shape = read_shape(graph, &graph->nodes[index]);
  const char* name = olstm__graph_format(graph, "%s/h", graph->nodes[index].name);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  for (size_t s = 0; s < graph->state_count; s++) {
    if (strcmp(graph->states[s].name, name) != 0) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "stateful: there are two slots '%s'", name);
  }
  index = extend_node(
      graph, index, cell ? OLSTM_RECURRENT_INITIAL_C + 1 : OLSTM_RECURRENT_INITIAL_H + 1,
      cell ? OLSTM_RECURRENT_Y_C + 1 : OLSTM_RECURRENT_Y_H + 1);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  OLSTM_RETURN_IF_ERROR(add_slot(graph, index, &shape, false, error));
  return cell ? add_slot(graph, index, &shape, true, error) : OLSTM_STATUS_OK;
}

/// "no node 'x'; recurrent nodes are: 'a', 'b'".
static olstm_status fail_not_found(const olstm__graph* graph, const char* name,
                                   olstm_error* error) {
  char names[OLSTM_ERROR_CAPACITY / 2] = "";
  size_t used = 0;
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (!is_recurrent(node) || used + strlen(node->name) + 8 > sizeof names) continue;
    used += (size_t)snprintf(names + used, sizeof names - used, "%s'%s'",
                             used ? ", " : "", node->name);
  }
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                    used ? "stateful: no node '%s'; recurrent nodes are: %s"
                         : "stateful: no node '%s', nor any recurrent node",
                    name, names);
}

static olstm_status make_all_stateful(olstm__graph* graph, olstm_error* error) {
  // Nodes that are made anew go to the end, where they are not to be met again.
  const int32_t count = graph->order_count;
  int32_t found = 0;
  for (int32_t i = 0; i < count; i++) {
    if (!is_recurrent(&graph->nodes[graph->order[i]])) continue;
    OLSTM_RETURN_IF_ERROR(make_node_stateful(graph, graph->order[i], error));
    found++;
  }
  if (found > 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                    "stateful: the model has no LSTM, GRU or RNN node");
}

olstm_status olstm__state_make_stateful(olstm__graph* graph, size_t name_count,
                                        const char* const* names, olstm_error* error) {
  if (name_count == 0) return OLSTM_STATUS_OK;
  for (size_t i = 0; i < name_count; i++) {
    if (names[i]) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "stateful: name %zu is NULL",
                      i);
  }
  if (name_count == 1 && strcmp(names[0], "all") == 0) {
    OLSTM_RETURN_IF_ERROR(make_all_stateful(graph, error));
    return olstm__graph_sort(graph, error);
  }
  for (size_t i = 0; i < name_count; i++) {
    const int32_t index = olstm__graph_find_node(graph, names[i]);
    if (index == OLSTM__NO_VALUE) return fail_not_found(graph, names[i], error);
    if (!is_recurrent(&graph->nodes[index])) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "stateful: node '%s' is a %s, expected LSTM, GRU or RNN",
                        names[i], graph->nodes[index].op_type);
    }
    OLSTM_RETURN_IF_ERROR(make_node_stateful(graph, index, error));
  }
  return olstm__graph_sort(graph, error);
}

// ---------------------------------------------------------------- broadcasting

/// initial -> Expand(initial, [D,N,H]), with N taken from X; plans compute it once.
static void broadcast_input(olstm__graph* graph, int32_t index, size_t slot,
                            const recurrent_shape* shape) {
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
  int32_t gather[] = {
      olstm__graph_add_operator(graph, names[0], "Shape", kMadeOpset, NULL, 1, &x),
      add_int64s(graph, names[1], 1, &batch_axis)};
  const int32_t batch =
      olstm__graph_add_operator(graph, names[1], "Gather", kMadeOpset, &kAxis, 2, gather);
  const int32_t directions = add_int64s(graph, names[2], 1, &shape->directions);
  int32_t parts[] = {shape->batch_first ? batch : directions,
                     shape->batch_first ? directions : batch,
                     add_int64s(graph, names[2], 1, &shape->hidden)};
  int32_t expand[] = {
      graph->nodes[index].inputs[slot],
      olstm__graph_add_operator(graph, names[2], "Concat", kMadeOpset, &kAxis, 3, parts)};
  const int32_t expanded =
      olstm__graph_add_operator(graph, names[3], "Expand", kMadeOpset, NULL, 2, expand);
  if (expanded != OLSTM__NO_VALUE) olstm__graph_set_input(graph, index, slot, expanded);
}

olstm_status olstm__state_broadcast_initial(olstm__graph* graph, olstm_error* error) {
  const int32_t count = graph->order_count;
  for (int32_t i = 0; i < count; i++) {
    const int32_t index = graph->order[i];
    if (!is_recurrent(&graph->nodes[index])) continue;
    const recurrent_shape shape = read_shape(graph, &graph->nodes[index]);
    if (shape.hidden < 0) continue;
    for (size_t slot = OLSTM_RECURRENT_INITIAL_H;
         slot <= (has_c(&graph->nodes[index]) ? OLSTM_RECURRENT_INITIAL_C
                                              : OLSTM_RECURRENT_INITIAL_H);
         slot++) {
      const int32_t value = olstm__graph_node_input(&graph->nodes[index], slot);
      const olstm__graph_value* initial =
          value == OLSTM__NO_VALUE ? NULL : &graph->values[value];
      if (!initial || initial->kind == OLSTM__VALUE_STATE) continue;
      broadcast_input(graph, index, slot, &shape);
      OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
    }
  }
  return olstm__graph_sort(graph, error);
}
