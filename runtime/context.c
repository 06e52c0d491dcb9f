// The execution context: an executor for the session's program, the state carried from
// run to run, and the tensors that connect both.
#include "runtime/context.h"

#include <string.h>

#include "olstm/sized_struct.h"

// ---------------------------------------------------------------- life

static olstm_status fill(olstm_context* context, olstm_error* error) {
  const olstm_session* session = context->session;
  const olstm_allocator* allocator = &session->environment.allocator;
  const olstm__program* program = session->program;
  context->inputs =
      olstm_allocate_zeroed(allocator, program->input_count, sizeof *context->inputs);
  context->outputs =
      olstm_allocate_zeroed(allocator, program->output_count, sizeof *context->outputs);
  context->lent =
      olstm_allocate_zeroed(allocator, session->output_count, sizeof *context->lent);
  if (!context->inputs || !context->outputs || !context->lent) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a context");
  }
  OLSTM_RETURN_IF_ERROR(olstm__states_init(&context->states, session->graph, allocator,
                                           session->broadcast_state, error));
  return olstm__executor_create(session->program, &context->limits, &context->executor,
                                error);
}

olstm_status olstm_context_create(olstm_session* session, olstm_context** out_context,
                                  olstm_error* error) {
  if (!session || !out_context) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "olstm_context_create: session and out_context must not be NULL");
  }
  *out_context = NULL;
  olstm_context* context =
      olstm_allocate_zeroed(&session->environment.allocator, 1, sizeof *context);
  if (!context) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a context");
  }
  context->session = session;
  const olstm_status status = fill(context, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_context_destroy(context);
    return status;
  }
  *out_context = context;
  return OLSTM_STATUS_OK;
}

void olstm_context_destroy(olstm_context* context) {
  if (!context) return;
  const olstm_allocator* allocator = &context->session->environment.allocator;
  const olstm__program* program = context->session->program;
  olstm__executor_destroy(context->executor);
  olstm__states_deinit(&context->states);
  olstm_release(allocator, context->inputs, program->input_count,
                sizeof *context->inputs);
  olstm_release(allocator, context->outputs, program->output_count,
                sizeof *context->outputs);
  olstm_release(allocator, context->lent, context->session->output_count,
                sizeof *context->lent);
  olstm_release(allocator, context, 1, sizeof *context);
}

olstm_status olstm_context_clone(const olstm_context* context,
                                 olstm_context** out_context, olstm_error* error) {
  olstm_context* clone = NULL;
  if (!context || !out_context) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "olstm_context_clone: context and out_context must not be NULL");
  }
  *out_context = NULL;
  OLSTM_RETURN_IF_ERROR(olstm_context_create(context->session, &clone, error));
  const olstm_status status = olstm__states_copy(&clone->states, &context->states, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_context_destroy(clone);
    return status;
  }
  *out_context = clone;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- state round a run

/// Prepares a run whose user inputs are set in context->inputs: finds the plan, sets the
/// inputs that read state slots, and the buffers for the slots' next values.
static olstm_status begin(olstm_context* context, olstm_error* error) {
  const size_t first_input = context->session->input_count;
  const size_t first_output = context->session->output_count;
  context->committed_plan = NULL;
  olstm__states_describe(&context->states, context->inputs + first_input);
  OLSTM_RETURN_IF_ERROR(
      olstm__executor_prepare(context->executor, context->inputs, NULL, error));
  const olstm__plan* plan = olstm__executor_plan(context->executor);
  OLSTM_RETURN_IF_ERROR(olstm__states_begin(&context->states, plan->inputs + first_input,
                                            context->inputs + first_input, error));
  for (size_t o = first_output; o < plan->output_count; o++) {
    const olstm__plan_output* output = &plan->outputs[o];
    context->outputs[o] = (olstm_tensor){.data = NULL};
    if (!output->is_known) continue;
    context->outputs[o].desc = output->desc;
    OLSTM_RETURN_IF_ERROR(olstm__states_reserve(&context->states, o - first_output,
                                                &output->desc, &context->outputs[o].data,
                                                error));
  }
  return OLSTM_STATUS_OK;
}

