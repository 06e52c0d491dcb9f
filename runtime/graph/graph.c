#include "runtime/graph/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"

/// Of the nodes that are added here.
enum { kTransposeOpset = 13 };

// ---------------------------------------------------------------- memory

void* olstm__graph_allocate(olstm__graph* graph, size_t count, size_t size) {
  return olstm__arena_allocate(&graph->memory, count, size);
}

const char* olstm__graph_format(olstm__graph* graph, const char* format, ...) {
  char text[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const size_t bytes = strlen(text) + 1;
  char* copy = olstm__graph_allocate(graph, bytes, 1);
  return copy ? memcpy(copy, text, bytes) : NULL;
}

/// Makes room for `more` items in an array indexed by int32_t. NULL when there is no
/// memory, which the graph records.
static void* reserve(olstm__graph* graph, void* items, int32_t count, size_t more,
                     size_t* capacity, size_t item_bytes) {
  void* grown = more > (size_t)(INT32_MAX - count)
                    ? NULL
                    : olstm__array_reserve(&graph->allocator, items, (size_t)count, more,
                                           capacity, item_bytes);
  if (!grown) graph->memory.has_failed = true;
  return grown;
}

// ---------------------------------------------------------------- life

olstm__graph* olstm__graph_create_empty(const char* name,
                                        const olstm_allocator* allocator) {
  const olstm_allocator source = olstm_allocator_or_default(allocator);
  olstm__graph* graph = olstm_allocate_zeroed(&source, 1, sizeof *graph);
  if (!graph) return NULL;
  graph->allocator = source;
  olstm__arena_init(&graph->memory, &source, SIZE_MAX);
  graph->name = name ? name : "";
  return graph;
}

void olstm__graph_destroy(olstm__graph* graph) {
  if (!graph) return;
  const olstm_allocator allocator = graph->allocator;
  for (int32_t n = 0; n < graph->node_count; n++) {
    for (size_t b = 0; b < graph->nodes[n].body_count; b++) {
      olstm__graph_destroy(graph->nodes[n].bodies[b].graph);
    }
  }
  olstm__arena_deinit(&graph->memory);
  olstm_release(&allocator, graph->values, graph->value_capacity, sizeof *graph->values);
  olstm_release(&allocator, graph->nodes, graph->node_capacity, sizeof *graph->nodes);
  olstm_release(&allocator, graph->order, graph->order_capacity, sizeof *graph->order);
  olstm_release(&allocator, graph->uses, graph->use_capacity, sizeof *graph->uses);
  olstm_release(&allocator, graph, 1, sizeof *graph);
}

olstm_status olstm__graph_check(const olstm__graph* graph, olstm_error* error) {
  if (graph && !graph->memory.has_failed) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "graph '%s': no memory for its nodes", graph ? graph->name : "");
}

// ---------------------------------------------------------------- adding

int32_t olstm__graph_add_value(olstm__graph* graph, olstm__value_kind kind,
                               const char* name) {
  olstm__graph_value* values = reserve(graph, graph->values, graph->value_count, 1,
                                       &graph->value_capacity, sizeof *values);
  if (!values) return OLSTM__NO_VALUE;
  graph->values = values;
  olstm__graph_value* value = &graph->values[graph->value_count];
  *value = (olstm__graph_value){.kind = kind,
                                .producer = OLSTM__NO_VALUE,
                                .first_use = OLSTM__NO_VALUE,
                                .replaced_by = OLSTM__NO_VALUE,
                                .rows_of = OLSTM__NO_VALUE,
                                .row_count = -1};
  value->info.name = name ? name : "";
  value->info.rank = -1;
  return graph->value_count++;
}

int32_t olstm__graph_add_constant(olstm__graph* graph, const char* name,
                                  const olstm_tensor* tensor) {
  const int32_t value = olstm__graph_add_value(graph, OLSTM__VALUE_CONSTANT, name);
  if (value == OLSTM__NO_VALUE || !tensor) return OLSTM__NO_VALUE;
  graph->values[value].constant = tensor;
  graph->values[value].info.dtype = tensor->desc.dtype;
  graph->values[value].info.rank = tensor->desc.rank;
  memcpy(graph->values[value].info.dims, tensor->desc.dims, sizeof tensor->desc.dims);
  return value;
}

