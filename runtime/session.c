#include "runtime/session.h"

#include <string.h>

#include "olstm/sized_struct.h"

#include "base/tensor_size.h"
#include "onnx_proto/model.h"
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/fuse_first_step.h"
#include "runtime/fuse/fuse_graph.h"
#include "runtime/host/registry.h"
#include "runtime/plan/fold.h"
#include "runtime/plan/program_create.h"
#include "runtime/state/state_bind.h"

// ---------------------------------------------------------------- options

void olstm_session_options_init_sized(olstm_session_options* options,
                                      size_t struct_size) {
  const olstm_session_options defaults = {.thread_count = 1,
                                          .precision = OLSTM_PRECISION_F32,
                                          .plan_cache_capacity = 16,
                                          .fuse = true};
  olstm_sized_struct_init(options, struct_size, &defaults, sizeof defaults);
}

static olstm_status read_options(const olstm_session_options* given,
                                 olstm_session_options* out_options, olstm_error* error) {
  olstm_session_options_init(out_options);
  if (!given) return OLSTM_STATUS_OK;
  return olstm_sized_struct_read(given, "session options", out_options,
                                 sizeof *out_options, error);
}

// ---------------------------------------------------------------- creating

/// Copies the declared outputs before passes rename the values that become them.
static olstm_status list_outputs(olstm_session* session,
                                 const olstm__decoded_graph* source, olstm_error* error) {
  session->outputs = olstm__graph_allocate(session->graph, source->output_count,
                                           sizeof *session->outputs);
  if (!session->outputs) return olstm__graph_check(session->graph, error);
  session->output_count = source->output_count;
  for (size_t o = 0; o < source->output_count; o++) {
    session->outputs[o] = source->values[source->outputs[o]].info;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status list_inputs(olstm_session* session, olstm_error* error) {
  const olstm__graph* graph = session->graph;
  session->inputs =
      olstm__graph_allocate(session->graph, graph->input_count, sizeof *session->inputs);
  if (!session->inputs) return olstm__graph_check(graph, error);
  session->input_count = graph->input_count;
  for (size_t i = 0; i < graph->input_count; i++) {
    session->inputs[i] = graph->values[graph->inputs[i]].info;
  }
  return OLSTM_STATUS_OK;
}

/// The value of a declared input of that name; OLSTM__NO_VALUE when there is none.
static int32_t find_declared(const olstm__decoded_graph* source, const char* name) {
  for (size_t i = 0; i < source->declared_count; i++) {
    const olstm__declared_input* declared = &source->declared[i];
    if (strcmp(declared->info.name, name) == 0) return declared->value;
  }
  return OLSTM__NO_VALUE;
}

static olstm_status find_given(const olstm__decoded_graph* source,
                               const olstm_session_options* options, int32_t* given,
                               size_t* out_count, olstm_error* error) {
  for (size_t g = 0; g < options->given_input_count; g++) {
    const char* name = options->given_inputs[g];
    const int32_t value = name ? find_declared(source, name) : OLSTM__NO_VALUE;
    if (value == OLSTM__NO_VALUE) {
      return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                        "given_inputs: no input '%s' (an initializer is one only where "
                        "the graph lists it among its inputs)",
                        name ? name : "");
    }
    if (source->values[value].constant) given[(*out_count)++] = value;
  }
  // A bound input is given too: by the previous run.
  for (size_t b = 0; b < options->binding_count; b++) {
    const char* name = options->bindings[b].input;
    const int32_t value = name ? find_declared(source, name) : OLSTM__NO_VALUE;
    if (value != OLSTM__NO_VALUE && source->values[value].constant) {
      given[(*out_count)++] = value;
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status make_graph(olstm_session* session, const olstm__decoded_graph* source,
                               const olstm_session_options* options, olstm_error* error) {
  const olstm_allocator* allocator = &session->environment.allocator;
  const size_t most = options->given_input_count + options->binding_count;
  size_t count = 0;
  int32_t* given = olstm_allocate(allocator, most + 1, sizeof *given);
  if (!given) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for given inputs");
  }
  olstm_status status = find_given(source, options, given, &count, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__graph_create(source, count, given, options->allocator,
                                 &session->graph, error);
  }
  olstm_release(allocator, given, most + 1, sizeof *given);
  return status;
}

/// Bytes of the constants of the main graph, including those that bodies capture.
static size_t count_constants(const olstm__graph* graph) {
  size_t bytes = 0;
  for (int32_t v = 0; v < graph->value_count; v++) {
    const olstm_tensor* constant = olstm__graph_constant(graph, v);
    if (constant) bytes += olstm__desc_bytes(&constant->desc);
  }
  return bytes;
}

/// own_count: the slots of nodes that are stateful by themselves.
static olstm_status add_state(olstm_session* session,
                              const olstm_session_options* options, size_t own_count,
                              olstm_error* error) {
  const olstm__decoded_graph* source = olstm__model_graph(session->model);
  olstm__graph* graph = session->graph;
  session->broadcast_state = options->broadcast_state;
  if (options->binding_count > 0) {
    OLSTM_RETURN_IF_ERROR(
        olstm__state_bind(graph, options->binding_count, options->bindings, error));
  }
  for (size_t s = own_count; s < graph->state_count; s++) {
    olstm__graph_state* state = &graph->states[s];
    state->initial = source->values[state->input].constant;
  }
  if (options->stateful_count > 0) {
    OLSTM_RETURN_IF_ERROR(olstm__state_make_stateful(
        graph, own_count, options->stateful_count, options->stateful, error));
  }
  if (options->broadcast_state) {
    OLSTM_RETURN_IF_ERROR(olstm__state_broadcast_initial(graph, error));
  }
  return OLSTM_STATUS_OK;
}

/// Runs the passes that turn the imported graph into the one that operators are created
/// for.
static olstm_status shape_graph(olstm_session* session,
                                const olstm_session_options* options,
                                olstm_error* error) {
  olstm__graph* graph = session->graph;
  // A node whose operator the user replaced must reach that operator, so it is not fused.
  const bool fuse =
      options->fuse && !olstm__registry_replaces_builtin(session->environment.registry);
  olstm__graph_remove_dead(graph);
  // Whether other patterns are looked for or not: no operator has sequences.
  OLSTM_RETURN_IF_ERROR(olstm__fuse_sequences(graph, error));
  OLSTM_RETURN_IF_ERROR(olstm__state_adopt(graph, session->environment.registry, error));
  const size_t own_count = graph->state_count;
  if (fuse) olstm__fuse_keep(graph, OLSTM__KEEP_PRODUCTS);
  OLSTM_RETURN_IF_ERROR(olstm__fold_graph(&session->environment, graph, error));
  if (fuse) {
    olstm__graph_propagate_loop_invariants(graph);
    olstm__fuse_keep(graph, OLSTM__KEEP_FIRST_STEPS);
    OLSTM_RETURN_IF_ERROR(olstm__fold_graph(&session->environment, graph, error));
    // Before state: a loop that becomes a recurrent node can be stateful.
    OLSTM_RETURN_IF_ERROR(olstm__fuse_recurrent(graph, error));
    olstm__fuse_keep(graph, OLSTM__KEEP_NOTHING);
  }
  OLSTM_RETURN_IF_ERROR(add_state(session, options, own_count, error));
  if (fuse) OLSTM_RETURN_IF_ERROR(olstm__fuse_neighbours(graph, error));
  // Passes may have added nodes whose inputs are constants.
  OLSTM_RETURN_IF_ERROR(olstm__fold_graph(&session->environment, graph, error));
  olstm__graph_remove_dead(graph);
  return olstm__graph_sort(graph, error);
}

static olstm_status fill(olstm_session* session, const olstm_registry* registry,
                         const olstm_session_options* options, olstm_error* error) {
  const olstm__decoded_graph* source = olstm__model_graph(session->model);
  if (!registry) {
    OLSTM_RETURN_IF_ERROR(
        olstm_registry_create(options->allocator, &session->registry, error));
    registry = session->registry;
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__environment_init(&session->environment, registry, options, error));
  OLSTM_RETURN_IF_ERROR(olstm__threads_create(
      options->thread_count, &session->environment.allocator, &session->threads, error));
  OLSTM_RETURN_IF_ERROR(make_graph(session, source, options, error));
  OLSTM_RETURN_IF_ERROR(list_outputs(session, source, error));
  olstm__environment_set_constants(&session->environment,
                                   count_constants(session->graph));
  OLSTM_RETURN_IF_ERROR(shape_graph(session, options, error));
  OLSTM_RETURN_IF_ERROR(list_inputs(session, error));
  session->constant_bytes = count_constants(session->graph);
  return olstm__program_create(&session->environment, session->graph, false,
                               &session->program, error);
}

olstm_status olstm_session_create(olstm_model* model, const olstm_registry* registry,
                                  const olstm_session_options* options,
                                  olstm_session** out_session, olstm_error* error) {
  olstm_session_options read;
  if (!model || !out_session) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "olstm_session_create: model and out_session must not be NULL");
  }
  *out_session = NULL;
  OLSTM_RETURN_IF_ERROR(read_options(options, &read, error));
  const olstm_allocator allocator = olstm_allocator_or_default(read.allocator);
  olstm_session* session = olstm_allocate_zeroed(&allocator, 1, sizeof *session);
  if (!session) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a session");
  }
  session->environment.allocator = allocator;
  session->model = model;
  olstm__model_retain(model);
  const olstm_status status = fill(session, registry, &read, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_session_destroy(session);
    return status;
  }
  *out_session = session;
  return OLSTM_STATUS_OK;
}