/// Whether plan, shapes and state slots are as after the last successful run.
static bool is_committed(const olstm_context* context) {
  const olstm__plan* plan = context->committed_plan;
  if (!plan || plan != olstm__executor_plan(context->executor) ||
      !olstm__states_are_committed(&context->states)) {
    return false;
  }
  for (size_t i = 0; i < context->session->input_count; i++) {
    if (!olstm_tensor_desc_equal(&context->inputs[i].desc, &plan->inputs[i]))
      return false;
  }
  return true;
}

/// Called after a successful run: the values that it wrote become the state.
static olstm_status commit(olstm_context* context, olstm_error* error) {
  const size_t first_output = context->session->output_count;
  const size_t slot_count = context->session->graph->state_count;
  const olstm__plan* plan = olstm__executor_plan(context->executor);
  bool is_known = true;
  for (size_t s = 0; s < slot_count; s++) {
    OLSTM_RETURN_IF_ERROR(olstm__states_store(
        &context->states, s, &context->outputs[first_output + s], error));
    is_known = is_known && plan->outputs[first_output + s].is_known;
  }
  olstm__states_commit(&context->states);
  context->committed_plan = is_known ? plan : NULL;
  return OLSTM_STATUS_OK;
}

static olstm_status run_with_state(olstm_context* context, const olstm_tensor* inputs,
                                   olstm_tensor* outputs, const olstm_parallel* parallel,
                                   olstm_error* error) {
  const size_t input_count = context->session->input_count;
  const size_t output_count = context->session->output_count;
  if (input_count > 0) memcpy(context->inputs, inputs, input_count * sizeof *inputs);
  if (output_count > 0) memcpy(context->outputs, outputs, output_count * sizeof *outputs);
  const bool was_committed = is_committed(context);
  if (was_committed) {
    olstm__states_lend(&context->states, context->inputs + input_count,
                       context->outputs + output_count);
  } else {
    OLSTM_RETURN_IF_ERROR(begin(context, error));
  }
  OLSTM_RETURN_IF_ERROR(olstm__executor_run(context->executor, context->inputs,
                                            context->outputs, parallel, error));
  if (was_committed) {
    olstm__states_advance(&context->states);
  } else {
    OLSTM_RETURN_IF_ERROR(commit(context, error));
  }
  if (output_count > 0) memcpy(outputs, context->outputs, output_count * sizeof *outputs);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- running

/// Starts counting for a new run, or for preparing one.
static void start_limits(olstm_context* context, const olstm_tensor* inputs,
                         size_t input_count) {
  const olstm_session* session = context->session;
  olstm__run_limits_start(&context->limits, &session->environment,
                          session->constant_bytes, inputs, input_count);
}

static olstm_status check_count(const char* what, size_t given, size_t expected,
                                const void* list, olstm_error* error) {
  if (given != expected) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model has %zu %s, and %zu are given", expected, what, given);
  }
  if (given > 0 && !list) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "%s must not be NULL", what);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm_context_prepare(olstm_context* context,
                                   const olstm_tensor_desc* inputs, size_t input_count,
                                   olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(
      check_count("inputs", input_count, context->session->input_count, inputs, error));
  for (size_t i = 0; i < input_count; i++) {
    context->inputs[i] = (olstm_tensor){inputs[i], NULL};
  }
  start_limits(context, context->inputs, input_count);
  OLSTM_RETURN_IF_ERROR(
      context->session->graph->state_count > 0
          ? begin(context, error)
          : olstm__executor_prepare(context->executor, context->inputs, NULL, error));
  olstm__executor_warm_up(context->executor);
  return OLSTM_STATUS_OK;
}

/// No buffer is there; 0 is what this run is to lend.
static const uintptr_t kNoAddress = UINTPTR_MAX;

/// An output struct that a run filled in and that is given again has the buffer of that
/// run as if it were the caller's: the commonest reason why one does not fit.
static olstm_status explain_outputs(const olstm_context* context,
                                    const olstm_tensor* outputs, olstm_status status,
                                    olstm_error* error) {
  static const char kOutput[] = "output '";
  if (!error || strncmp(error->message, kOutput, sizeof kOutput - 1) != 0) return status;
  for (size_t o = 0; o < context->session->output_count; o++) {
    if (!outputs[o].data || (uintptr_t)outputs[o].data != context->lent[o]) continue;
    const olstm_error reason = *error;
    return olstm_fail(error, status,
                      "%s (it is the one that the context lent an earlier run: set data "
                      "to NULL for each run)",
                      reason.message);
  }
  return status;
}

