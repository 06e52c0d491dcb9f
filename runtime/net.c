#include "runtime/net.h"

#include <stdio.h>
#include <string.h>

// ---------------------------------------------------------------- memory

/// False, as the result of a helper that found no memory.
static bool fail_allocation(olstm__net* net) {
  net->memory.out_of_memory = true;
  return false;
}

void* olstm__net_allocate(olstm__net* net, size_t count, size_t size) {
  return olstm__region_allocate(&net->memory, count, size);
}

const char* olstm__net_format(olstm__net* net, const char* format, ...) {
  char text[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const size_t bytes = strlen(text) + 1;
  char* copy = olstm__net_allocate(net, bytes, 1);
  return copy ? memcpy(copy, text, bytes) : NULL;
}

/// Makes room for one element more in an array of the allocator's.
static bool grow(olstm__net* net, void** array, int32_t count, int32_t* capacity,
                 size_t size) {
  if (count < *capacity) return true;
  if (*capacity > INT32_MAX / 2) return fail_allocation(net);
  const int32_t wanted = *capacity ? 2 * *capacity : 16;
  void* grown = olstm_allocate_zeroed(&net->allocator, (size_t)wanted, size);
  if (!grown) return fail_allocation(net);
  if (count > 0) memcpy(grown, *array, (size_t)count * size);
  olstm_release(&net->allocator, *array, (size_t)*capacity, size);
  *array = grown;
  *capacity = wanted;
  return true;
}

// ---------------------------------------------------------------- life

olstm__net* olstm__net_create_empty(const char* name, const olstm_allocator* allocator) {
  const olstm_allocator source = olstm_allocator_or_default(allocator);
  olstm__net* net = olstm_allocate_zeroed(&source, 1, sizeof *net);
  if (!net) return NULL;
  net->allocator = source;
  olstm__region_init(&net->memory, &source);
  net->name = name ? name : "";
  return net;
}

void olstm__net_destroy(olstm__net* net) {
  if (!net) return;
  const olstm_allocator allocator = net->allocator;
  for (int32_t n = 0; n < net->node_count; n++) {
    for (size_t b = 0; b < net->nodes[n].body_count; b++) {
      olstm__net_destroy(net->nodes[n].bodies[b].net);
    }
  }
  olstm__region_deinit(&net->memory);
  olstm_release(&allocator, net->values, (size_t)net->value_capacity,
                sizeof *net->values);
  olstm_release(&allocator, net->nodes, (size_t)net->node_capacity, sizeof *net->nodes);
  // order has the same capacity as nodes.
  olstm_release(&allocator, net->order, (size_t)net->node_capacity, sizeof *net->order);
  olstm_release(&allocator, net->uses, (size_t)net->use_capacity, sizeof *net->uses);
  olstm_release(&allocator, net, 1, sizeof *net);
}

olstm_status olstm__net_check(const olstm__net* net, olstm_error* error) {
  if (net && !net->memory.out_of_memory) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "graph '%s': no memory for its nodes", net ? net->name : "");
}

// ---------------------------------------------------------------- adding

int32_t olstm__net_add_value(olstm__net* net, olstm__value_kind kind, const char* name) {
  void* array = net->values;
  if (!grow(net, &array, net->value_count, &net->value_capacity, sizeof *net->values)) {
    return OLSTM__NO_VALUE;
  }
  net->values = array;
  olstm__net_value* value = &net->values[net->value_count];
  *value = (olstm__net_value){
      .kind = kind, .producer = OLSTM__NO_VALUE, .first_use = OLSTM__NO_VALUE};
  value->info.name = name ? name : "";
  value->info.rank = -1;
  return net->value_count++;
}

int32_t olstm__net_add_constant(olstm__net* net, const char* name,
                                const olstm_tensor* tensor) {
  const int32_t value = olstm__net_add_value(net, OLSTM__VALUE_CONSTANT, name);
  if (value == OLSTM__NO_VALUE || !tensor) return OLSTM__NO_VALUE;
  net->values[value].constant = tensor;
  net->values[value].info.dtype = tensor->desc.dtype;
  net->values[value].info.rank = tensor->desc.rank;
  memcpy(net->values[value].info.dims, tensor->desc.dims, sizeof tensor->desc.dims);
  return value;
}

olstm_tensor* olstm__net_allocate_tensor(olstm__net* net, const olstm_tensor_desc* desc) {
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(desc, &bytes)) return NULL;
  olstm_tensor* tensor = olstm__net_allocate(net, 1, sizeof *tensor);
  if (!tensor) return NULL;
  tensor->desc = *desc;
  tensor->data = olstm__region_allocate_data(&net->memory, bytes);
  if (!tensor->data) return NULL;
  memset(tensor->data, 0, bytes);
  return tensor;
}