void olstm_session_destroy(olstm_session* session) {
  if (!session) return;
  const olstm_allocator allocator = session->environment.allocator;
  olstm__program_destroy(session->program);
  olstm__graph_destroy(session->graph);
  olstm__threads_destroy(session->threads);
  olstm__environment_deinit(&session->environment);
  olstm_registry_destroy(session->registry);
  olstm_model_destroy(session->model);
  olstm_release(&allocator, session, 1, sizeof *session);
}

// ---------------------------------------------------------------- asking

size_t olstm_session_input_count(const olstm_session* session) {
  return session->input_count;
}

size_t olstm_session_output_count(const olstm_session* session) {
  return session->output_count;
}

const olstm_value_info* olstm_session_get_input(const olstm_session* session,
                                                size_t index) {
  return index < session->input_count ? &session->inputs[index] : NULL;
}

const olstm_value_info* olstm_session_get_output(const olstm_session* session,
                                                 size_t index) {
  return index < session->output_count ? &session->outputs[index] : NULL;
}

size_t olstm_session_node_count(const olstm_session* session) {
  return session->program->node_count;
}

const olstm_node* olstm_session_get_node(const olstm_session* session, size_t index) {
  return index < session->program->node_count ? &session->program->nodes[index].node
                                              : NULL;
}