olstm_status olstm_context_run(olstm_context* context, const olstm_tensor* inputs,
                               size_t input_count, olstm_tensor* outputs,
                               size_t output_count, olstm_error* error) {
  const olstm_session* session = context->session;
  OLSTM_RETURN_IF_ERROR(
      check_count("inputs", input_count, session->input_count, inputs, error));
  OLSTM_RETURN_IF_ERROR(
      check_count("outputs", output_count, session->output_count, outputs, error));
  for (size_t o = 0; o < output_count; o++) {
    if (!outputs[o].data) {
      context->lent[o] = 0;
    } else if (context->lent[o] == 0) {
      context->lent[o] = kNoAddress;
    }
  }
  start_limits(context, inputs, input_count);
  const olstm_parallel* parallel = olstm__threads_try_acquire(session->threads);
  const olstm_status status =
      session->graph->state_count > 0
          ? run_with_state(context, inputs, outputs, parallel, error)
          : olstm__executor_run(context->executor, inputs, outputs, parallel, error);
  olstm__threads_release(parallel);
  if (status != OLSTM_STATUS_OK) return explain_outputs(context, outputs, status, error);
  for (size_t o = 0; o < output_count; o++) {
    if (context->lent[o] == 0) context->lent[o] = (uintptr_t)outputs[o].data;
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- state

size_t olstm_context_state_count(const olstm_context* context) {
  return olstm__states_visible_count(&context->states);
}

olstm_status olstm_context_get_state_info_sized(const olstm_context* context,
                                                size_t index, olstm_state_info* out_info,
                                                size_t struct_size, olstm_error* error) {
  olstm_state_info known;
  OLSTM_RETURN_IF_ERROR(olstm__states_get_info(&context->states, index, &known, error));
  olstm_sized_struct_init(out_info, struct_size, &known, sizeof known);
  return OLSTM_STATUS_OK;
}

olstm_status olstm_context_get_state(const olstm_context* context, const char* name,
                                     olstm_tensor* out_tensor, olstm_error* error) {
  return olstm__states_get(&context->states, name, out_tensor, error);
}

olstm_status olstm_context_set_state(olstm_context* context, const char* name,
                                     const olstm_tensor* value, olstm_error* error) {
  return olstm__states_set(&context->states, name, value, error);
}

/// Fails for a context without state slots: the session was created without stateful
/// nodes or bindings.
static olstm_status require_state(const olstm_context* context, const char* what,
                                  olstm_error* error) {
  if (context->states.slot_count > 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                    "there is no state to %s: the session has no state slots (its "
                    "options stateful and bindings, --stateful and --bind, make them)",
                    what);
}

olstm_status olstm_context_reset(olstm_context* context, olstm_error* error) {
  (void)error;
  olstm__states_reset(&context->states);
  return OLSTM_STATUS_OK;
}

olstm_status olstm_context_reset_state(olstm_context* context, const char* name,
                                       olstm_error* error) {
  return olstm__states_reset_one(&context->states, name, error);
}

olstm_status olstm_context_reset_row(olstm_context* context, int64_t row,
                                     olstm_error* error) {
  return olstm__states_reset_row(&context->states, row, error);
}

olstm_status olstm_context_save_state(const olstm_context* context, void** out_bytes,
                                      size_t* out_byte_count, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(require_state(context, "save", error));
  return olstm__states_save(&context->states, out_bytes, out_byte_count, error);
}

void olstm_context_free_blob(const olstm_context* context, void* bytes,
                             size_t byte_count) {
  olstm_release(&context->states.allocator, bytes, byte_count, 1);
}

olstm_status olstm_context_load_state(olstm_context* context, const void* bytes,
                                      size_t byte_count, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(require_state(context, "load", error));
  return olstm__states_load(&context->states, bytes, byte_count, error);
}
