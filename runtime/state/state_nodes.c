// Makes recurrent nodes stateful: h and c become state slots, whose start value is what
// fed them before. The slots of a node in a branch of an If, at any depth, pass through
// the Ifs; a branch that does not have the node passes them on unchanged.
#include "runtime/state/state_nodes.h"

#include <string.h>

#include "runtime/fuse/fuse_match.h"

#include "runtime/state/state_bind.h"

/// The most nodes that are searched for zeros.
enum { kMaxZeroNodes = 64 };

/// The values of a slot at every level of a node's location.
typedef struct slot_values {
  int32_t inputs[OLSTM__MAX_NESTING + 2];
  int32_t outputs[OLSTM__MAX_NESTING + 2];
} slot_values;

bool olstm__recurrent_has_cell(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_HAS_C);
}

/// What is known of an input: of a constant what it is, of others what is declared; rank
/// -1 when that is nothing.
static olstm_tensor_desc input_desc(const olstm__graph* graph,
                                    const olstm__graph_node* node, size_t slot) {
  const int32_t value = olstm__graph_node_input(node, slot);
  const olstm_tensor* constant = olstm__graph_constant(graph, value);
  olstm_tensor_desc desc = {.rank = -1};
  if (constant) return constant->desc;
  if (value == OLSTM__NO_VALUE) return desc;
  desc.dtype = graph->values[value].info.dtype;
  desc.rank = graph->values[value].info.rank;
  memcpy(desc.dims, graph->values[value].info.dims, sizeof desc.dims);
  return desc;
}

static bool is_quantized(const olstm__graph_node* node) {
  return olstm__graph_node_has(node, OLSTM__TRAIT_QUANTIZED);
}