olstm_tensor* olstm__graph_allocate_tensor(olstm__graph* graph,
                                           const olstm_tensor_desc* desc) {
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(desc, &bytes)) return NULL;
  olstm_tensor* tensor = olstm__graph_allocate(graph, 1, sizeof *tensor);
  if (!tensor) return NULL;
  tensor->desc = *desc;
  tensor->data = olstm__arena_allocate_data(&graph->memory, bytes);
  if (!tensor->data) return NULL;
  memset(tensor->data, 0, bytes);
  return tensor;
}

/// Makes room for one item in an array that lives as long as the graph.
static void* reserve_in_memory(olstm__graph* graph, void* items, size_t count,
                               size_t* capacity, size_t item_bytes) {
  const olstm_allocator memory = olstm__arena_as_allocator(&graph->memory);
  return olstm__array_reserve(&memory, items, count, 1, capacity, item_bytes);
}

bool olstm__graph_add_input(olstm__graph* graph, int32_t value) {
  int32_t* inputs = reserve_in_memory(graph, graph->inputs, graph->input_count,
                                      &graph->input_capacity, sizeof *inputs);
  if (!inputs || value == OLSTM__NO_VALUE) return false;
  graph->inputs = inputs;
  graph->inputs[graph->input_count++] = value;
  return true;
}

bool olstm__graph_add_output(olstm__graph* graph, int32_t value) {
  int32_t* outputs = reserve_in_memory(graph, graph->outputs, graph->output_count,
                                       &graph->output_capacity, sizeof *outputs);
  if (!outputs || value == OLSTM__NO_VALUE) return false;
  graph->outputs = outputs;
  graph->outputs[graph->output_count++] = value;
  graph->values[value].output_use_count++;
  return true;
}

static void link_use(olstm__graph* graph, int32_t use, int32_t value) {
  if (value == OLSTM__NO_VALUE) return;
  olstm__graph_value* target = &graph->values[value];
  graph->uses[use].previous = OLSTM__NO_VALUE;
  graph->uses[use].next = target->first_use;
  if (target->first_use != OLSTM__NO_VALUE) {
    graph->uses[target->first_use].previous = use;
  }
  target->first_use = use;
  target->use_count++;
}

static void unlink_use(olstm__graph* graph, int32_t use, int32_t value) {
  if (value == OLSTM__NO_VALUE) return;
  olstm__graph_value* target = &graph->values[value];
  const int32_t next = graph->uses[use].next, previous = graph->uses[use].previous;
  if (next != OLSTM__NO_VALUE) graph->uses[next].previous = previous;
  if (previous != OLSTM__NO_VALUE) {
    graph->uses[previous].next = next;
  } else {
    target->first_use = next;
  }
  target->use_count--;
}

/// Makes room for `count` uses.
static bool reserve_uses(olstm__graph* graph, size_t count) {
  olstm__graph_use* uses = reserve(graph, graph->uses, graph->use_count, count,
                                   &graph->use_capacity, sizeof *uses);
  if (uses) graph->uses = uses;
  return uses != NULL;
}

/// Makes room for one node, its place in the order, and the uses of its inputs.
static bool reserve_node(olstm__graph* graph, size_t input_count) {
  olstm__graph_node* nodes = reserve(graph, graph->nodes, graph->node_count, 1,
                                     &graph->node_capacity, sizeof *nodes);
  if (nodes) graph->nodes = nodes;
  int32_t* order = reserve(graph, graph->order, graph->order_count, 1,
                           &graph->order_capacity, sizeof *order);
  if (order) graph->order = order;
  return nodes && order && reserve_uses(graph, input_count);
}