/// Appends to a list in the net's own memory, which doubles at powers of two.
static bool append(olstm__net* net, int32_t** list, size_t* count, int32_t value) {
  if (value == OLSTM__NO_VALUE) return false;
  if ((*count & (*count - 1)) == 0) {
    const size_t capacity = *count ? 2 * *count : 1;
    int32_t* grown = olstm__net_allocate(net, capacity, sizeof *grown);
    if (!grown) return false;
    if (*count > 0) memcpy(grown, *list, *count * sizeof *grown);
    *list = grown;
  }
  (*list)[(*count)++] = value;
  return true;
}

bool olstm__net_add_input(olstm__net* net, int32_t value) {
  return append(net, &net->inputs, &net->input_count, value);
}

bool olstm__net_make_state(olstm__net* net, int32_t value) {
  for (size_t i = 0; i < net->input_count; i++) {
    if (net->inputs[i] != value) continue;
    memmove(&net->inputs[i], &net->inputs[i + 1],
            (net->input_count - i - 1) * sizeof *net->inputs);
    net->input_count--;
    if (net->own_input_count > 0) net->own_input_count--;
    net->values[value].kind = OLSTM__VALUE_STATE;
    return true;
  }
  return false;
}

bool olstm__net_add_output(olstm__net* net, int32_t value) {
  if (!append(net, &net->outputs, &net->output_count, value)) return false;
  net->values[value].output_use_count++;
  return true;
}

static void link_use(olstm__net* net, int32_t use, int32_t value) {
  if (value == OLSTM__NO_VALUE) return;
  olstm__net_value* target = &net->values[value];
  net->uses[use].previous = OLSTM__NO_VALUE;
  net->uses[use].next = target->first_use;
  if (target->first_use != OLSTM__NO_VALUE) {
    net->uses[target->first_use].previous = use;
  }
  target->first_use = use;
  target->use_count++;
}

static void unlink_use(olstm__net* net, int32_t use, int32_t value) {
  if (value == OLSTM__NO_VALUE) return;
  olstm__net_value* target = &net->values[value];
  const int32_t next = net->uses[use].next, previous = net->uses[use].previous;
  if (next != OLSTM__NO_VALUE) net->uses[next].previous = previous;
  if (previous != OLSTM__NO_VALUE) {
    net->uses[previous].next = next;
  } else {
    target->first_use = next;
  }
  target->use_count--;
}

/// Room for the uses of one node's inputs.
static bool reserve_uses(olstm__net* net, size_t count) {
  while ((size_t)(net->use_capacity - net->use_count) < count) {
    void* array = net->uses;
    int32_t capacity = net->use_capacity;
    // grow() copies `count` elements: say that all are used.
    if (!grow(net, &array, capacity, &capacity, sizeof *net->uses)) return false;
    net->uses = array;
    net->use_capacity = capacity;
  }
  return true;
}

/// Room for one node more in nodes and order, which grow together.
static bool reserve_node(olstm__net* net) {
  if (net->node_count < net->node_capacity) return true;
  void *nodes = net->nodes, *order = NULL;
  int32_t capacity = net->node_capacity;
  const int32_t wanted = capacity ? 2 * capacity : 16;
  if (capacity > INT32_MAX / 2) return fail_allocation(net);
  order = olstm_allocate_zeroed(&net->allocator, (size_t)wanted, sizeof *net->order);
  if (!order) return fail_allocation(net);
  if (!grow(net, &nodes, net->node_count, &capacity, sizeof *net->nodes)) {
    olstm_release(&net->allocator, order, (size_t)wanted, sizeof *net->order);
    return false;
  }
  if (net->order_count > 0) {
    memcpy(order, net->order, (size_t)net->order_count * sizeof *net->order);
  }
  olstm_release(&net->allocator, net->order, (size_t)net->node_capacity,
                sizeof *net->order);
  net->nodes = nodes;
  net->order = order;
  net->node_capacity = capacity;
  return true;
}