olstm__recurrent_shape olstm__recurrent_read_shape(const olstm__graph* graph,
                                                   const olstm__graph_node* node) {
  olstm__recurrent_shape shape = {1, -1, OLSTM_DTYPE_FLOAT, false};
  const olstm_attribute* hidden = olstm__graph_find_attribute(node, "hidden_size");
  const olstm_attribute* direction = olstm__graph_find_attribute(node, "direction");
  const olstm_attribute* layout = olstm__graph_find_attribute(node, "layout");
  const olstm_tensor_desc r = input_desc(graph, node, OLSTM_RECURRENT_R);
  const olstm_tensor_desc x = input_desc(graph, node, OLSTM_RECURRENT_X);
  if (direction && direction->kind == OLSTM_ATTRIBUTE_STRING &&
      strcmp(direction->strings[0].bytes, "bidirectional") == 0) {
    shape.directions = 2;
  }
  if (hidden && hidden->i > 0) {
    shape.hidden = hidden->i;
  } else if (r.rank == 3) {
    shape.hidden = is_quantized(node) ? r.dims[1] : r.dims[2];
  }
  shape.batch_first = layout && layout->i == 1;
  // The dtype of quantized weights is not that of the state.
  if (!is_quantized(node)) {
    if (r.dtype != OLSTM_DTYPE_UNDEFINED) {
      shape.dtype = r.dtype;
    } else if (x.dtype != OLSTM_DTYPE_UNDEFINED) {
      shape.dtype = x.dtype;
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

static bool is_zero_value(const olstm__node_location* location, size_t level,
                          int32_t value, int* budget);

static bool is_zero_node(const olstm__node_location* location, size_t level,
                         const olstm__graph_node* node, int* budget) {
  const bool is_align = olstm__match_is_fused(node, "Align");
  if (node->kind != OLSTM__NODE_OPERATOR || (node->domain[0] && !is_align)) return false;
  if (strcmp(node->op_type, "ConstantOfShape") == 0) {
    const olstm_attribute* value = olstm__graph_find_attribute(node, "value");
    return !value || (value->tensor && is_zero_tensor(value->tensor));
  }
  if (!olstm__graph_node_has(node, OLSTM__TRAIT_MOVES_ELEMENTS)) return false;
  const size_t count = strcmp(node->op_type, "Concat") == 0 ? node->own_input_count : 1;
  for (size_t i = 0; i < count; i++) {
    if (!is_zero_value(location, level, olstm__graph_node_input(node, i), budget)) {
      return false;
    }
  }
  return count > 0;
}

/// The value of the next outer level that a value of a body captures; NO_VALUE when it is
/// no capture.
static int32_t captured_value(const olstm__node_location* location, size_t level,
                              int32_t value) {
  if (level == 0) return OLSTM__NO_VALUE;
  const olstm__graph* graph = location->levels[level].graph;
  const olstm__graph_node* node =
      &location->levels[level - 1].graph->nodes[location->levels[level - 1].node];
  const olstm__graph_body* body = &node->bodies[location->levels[level - 1].body];
  for (size_t c = 0; c < body->capture_count; c++) {
    if (graph->inputs[graph->own_input_count + c] == value) {
      return node->inputs[body->first_capture + c];
    }
  }
  return OLSTM__NO_VALUE;
}

// Whether a value is zero for all inputs: so exporters write the default initial state of
// a layer. The budget bounds the recursion.
// NOLINTNEXTLINE(misc-no-recursion)
static bool is_zero_value(const olstm__node_location* location, size_t level,
                          int32_t value, int* budget) {
  if (value == OLSTM__NO_VALUE || (*budget)-- <= 0) return false;
  const olstm__graph* graph = location->levels[level].graph;
  const olstm_tensor* constant = olstm__graph_constant(graph, value);
  if (constant) return is_zero_tensor(constant);
  const olstm__graph_node* node = olstm__graph_producer(graph, value);
  if (node) return is_zero_node(location, level, node, budget);
  const int32_t outer = captured_value(location, level, value);
  return outer != OLSTM__NO_VALUE && is_zero_value(location, level - 1, outer, budget);
}

// ---------------------------------------------------------------- making nodes

// ---------------------------------------------------------------- slots

/// Transposes a constant [N,D,H] to [D,N,H]. NULL when there is no memory.
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
                                  const olstm__recurrent_shape* shape, const char* slot,
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

/// OUT_OF_MEMORY if an allocation in any graph of a location has failed.
static olstm_status check_location(const olstm__node_location* location,
                                   olstm_error* error) {
  for (size_t l = 0; l <= location->depth; l++) {
    OLSTM_RETURN_IF_ERROR(olstm__graph_check(location->levels[l].graph, error));
  }
  return OLSTM_STATUS_OK;
}

/// Adds a value of the main graph that reads a slot, and the captures down to the node.
/// False when there is no memory.
static bool enter(const olstm__node_location* location, const char* name,
                  olstm_dtype dtype, slot_values* values) {
  olstm__graph* main = location->levels[0].graph;
  values->inputs[0] = olstm__graph_add_value(main, OLSTM__VALUE_STATE, name);
  if (!name || values->inputs[0] == OLSTM__NO_VALUE) return false;
  main->values[values->inputs[0]].info.dtype = dtype;
  for (size_t l = 0; l < location->depth; l++) {
    values->inputs[l + 1] =
        olstm__graph_capture(location->levels[l].graph, location->levels[l].node,
                             location->levels[l].body, values->inputs[l]);
    if (values->inputs[l + 1] == OLSTM__NO_VALUE) return false;
  }
  return true;
}

/// Makes `output` of the node's graph an output of every If around it; the other branches
/// return the slot unchanged.
static bool leave(const olstm__node_location* location, int32_t output,
                  slot_values* values) {
  values->outputs[location->depth] = output;
  if (output == OLSTM__NO_VALUE) return false;
  for (size_t l = location->depth; l-- > 0;) {
    values->outputs[l] = olstm__graph_add_branch_output(
        location->levels[l].graph, location->levels[l].node, location->levels[l].body,
        values->outputs[l + 1], values->inputs[l]);
    if (values->outputs[l] == OLSTM__NO_VALUE) return false;
  }
  return true;
}

/// Adds the slot at every level; the source of its batch is in the node's graph.
static void add_states(const olstm__node_location* location,
                       const olstm__graph_state* state, const slot_values* values) {
  for (size_t l = 0; l <= location->depth; l++) {
    olstm__graph_state at = *state;
    at.input = values->inputs[l];
    at.output = values->outputs[l];
    if (l < location->depth) at.source = OLSTM__NO_VALUE;
    (void)olstm__graph_add_state(location->levels[l].graph, &at);
  }
}

/// For a start value that the graph computes: adds an internal slot of flags, one for
/// each row of the slot that holds a value, and a Where that takes the other rows from
/// the start value. `slot` is the slot's value in the node's graph.
static int32_t add_start(const olstm__node_location* location,
                         const olstm__graph_state* state, int32_t slot, int32_t start) {
  olstm__graph* graph = location->levels[location->depth].graph;
  const char* name = olstm__graph_format(graph, "%s/is_set", state->name);
  slot_values flags;
  olstm__graph_state hidden = *state;
  hidden.name = name;
  hidden.dtype = OLSTM_DTYPE_BOOL;
  hidden.dims[0] = 1;
  hidden.dims[2] = 1;
  hidden.initial = NULL;
  hidden.has_start = false;
  hidden.is_internal = true;
  hidden.is_flag_computed = location->depth > 0;
  if (!enter(location, name, OLSTM_DTYPE_BOOL, &flags)) return OLSTM__NO_VALUE;
  const int32_t old = flags.inputs[location->depth];
  // The branch with the node sets all flags.
  const int32_t all =
      hidden.is_flag_computed
          ? olstm__graph_add_operator(graph, olstm__graph_format(graph, "%s/next", name),
                                      "Equal", OLSTM__STATE_OPSET, NULL, 2,
                                      (int32_t[]){old, old})
          : old;
  if (!leave(location, all, &flags)) return OLSTM__NO_VALUE;
  add_states(location, &hidden, &flags);
  return olstm__graph_add_operator(
      graph, olstm__graph_format(graph, "%s/start", state->name), "Where",
      OLSTM__STATE_OPSET, NULL, 3, (int32_t[]){old, slot, start});
}

/// The node's output of the next h or c; added if it was unused.
static int32_t find_output(olstm__graph* graph, int32_t index, size_t slot,
                           const char* name) {
  int32_t value = graph->nodes[index].outputs[slot];
  if (value != OLSTM__NO_VALUE) return value;
  value = olstm__graph_add_value(graph, OLSTM__VALUE_NODE,
                                 olstm__graph_format(graph, "%s/next", name));
  if (value != OLSTM__NO_VALUE) olstm__graph_set_output(graph, index, slot, value);
  return value;
}

/// Adds one slot to a node that has enough inputs and outputs.
static olstm_status add_slot(const olstm__node_location* location, int32_t index,
                             const olstm__recurrent_shape* shape, bool is_cell,
                             olstm_error* error) {
  olstm__graph* graph = location->levels[location->depth].graph;
  const char* letter = is_cell ? "c" : "h";
  const size_t slot = is_cell ? OLSTM_RECURRENT_INITIAL_C : OLSTM_RECURRENT_INITIAL_H;
  const int32_t before = graph->nodes[index].inputs[slot];
  const olstm_tensor* constant = olstm__graph_constant(graph, before);
  const char* name =
      olstm__graph_format(graph, "%s/%s", graph->nodes[index].name, letter);
  int budget = kMaxZeroNodes;
  slot_values values;
  olstm__graph_state state = {
      .name = name,
      .dtype = shape->dtype,
      .rank = 3,
      .dims = {shape->directions, -1, shape->hidden},
      .batch_axis = 1,
      .source = graph->nodes[index].inputs[OLSTM_RECURRENT_X],
      .source_axis = shape->batch_first ? 0 : 1,
      .row_axis = 1,
      .has_start = before != OLSTM__NO_VALUE && !constant &&
                   !is_zero_value(location, location->depth, before, &budget),
  };
  if (constant) {
    OLSTM_RETURN_IF_ERROR(read_constant(graph, &graph->nodes[index], shape, letter,
                                        constant, &state.initial, error));
  }
  int32_t start = before;
  int32_t output = find_output(graph, index,
                               is_cell ? OLSTM_RECURRENT_Y_C : OLSTM_RECURRENT_Y_H, name);
  if (shape->batch_first) {
    output =
        olstm__graph_add_swap(graph, olstm__graph_format(graph, "%s/out", name), output);
    if (state.has_start) {
      start = olstm__graph_add_swap(graph, olstm__graph_format(graph, "%s/begin", name),
                                    before);
    }
  }
  if (!enter(location, name, shape->dtype, &values) ||
      !leave(location, output, &values)) {
    return check_location(location, error);
  }
  add_states(location, &state, &values);
  int32_t initial = values.inputs[location->depth];
  if (state.has_start) initial = add_start(location, &state, initial, start);
  if (shape->batch_first) {
    initial =
        olstm__graph_add_swap(graph, olstm__graph_format(graph, "%s/in", name), initial);
  }
  OLSTM_RETURN_IF_ERROR(check_location(location, error));
  olstm__graph_set_input(graph, index, slot, initial);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__make_node_stateful(const olstm__node_location* location,
                                       int32_t index, olstm_error* error) {
  olstm__graph* graph = location->levels[location->depth].graph;
  const olstm__graph* main = location->levels[0].graph;
  const bool cell = olstm__recurrent_has_cell(&graph->nodes[index]);
  const olstm__recurrent_shape shape =
      olstm__recurrent_read_shape(graph, &graph->nodes[index]);
  const char* name = olstm__graph_format(graph, "%s/h", graph->nodes[index].name);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  // Nodes have names of their own: only the slot of a bound input may be called that,
  // too.
  bool is_taken = graph->nodes[index].is_stateful;
  for (size_t s = 0; s < main->state_count; s++) {
    is_taken = is_taken || (main->states[s].batch_axis < 0 &&
                            strcmp(main->states[s].name, name) == 0);
  }
  graph->nodes[index].is_stateful = true;
  if (is_taken) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "stateful: there are two slots '%s'", name);
  }
  if (!olstm__graph_reserve_inputs(
          graph, index,
          cell ? OLSTM_RECURRENT_INITIAL_C + 1 : OLSTM_RECURRENT_INITIAL_H + 1) ||
      !olstm__graph_reserve_outputs(
          graph, index, cell ? OLSTM_RECURRENT_Y_C + 1 : OLSTM_RECURRENT_Y_H + 1)) {
    return olstm__graph_check(graph, error);
  }
  OLSTM_RETURN_IF_ERROR(add_slot(location, index, &shape, false, error));
  return cell ? add_slot(location, index, &shape, true, error) : OLSTM_STATUS_OK;
}