/// Copies a node and its arrays into the graph's memory.
static bool copy_node(olstm__graph* graph, const olstm__graph_node* from,
                      olstm__graph_node* to) {
  // A type that was put together, without memory for it.
  if (!from->op_type) return false;
  *to = *from;
  to->name = from->name ? from->name : "";
  to->domain = from->domain ? from->domain : "";
  to->traits = to->kind == OLSTM__NODE_OPERATOR
                   ? olstm__builtin_traits(to->domain, to->op_type)
                   : 0;
  to->fused_from = from->fused_from ? from->fused_from : "";
  to->input_capacity = from->input_count;
  to->output_capacity = from->output_count;
  if (to->kind == OLSTM__NODE_OPERATOR) to->own_input_count = from->input_count;
  to->inputs = olstm__graph_allocate(graph, from->input_count, sizeof *to->inputs);
  to->outputs = olstm__graph_allocate(graph, from->output_count, sizeof *to->outputs);
  to->bodies = olstm__graph_allocate(graph, from->body_count, sizeof *to->bodies);
  if (!to->inputs || !to->outputs || !to->bodies) return false;
  if (from->input_count > 0) {
    memcpy(to->inputs, from->inputs, from->input_count * sizeof *to->inputs);
  }
  if (from->output_count > 0) {
    memcpy(to->outputs, from->outputs, from->output_count * sizeof *to->outputs);
  }
  if (from->body_count > 0) {
    memcpy(to->bodies, from->bodies, from->body_count * sizeof *to->bodies);
  }
  return true;
}

int32_t olstm__graph_add_node(olstm__graph* graph, const olstm__graph_node* node) {
  olstm__graph_node copy;
  if (!reserve_node(graph, node->input_count) || !copy_node(graph, node, &copy)) {
    for (size_t b = 0; b < node->body_count; b++) {
      olstm__graph_destroy(node->bodies[b].graph);
    }
    return OLSTM__NO_VALUE;
  }
  const int32_t index = graph->node_count++;
  copy.first_use = graph->use_count;
  graph->use_count += (int32_t)copy.input_count;
  for (size_t i = 0; i < copy.input_count; i++) {
    const int32_t use = copy.first_use + (int32_t)i;
    graph->uses[use] =
        (olstm__graph_use){index, (int32_t)i, OLSTM__NO_VALUE, OLSTM__NO_VALUE};
    link_use(graph, use, copy.inputs[i]);
  }
  for (size_t o = 0; o < copy.output_count; o++) {
    if (copy.outputs[o] != OLSTM__NO_VALUE)
      graph->values[copy.outputs[o]].producer = index;
  }
  graph->nodes[index] = copy;
  graph->order[graph->order_count++] = index;
  return index;
}

