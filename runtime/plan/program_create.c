#include "runtime/plan/program_create.h"

#include <string.h>

#include "runtime/plan/control_check.h"
#include "runtime/plan/node_operator.h"
#include "runtime/plan/plan_cache.h"

// ---------------------------------------------------------------- nodes

/// Checks that every value that a node reads has a producer: after a faulty pass, runs
/// would read uninitialised memory.
static olstm_status check_inputs(const olstm__graph* graph, const olstm__graph_node* node,
                                 olstm_error* error) {
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] == OLSTM__NO_VALUE) continue;
    const olstm__graph_value* value = &graph->values[node->inputs[i]];
    if (value->kind == OLSTM__VALUE_NODE && value->producer == OLSTM__NO_VALUE) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                        "%s '%s': nothing makes input '%s'", node->op_type, node->name,
                        value->info.name);
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status create(olstm__environment* environment, olstm__graph* graph,
                           bool is_body, bool is_replaced, olstm__program** out_program,
                           olstm_error* error);

static olstm_status create_bodies(olstm__program* program, const olstm__graph_node* from,
                                  bool is_replaced, olstm__program_node* node,
                                  olstm_error* error) {
  olstm__program_body* bodies =
      olstm__graph_allocate(program->graph, from->body_count, sizeof *bodies);
  if (!bodies) return olstm__graph_check(program->graph, error);
  node->bodies = bodies;
  for (size_t b = 0; b < from->body_count; b++) {
    const olstm__graph_body* body = &from->bodies[b];
    bodies[b] = (olstm__program_body){body->attribute, NULL, body->first_capture,
                                      body->capture_count};
    OLSTM_RETURN_IF_ERROR(create(program->environment, body->graph, true, is_replaced,
                                 &bodies[b].program, error));
    // Incremented one by one, so that olstm__program_destroy frees what exists.
    node->body_count++;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status create_node(olstm__program* program, const olstm__graph_node* from,
                                bool is_replaced, olstm__program_node* node,
                                olstm_error* error) {
  node->kind = from->kind;
  node->input_count = from->input_count;
  node->inputs = from->inputs;
  node->output_count = from->output_count;
  node->outputs = from->outputs;
  node->fused_from = from->fused_from;
  // What fed a replaced node may be replaced as well.
  if (!is_replaced) OLSTM_RETURN_IF_ERROR(check_inputs(program->graph, from, error));
  OLSTM_RETURN_IF_ERROR(olstm__node_describe(program->graph, from, &node->node, error));
  if (node->kind == OLSTM__NODE_CONTROL) {
    OLSTM_RETURN_IF_ERROR(create_bodies(program, from, is_replaced, node, error));
    return olstm__control_check(node, program->environment->registry, error);
  }
  if (is_replaced) {
    return olstm__node_create_checker(program->environment, program->graph, &node->node,
                                      &node->callbacks, &node->instance, error);
  }
  return olstm__node_create_operator(program->environment, &node->node, &node->callbacks,
                                     &node->instance, error);
}

static olstm_status create_nodes(olstm__program* program, olstm_error* error) {
  olstm__graph* graph = program->graph;
  program->nodes =
      olstm__graph_allocate(graph, (size_t)graph->order_count, sizeof *program->nodes);
  if (!program->nodes) return olstm__graph_check(graph, error);
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* from = &graph->nodes[graph->order[i]];
    if (from->kind == OLSTM__NODE_REMOVED) continue;
    OLSTM_RETURN_IF_ERROR(create_node(program, from, program->is_replaced,
                                      &program->nodes[program->node_count++], error));
  }
  return OLSTM_STATUS_OK;
}

/// Attributes of replaced nodes are checked here, shapes by plans.
static olstm_status create_replaced(olstm__program* program, olstm_error* error) {
  olstm__graph* graph = program->graph;
  program->replaced =
      olstm__graph_allocate(graph, graph->replaced_count, sizeof *program->replaced);
  if (!program->replaced) return olstm__graph_check(graph, error);
  for (size_t n = 0; n < graph->replaced_count; n++) {
    OLSTM_RETURN_IF_ERROR(create_node(program, &graph->replaced[n], true,
                                      &program->replaced[program->replaced_count++],
                                      error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- inputs and outputs

static olstm_status list_values(olstm__program* program, olstm_error* error) {
  olstm__graph* graph = program->graph;
  // Slots pass through a body as captures and outputs.
  const size_t state_count = program->is_body ? 0 : graph->state_count;
  program->input_count = graph->input_count + state_count;
  program->output_count = graph->output_count + state_count;
  int32_t* inputs = olstm__graph_allocate(graph, program->input_count, sizeof *inputs);
  int32_t* outputs = olstm__graph_allocate(graph, program->output_count, sizeof *outputs);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  for (size_t i = 0; i < graph->input_count; i++) inputs[i] = graph->inputs[i];
  for (size_t o = 0; o < graph->output_count; o++) outputs[o] = graph->outputs[o];
  for (size_t s = 0; s < state_count; s++) {
    inputs[graph->input_count + s] = graph->states[s].input;
    outputs[graph->output_count + s] = graph->states[s].output;
  }
  program->inputs = inputs;
  program->outputs = outputs;
  return OLSTM_STATUS_OK;
}

/// The number of a symbolic dimension: open addressing in a table whose size is a power
/// of two.
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
  olstm__graph* graph = program->graph;
  const size_t dim_count = program->input_count * OLSTM_MAX_RANK;
  size_t capacity = 16;
  while (capacity < 2 * dim_count) capacity *= 2;
  int32_t* symbols = olstm__graph_allocate(graph, dim_count, sizeof *symbols);
  const char** names = olstm__graph_allocate(graph, dim_count, sizeof *names);
  OLSTM_RETURN_IF_ERROR(olstm__graph_check(graph, error));
  int32_t* slots = olstm_allocate_zeroed(&graph->allocator, capacity, sizeof *slots);
  if (!slots) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  for (size_t i = 0; i < dim_count; i++) {
    const olstm_value_info* info =
        &graph->values[program->inputs[i / OLSTM_MAX_RANK]].info;
    const size_t d = i % OLSTM_MAX_RANK;
    const bool has_symbol =
        (int32_t)d < info->rank && info->dims[d] < 0 && info->dim_params[d];
    symbols[i] = has_symbol ? number_symbol(names, slots, capacity - 1,
                                            &program->symbol_count, info->dim_params[d])
                            : -1;
  }
  olstm_release(&graph->allocator, slots, capacity, sizeof *slots);
  program->input_symbols = symbols;
  program->symbol_names = names;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- life

static olstm_status fill(olstm__program* program, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(list_values(program, error));
  OLSTM_RETURN_IF_ERROR(number_symbols(program, error));
  OLSTM_RETURN_IF_ERROR(create_replaced(program, error));
  OLSTM_RETURN_IF_ERROR(create_nodes(program, error));
  return olstm__plan_cache_create(program->environment, &program->plans, error);
}

static olstm_status create(olstm__environment* environment, olstm__graph* graph,
                           bool is_body, bool is_replaced, olstm__program** out_program,
                           olstm_error* error) {
  *out_program = NULL;
  olstm__program* program = olstm__graph_allocate(graph, 1, sizeof *program);
  if (!program) return olstm__graph_check(graph, error);
  program->environment = environment;
  program->graph = graph;
  program->is_body = is_body;
  program->is_replaced = is_replaced;
  const olstm_status status = fill(program, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__program_destroy(program);
    return status;
  }
  *out_program = program;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__program_create(olstm__environment* environment, olstm__graph* graph,
                                   bool is_body, olstm__program** out_program,
                                   olstm_error* error) {
  return create(environment, graph, is_body, false, out_program, error);
}

static void destroy_nodes(olstm__environment* environment,
                          const olstm__program_node* nodes, size_t count) {
  for (size_t n = 0; n < count; n++) {
    const olstm__program_node* node = &nodes[n];
    for (size_t b = 0; b < node->body_count; b++) {
      olstm__program_destroy(node->bodies[b].program);
    }
    if (!node->callbacks || !node->instance) continue;
    olstm__environment_lock(environment);
    node->callbacks->destroy(node->instance);
    olstm__environment_unlock(environment);
  }
}

void olstm__program_destroy(olstm__program* program) {
  if (!program) return;
  olstm__plan_cache_destroy(program->environment, program->plans);
  destroy_nodes(program->environment, program->nodes, program->node_count);
  destroy_nodes(program->environment, program->replaced, program->replaced_count);
}
