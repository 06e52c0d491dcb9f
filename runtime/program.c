#include "runtime/program.h"

#include <string.h>

#include "runtime/control.h"
#include "runtime/plan_cache.h"
#include "runtime/registry.h"

// ---------------------------------------------------------------- nodes

olstm_status olstm__program_describe_node(olstm__net* net, const olstm__net_node* from,
                                          olstm_node* out_node, olstm_error* error) {
  const size_t input_count = from->own_input_count;
  const char** input_names = olstm__net_allocate(net, input_count, sizeof *input_names);
  const olstm_tensor** constants =
      olstm__net_allocate(net, input_count, sizeof *constants);
  const char** output_names =
      olstm__net_allocate(net, from->output_count, sizeof *output_names);
  OLSTM_RETURN_IF_ERROR(olstm__net_check(net, error));
  for (size_t i = 0; i < input_count; i++) {
    const int32_t value = from->inputs[i];
    input_names[i] = value == OLSTM__NO_VALUE ? "" : net->values[value].info.name;
    // A value without a name is there all the same.
    if (value != OLSTM__NO_VALUE && input_names[i][0] == '\0') input_names[i] = "?";
    constants[i] = olstm__net_constant(net, value);
  }
  for (size_t o = 0; o < from->output_count; o++) {
    const int32_t value = from->outputs[o];
    output_names[o] = value == OLSTM__NO_VALUE ? "" : net->values[value].info.name;
    if (value != OLSTM__NO_VALUE && output_names[o][0] == '\0') output_names[o] = "?";
  }
  *out_node = (olstm_node){.struct_size = sizeof *out_node,
                           .name = from->name,
                           .op_type = from->op_type,
                           .domain = from->domain,
                           .opset_version = from->opset_version,
                           .attribute_count = from->attribute_count,
                           .attributes = from->attributes,
                           .input_count = input_count,
                           .input_names = input_names,
                           .constants = constants,
                           .output_count = from->output_count,
                           .output_names = output_names};
  return OLSTM_STATUS_OK;
}

olstm_status olstm__program_create_operator(olstm__engine* engine, const olstm_node* node,
                                            const olstm_operator** out_callbacks,
                                            void** out_instance, olstm_error* error) {
  const olstm_create_args args = {sizeof args, &engine->host, node, &engine->options};
  const olstm_operator* callbacks = olstm__registry_find(
      engine->registry, node->domain, node->op_type, node->opset_version);
  if (!callbacks) {
    return olstm__registry_refuse(engine->registry, node->name, node->domain,
                                  node->op_type, node->opset_version, error);
  }
  *out_callbacks = callbacks;
  *out_instance = NULL;
  olstm__engine_lock(engine);
  const olstm_status status = olstm__call_create(callbacks, &args, out_instance, error);
  olstm__engine_unlock(engine);
  return status;
}