/// The arrays of a node, copied into the net's memory.
static bool copy_node(olstm__net* net, const olstm__net_node* from, olstm__net_node* to) {
  *to = *from;
  to->name = from->name ? from->name : "";
  to->domain = from->domain ? from->domain : "";
  to->fused_from = from->fused_from ? from->fused_from : "";
  if (to->kind == OLSTM__NODE_OPERATOR) to->own_input_count = from->input_count;
  to->inputs = olstm__net_allocate(net, from->input_count, sizeof *to->inputs);
  to->outputs = olstm__net_allocate(net, from->output_count, sizeof *to->outputs);
  to->bodies = olstm__net_allocate(net, from->body_count, sizeof *to->bodies);
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

int32_t olstm__net_add_node(olstm__net* net, const olstm__net_node* node) {
  olstm__net_node copy;
  if (!reserve_node(net) || !reserve_uses(net, node->input_count) ||
      !copy_node(net, node, &copy)) {
    for (size_t b = 0; b < node->body_count; b++) {
      olstm__net_destroy(node->bodies[b].net);
    }
    return OLSTM__NO_VALUE;
  }
  const int32_t index = net->node_count++;
  copy.first_use = net->use_count;
  net->use_count += (int32_t)copy.input_count;
  for (size_t i = 0; i < copy.input_count; i++) {
    const int32_t use = copy.first_use + (int32_t)i;
    net->uses[use] =
        (olstm__net_use){index, (int32_t)i, OLSTM__NO_VALUE, OLSTM__NO_VALUE};
    link_use(net, use, copy.inputs[i]);
  }
  for (size_t o = 0; o < copy.output_count; o++) {
    if (copy.outputs[o] != OLSTM__NO_VALUE) net->values[copy.outputs[o]].producer = index;
  }
  net->nodes[index] = copy;
  net->order[net->order_count++] = index;
  return index;
}

int32_t olstm__net_add_operator(olstm__net* net, const char* name, const char* op_type,
                                int32_t opset_version, const olstm_attribute* attribute,
                                size_t input_count, const int32_t* inputs) {
  if (!name) return OLSTM__NO_VALUE;
  for (size_t i = 0; i < input_count; i++) {
    if (inputs[i] == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  }
  int32_t output = olstm__net_add_value(net, OLSTM__VALUE_NODE, name);
  if (output == OLSTM__NO_VALUE) return OLSTM__NO_VALUE;
  const olstm__net_node node = {.kind = OLSTM__NODE_OPERATOR,
                                .name = name,
                                .op_type = op_type,
                                .domain = "",
                                .opset_version = opset_version,
                                .attribute_count = attribute ? 1 : 0,
                                .attributes = attribute,
                                .input_count = input_count,
                                // Copied, and not written, by olstm__net_add_node.
                                .inputs = (int32_t*)inputs,
                                .output_count = 1,
                                .outputs = &output};
  return olstm__net_add_node(net, &node) == OLSTM__NO_VALUE ? OLSTM__NO_VALUE : output;
}

bool olstm__net_add_state(olstm__net* net, const olstm__net_state* state) {
  if (net->state_count == net->state_capacity) {
    // In the net's own memory: slots are few.
    const size_t capacity = net->state_capacity ? 2 * net->state_capacity : 4;
    olstm__net_state* grown = olstm__net_allocate(net, capacity, sizeof *grown);
    if (!grown) return false;
    if (net->state_count > 0) {
      memcpy(grown, net->states, net->state_count * sizeof *grown);
    }
    net->states = grown;
    net->state_capacity = capacity;
  }
  net->states[net->state_count++] = *state;
  net->values[state->output].output_use_count++;
  if (state->batch_axis >= 0 && state->source != OLSTM__NO_VALUE) {
    net->values[state->source].is_state_source = true;
  }
  return true;
}

// ---------------------------------------------------------------- editing

void olstm__net_set_input(olstm__net* net, int32_t node, size_t slot, int32_t value) {
  olstm__net_node* target = &net->nodes[node];
  const int32_t use = target->first_use + (int32_t)slot;
  unlink_use(net, use, target->inputs[slot]);
  target->inputs[slot] = value;
  link_use(net, use, value);
}

void olstm__net_set_output(olstm__net* net, int32_t node, size_t slot, int32_t value) {
  int32_t* output = &net->nodes[node].outputs[slot];
  if (*output != OLSTM__NO_VALUE) net->values[*output].producer = OLSTM__NO_VALUE;
  *output = value;
  if (value != OLSTM__NO_VALUE) net->values[value].producer = node;
}

bool olstm__net_reserve_outputs(olstm__net* net, int32_t index, size_t count) {
  olstm__net_node* node = &net->nodes[index];
  if (node->output_count >= count) return true;
  int32_t* outputs = olstm__net_allocate(net, count, sizeof *outputs);
  if (!outputs) return false;
  for (size_t o = 0; o < count; o++) {
    outputs[o] = o < node->output_count ? node->outputs[o] : OLSTM__NO_VALUE;
  }
  node->outputs = outputs;
  node->output_count = count;
  return true;
}

/// A value that becomes the output that `from` was is called as the output is.
static void name_output(olstm__net* net, int32_t from, int32_t to) {
  olstm__net_value* value = &net->values[to];
  if (value->kind != OLSTM__VALUE_NODE || value->output_use_count > 0) return;
  value->info.name = net->values[from].info.name;
}

void olstm__net_replace_uses(olstm__net* net, int32_t from, int32_t to) {
  if (from == to) return;
  while (net->values[from].first_use != OLSTM__NO_VALUE) {
    const olstm__net_use use = net->uses[net->values[from].first_use];
    olstm__net_set_input(net, use.node, (size_t)use.slot, to);
  }
  for (size_t o = 0; o < net->output_count; o++) {
    if (net->outputs[o] != from) continue;
    name_output(net, from, to);
    net->outputs[o] = to;
  }
  for (size_t s = 0; s < net->state_count; s++) {
    if (net->states[s].output == from) net->states[s].output = to;
    if (net->states[s].source == from) net->states[s].source = to;
  }
  net->values[to].is_state_source |= net->values[from].is_state_source;
  net->values[from].is_state_source = false;
  net->values[to].output_use_count += net->values[from].output_use_count;
  net->values[from].output_use_count = 0;
}

void olstm__net_make_constant(olstm__net* net, int32_t value,
                              const olstm_tensor* tensor) {
  olstm__net_value* target = &net->values[value];
  if (target->producer != OLSTM__NO_VALUE) {
    olstm__net_node* producer = &net->nodes[target->producer];
    for (size_t o = 0; o < producer->output_count; o++) {
      if (producer->outputs[o] == value) producer->outputs[o] = OLSTM__NO_VALUE;
    }
  }
  target->kind = OLSTM__VALUE_CONSTANT;
  target->producer = OLSTM__NO_VALUE;
  target->constant = tensor;
}

void olstm__net_remove_node(olstm__net* net, int32_t node) {
  olstm__net_node* target = &net->nodes[node];
  if (target->kind == OLSTM__NODE_REMOVED) return;
  for (size_t i = 0; i < target->input_count; i++) {
    olstm__net_set_input(net, node, i, OLSTM__NO_VALUE);
  }
  for (size_t o = 0; o < target->output_count; o++) {
    olstm__net_set_output(net, node, o, OLSTM__NO_VALUE);
  }
  target->kind = OLSTM__NODE_REMOVED;
}

// ---------------------------------------------------------------- asking

olstm__net_node* olstm__net_producer(const olstm__net* net, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  const int32_t producer = net->values[value].producer;
  return producer == OLSTM__NO_VALUE ? NULL : &net->nodes[producer];
}

olstm__net_node* olstm__net_producer_of_type(const olstm__net* net, int32_t value,
                                             const char* op_type) {
  olstm__net_node* node = olstm__net_producer(net, value);
  const bool matches = node && node->kind == OLSTM__NODE_OPERATOR &&
                       node->domain[0] == '\0' && strcmp(node->op_type, op_type) == 0;
  return matches ? node : NULL;
}

olstm__net_node* olstm__net_only_consumer(const olstm__net* net, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  const olstm__net_value* target = &net->values[value];
  if (target->use_count != 1 || target->output_use_count != 0) return NULL;
  return &net->nodes[net->uses[target->first_use].node];
}

const olstm_tensor* olstm__net_constant(const olstm__net* net, int32_t value) {
  if (value == OLSTM__NO_VALUE) return NULL;
  return net->values[value].kind == OLSTM__VALUE_CONSTANT ? net->values[value].constant
                                                          : NULL;
}

int32_t olstm__net_node_input(const olstm__net_node* node, size_t slot) {
  return slot < node->own_input_count ? node->inputs[slot] : OLSTM__NO_VALUE;
}

int32_t olstm__net_node_output(const olstm__net_node* node, size_t slot) {
  return slot < node->output_count ? node->outputs[slot] : OLSTM__NO_VALUE;
}

const olstm_attribute* olstm__net_find_attribute(const olstm__net_node* node,
                                                 const char* name) {
  for (size_t a = 0; a < node->attribute_count; a++) {
    if (strcmp(node->attributes[a].name, name) == 0) return &node->attributes[a];
  }
  return NULL;
}

int32_t olstm__net_find_node(const olstm__net* net, const char* name) {
  for (int32_t n = 0; n < net->node_count; n++) {
    const olstm__net_node* node = &net->nodes[n];
    if (node->kind != OLSTM__NODE_REMOVED && strcmp(node->name, name) == 0) return n;
  }
  return OLSTM__NO_VALUE;
}

int32_t olstm__net_node_index(const olstm__net* net, const olstm__net_node* node) {
  return (int32_t)(node - net->nodes);
}