int32_t olstm__graph_add_operator(olstm__graph* graph, const char* name,
                                  const char* op_type, int32_t opset_version,
                                  const olstm_attribute* attribute, size_t input_count,
                                  const int32_t* inputs) {
  if (!name) return OLSTM__NO_VALUE;
  for (size_t i = 0; i < input_count; i++) {
    if (inputs[i] == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  }
  int32_t output = olstm__graph_add_value(graph, OLSTM__VALUE_NODE, name);
  if (output == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const olstm__graph_node node = {.kind = OLSTM__NODE_OPERATOR,
                                  .name = name,
                                  .op_type = op_type,
                                  .domain = "",
                                  .opset_version = opset_version,
                                  .attribute_count = attribute ? 1 : 0,
                                  .attributes = attribute,
                                  .input_count = input_count,
                                  // Not modified: olstm__graph_add_node copies it.
                                  .inputs = (int32_t*)inputs,
                                  .output_count = 1,
                                  .outputs = &output};
  return olstm__graph_add_node(graph, &node) == OLSTM__NO_VALUE ? OLSTM__NO_VALUE
                                                                : output;
}

int32_t olstm__graph_add_swap(olstm__graph* graph, const char* name, int32_t value) {
  static const int64_t kPerm[] = {1, 0, 2};
  static const olstm_attribute kAttribute = {
      .name = "perm", .kind = OLSTM_ATTRIBUTE_INTS, .count = 3, .ints = kPerm};
  return olstm__graph_add_operator(graph, name, "Transpose", kTransposeOpset, &kAttribute,
                                   1, &value);
}

bool olstm__graph_add_state(olstm__graph* graph, const olstm__graph_state* state) {
  olstm__graph_state* states = reserve_in_memory(graph, graph->states, graph->state_count,
                                                 &graph->state_capacity, sizeof *states);
  if (!states) return false;
  graph->states = states;
  graph->states[graph->state_count++] = *state;
  graph->values[state->output].output_use_count++;
  if (state->batch_axis >= 0 && state->source != OLSTM__NO_VALUE) {
    graph->values[state->source].is_state_source = true;
  }
  return true;
}

// ---------------------------------------------------------------- editing

void olstm__graph_set_domain(olstm__graph* graph, int32_t node, const char* domain) {
  olstm__graph_node* target = &graph->nodes[node];
  target->domain = domain;
  target->traits = olstm__builtin_traits(domain, target->op_type);
}

void olstm__graph_set_input(olstm__graph* graph, int32_t node, size_t slot,
                            int32_t value) {
  olstm__graph_node* target = &graph->nodes[node];
  const int32_t use = target->first_use + (int32_t)slot;
  unlink_use(graph, use, target->inputs[slot]);
  target->inputs[slot] = value;
  link_use(graph, use, value);
}

void olstm__graph_set_output(olstm__graph* graph, int32_t node, size_t slot,
                             int32_t value) {
  int32_t* output = &graph->nodes[node].outputs[slot];
  if (*output != OLSTM__NO_VALUE) graph->values[*output].producer = OLSTM__NO_VALUE;
  *output = value;
  if (value != OLSTM__NO_VALUE) graph->values[value].producer = node;
}

/// Moves a node's inputs and their uses to where there is room for more.
static bool move_inputs(olstm__graph* graph, int32_t index, size_t capacity) {
  olstm__graph_node* node = &graph->nodes[index];
  int32_t* inputs = olstm__graph_allocate(graph, capacity, sizeof *inputs);
  if (!inputs || !reserve_uses(graph, capacity)) return false;
  const int32_t first = graph->use_count;
  graph->use_count += (int32_t)capacity;
  for (size_t i = 0; i < capacity; i++) {
    const int32_t use = first + (int32_t)i;
    inputs[i] = i < node->input_count ? node->inputs[i] : OLSTM__NO_VALUE;
    if (i < node->input_count) unlink_use(graph, node->first_use + (int32_t)i, inputs[i]);
    graph->uses[use] =
        (olstm__graph_use){index, (int32_t)i, OLSTM__NO_VALUE, OLSTM__NO_VALUE};
    link_use(graph, use, inputs[i]);
  }
  node->inputs = inputs;
  node->first_use = first;
  node->input_capacity = capacity;
  return true;
}

/// Twice what a node has, so that adding one by one stays linear.
static size_t room_for(size_t count, size_t capacity) {
  return count > 2 * capacity ? count : 2 * capacity;
}

bool olstm__graph_reserve_inputs(olstm__graph* graph, int32_t index, size_t count) {
  olstm__graph_node* node = &graph->nodes[index];
  if (node->input_count >= count) return true;
  if (node->input_capacity < count &&
      !move_inputs(graph, index, room_for(count, node->input_capacity))) {
    return false;
  }
  for (size_t i = node->input_count; i < count; i++) node->inputs[i] = OLSTM__NO_VALUE;
  node->input_count = count;
  if (node->kind == OLSTM__NODE_OPERATOR) node->own_input_count = count;
  return true;
}

bool olstm__graph_reserve_outputs(olstm__graph* graph, int32_t index, size_t count) {
  olstm__graph_node* node = &graph->nodes[index];
  if (node->output_count >= count) return true;
  if (node->output_capacity < count) {
    const size_t capacity = room_for(count, node->output_capacity);
    int32_t* outputs = olstm__graph_allocate(graph, capacity, sizeof *outputs);
    if (!outputs) return false;
    if (node->output_count > 0) {
      memcpy(outputs, node->outputs, node->output_count * sizeof *outputs);
    }
    node->outputs = outputs;
    node->output_capacity = capacity;
  }
  for (size_t o = node->output_count; o < count; o++) node->outputs[o] = OLSTM__NO_VALUE;
  node->output_count = count;
  return true;
}

/// Gives `to`, which becomes the output that `from` was, the name of the output.
static void name_output(olstm__graph* graph, int32_t from, int32_t to) {
  olstm__graph_value* value = &graph->values[to];
  if (value->kind != OLSTM__VALUE_NODE || value->output_use_count > 0) return;
  value->info.name = graph->values[from].info.name;
}

void olstm__graph_replace_uses(olstm__graph* graph, int32_t from, int32_t to) {
  if (from == to) return;
  graph->values[from].replaced_by = to;
  while (graph->values[from].first_use != OLSTM__NO_VALUE) {
    const olstm__graph_use use = graph->uses[graph->values[from].first_use];
    olstm__graph_set_input(graph, use.node, (size_t)use.slot, to);
  }
  for (size_t o = 0; o < graph->output_count; o++) {
    if (graph->outputs[o] != from) continue;
    name_output(graph, from, to);
    graph->outputs[o] = to;
  }
  for (size_t s = 0; s < graph->state_count; s++) {
    if (graph->states[s].output == from) graph->states[s].output = to;
    if (graph->states[s].source == from) graph->states[s].source = to;
  }
  graph->values[to].is_state_source |= graph->values[from].is_state_source;
  graph->values[from].is_state_source = false;
  graph->values[to].output_use_count += graph->values[from].output_use_count;
  graph->values[from].output_use_count = 0;
}

void olstm__graph_make_constant(olstm__graph* graph, int32_t value,
                                const olstm_tensor* tensor) {
  olstm__graph_value* target = &graph->values[value];
  if (target->producer != OLSTM__NO_VALUE) {
    olstm__graph_node* producer = &graph->nodes[target->producer];
    for (size_t o = 0; o < producer->output_count; o++) {
      if (producer->outputs[o] == value) producer->outputs[o] = OLSTM__NO_VALUE;
    }
  }
  target->kind = OLSTM__VALUE_CONSTANT;
  target->producer = OLSTM__NO_VALUE;
  target->constant = tensor;
}

void olstm__graph_remove_node(olstm__graph* graph, int32_t node) {
  olstm__graph_node* target = &graph->nodes[node];
  if (target->kind == OLSTM__NODE_REMOVED) return;
  for (size_t i = 0; i < target->input_count; i++) {
    olstm__graph_set_input(graph, node, i, OLSTM__NO_VALUE);
  }
  for (size_t o = 0; o < target->output_count; o++) {
    olstm__graph_set_output(graph, node, o, OLSTM__NO_VALUE);
  }
  target->kind = OLSTM__NODE_REMOVED;
}

// ---------------------------------------------------------------- asking

olstm__graph_node* olstm__graph_producer(const olstm__graph* graph, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  const int32_t producer = graph->values[value].producer;
  return producer == OLSTM__NO_VALUE ? NULL : &graph->nodes[producer];
}

olstm__graph_node* olstm__graph_producer_of_type(const olstm__graph* graph, int32_t value,
                                                 const char* op_type) {
  olstm__graph_node* node = olstm__graph_producer(graph, value);
  const bool matches = node && node->kind == OLSTM__NODE_OPERATOR &&
                       node->domain[0] == '\0' && strcmp(node->op_type, op_type) == 0;
  return matches ? node : NULL;
}

olstm__graph_node* olstm__graph_only_consumer(const olstm__graph* graph, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  const olstm__graph_value* target = &graph->values[value];
  if (target->use_count != 1 || target->output_use_count != 0) return NULL;
  return &graph->nodes[graph->uses[target->first_use].node];
}

const olstm_tensor* olstm__graph_constant(const olstm__graph* graph, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  return graph->values[value].kind == OLSTM__VALUE_CONSTANT
             ? graph->values[value].constant
             : NULL;
}

int32_t olstm__graph_node_input(const olstm__graph_node* node, size_t slot) {
  return slot < node->own_input_count ? node->inputs[slot] : OLSTM__NO_VALUE;
}

int32_t olstm__graph_node_output(const olstm__graph_node* node, size_t slot) {
  return slot < node->output_count ? node->outputs[slot] : OLSTM__NO_VALUE;
}

const olstm_attribute* olstm__graph_find_attribute(const olstm__graph_node* node,
                                                   const char* name) {
  for (size_t a = 0; a < node->attribute_count; a++) {
    if (strcmp(node->attributes[a].name, name) == 0) return &node->attributes[a];
  }
  return NULL;
}

int32_t olstm__graph_find_node(const olstm__graph* graph, const char* name) {
  for (int32_t n = 0; n < graph->node_count; n++) {
    const olstm__graph_node* node = &graph->nodes[n];
    if (node->kind != OLSTM__NODE_REMOVED && strcmp(node->name, name) == 0) return n;
  }
  return OLSTM__NO_VALUE;
}

int32_t olstm__graph_node_index(const olstm__graph* graph,
                                const olstm__graph_node* node) {
  return (int32_t)(node - graph->nodes);
}