/// Every value that a node reads must come from somewhere: passes that broke that would
/// make runs read garbage.
static olstm_status check_inputs(const olstm__net* net, const olstm__net_node* node,
                                 olstm_error* error) {
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] == OLSTM__NO_VALUE) continue;
    const olstm__net_value* value = &net->values[node->inputs[i]];
    if (value->kind == OLSTM__VALUE_NODE && value->producer == OLSTM__NO_VALUE) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                        "%s '%s': nothing makes input '%s'", node->op_type, node->name,
                        value->info.name);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status create_bodies(olstm__program* program, const olstm__net_node* from,
                                  olstm__program_node* node, olstm_error* error) {
  olstm__program_body* bodies =
      olstm__net_allocate(program->net, from->body_count, sizeof *bodies);
  if (!bodies) return olstm__net_check(program->net, error);
  node->bodies = bodies;
  for (size_t b = 0; b < from->body_count; b++) {
    const olstm__net_body* body = &from->bodies[b];
    bodies[b] = (olstm__program_body){body->attribute, NULL, body->first_capture,
                                      body->capture_count};
    OLSTM_RETURN_IF_ERROR(olstm__program_create(program->engine, body->net, true,
                                                &bodies[b].program, error));
    // Counted one by one, so that destroy knows how far this came.
    node->body_count++;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status create_node(olstm__program* program, const olstm__net_node* from,
                                olstm__program_node* node, olstm_error* error) {
  node->kind = from->kind;
  node->input_count = from->input_count;
  node->inputs = from->inputs;
  node->output_count = from->output_count;
  node->outputs = from->outputs;
  node->fused_from = from->fused_from;
  OLSTM_RETURN_IF_ERROR(check_inputs(program->net, from, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__program_describe_node(program->net, from, &node->node, error));
  if (node->kind == OLSTM__NODE_CONTROL) {
    OLSTM_RETURN_IF_ERROR(create_bodies(program, from, node, error));
    return olstm__control_check(node, error);
  }
  return olstm__program_create_operator(program->engine, &node->node, &node->callbacks,
                                        &node->instance, error);
}

static olstm_status create_nodes(olstm__program* program, olstm_error* error) {
  olstm__net* net = program->net;
  program->nodes =
      olstm__net_allocate(net, (size_t)net->order_count, sizeof *program->nodes);
  if (!program->nodes) return olstm__net_check(net, error);
  for (int32_t i = 0; i < net->order_count; i++) {
    const olstm__net_node* from = &net->nodes[net->order[i]];
    if (from->kind == OLSTM__NODE_REMOVED) continue;
    OLSTM_RETURN_IF_ERROR(
        create_node(program, from, &program->nodes[program->node_count++], error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- inputs and outputs

static olstm_status list_values(olstm__program* program, olstm_error* error) {
  olstm__net* net = program->net;
  program->input_count = net->input_count + net->state_count;
  program->output_count = net->output_count + net->state_count;
  int32_t* inputs = olstm__net_allocate(net, program->input_count, sizeof *inputs);
  int32_t* outputs = olstm__net_allocate(net, program->output_count, sizeof *outputs);
  OLSTM_RETURN_IF_ERROR(olstm__net_check(net, error));
  for (size_t i = 0; i < net->input_count; i++) inputs[i] = net->inputs[i];
  for (size_t o = 0; o < net->output_count; o++) outputs[o] = net->outputs[o];
  for (size_t s = 0; s < net->state_count; s++) {
    inputs[net->input_count + s] = net->states[s].input;
    outputs[net->output_count + s] = net->states[s].output;
  }
  program->inputs = inputs;
  program->outputs = outputs;
  return OLSTM_STATUS_OK;
}

/// The number of a symbolic dimension. Open addressing in a table of a power of two.
static int32_t number_symbol(const char** names, int32_t* slots, size_t mask,
                             int32_t* count, const char* name) {
  uint32_t hash = 2166136261U;
  for (const char* c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 16777619U;
  size_t slot = hash & mask;
  while (slots[slot] != 0) {
    if (strcmp(names[slots[slot] - 1], name) == 0) return slots[slot] - 1;
    slot = (slot + 1) & mask;
  }
  names[*count] = name;
  slots[slot] = ++*count;
  return slots[slot] - 1;
}

static olstm_status number_symbols(olstm__program* program, olstm_error* error) {
  olstm__net* net = program->net;
  const size_t dim_count = program->input_count * OLSTM_MAX_RANK;
  size_t capacity = 16;
  while (capacity < 2 * dim_count) capacity *= 2;
  int32_t* symbols = olstm__net_allocate(net, dim_count, sizeof *symbols);
  const char** names = olstm__net_allocate(net, dim_count, sizeof *names);
  OLSTM_RETURN_IF_ERROR(olstm__net_check(net, error));
  int32_t* slots = olstm_allocate_zeroed(&net->allocator, capacity, sizeof *slots);
  if (!slots) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  for (size_t i = 0; i < dim_count; i++) {
    const olstm_value_info* info = &net->values[program->inputs[i / OLSTM_MAX_RANK]].info;
    const size_t d = i % OLSTM_MAX_RANK;
    const bool has_symbol =
        (int32_t)d < info->rank && info->dims[d] < 0 && info->dim_params[d];
    symbols[i] = has_symbol ? number_symbol(names, slots, capacity - 1,
                                            &program->symbol_count, info->dim_params[d])
                            : -1;
  }
  olstm_release(&net->allocator, slots, capacity, sizeof *slots);
  program->input_symbols = symbols;
  program->symbol_names = names;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- life

static olstm_status fill(olstm__program* program, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(list_values(program, error));
  OLSTM_RETURN_IF_ERROR(number_symbols(program, error));
  OLSTM_RETURN_IF_ERROR(create_nodes(program, error));
  return olstm__plan_cache_create(program->engine, &program->plans, error);
}

olstm_status olstm__program_create(olstm__engine* engine, olstm__net* net, bool is_body,
                                   olstm__program** out_program, olstm_error* error) {
  *out_program = NULL;
  olstm__program* program = olstm__net_allocate(net, 1, sizeof *program);
  if (!program) return olstm__net_check(net, error);
  program->engine = engine;
  program->net = net;
  program->is_body = is_body;
  const olstm_status status = fill(program, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__program_destroy(program);
    return status;
  }
  *out_program = program;
  return OLSTM_STATUS_OK;
}

void olstm__program_destroy(olstm__program* program) {
  if (!program) return;
  olstm__plan_cache_destroy(program->engine, program->plans);
  for (size_t n = 0; n < program->node_count; n++) {
    const olstm__program_node* node = &program->nodes[n];
    for (size_t b = 0; b < node->body_count; b++) {
      olstm__program_destroy(node->bodies[b].program);
    }
    if (!node->callbacks || !node->instance) continue;
    olstm__engine_lock(program->engine);
    node->callbacks->destroy(node->instance);
    olstm__engine_unlock(program->engine);
  }
}
