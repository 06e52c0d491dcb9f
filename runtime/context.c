// One caller's execution context: a runner for the session's program, and the tensors
// that a run hands to it.
#include <string.h>

#include "runtime/runner.h"
#include "runtime/session.h"

struct olstm_context {
  olstm_session* session;
  olstm__runner* runner;
  /// All inputs and outputs of the program: the user's, then the state slots'.
  olstm_tensor* inputs;
  olstm_tensor* outputs;
};

// ---------------------------------------------------------------- life

olstm_status olstm_context_create(olstm_session* session, olstm_context** out_context,
                                  olstm_error* error) {
  if (!session || !out_context) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "olstm_context_create: session and out_context must not be NULL");
  }
  const olstm_allocator* allocator = &session->engine.allocator;
  const olstm__program* program = session->program;
  olstm_context* context = olstm_allocate_zeroed(allocator, 1, sizeof *context);
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  *out_context = NULL;
  if (context) {
    context->session = session;
    context->inputs =
        olstm_allocate_zeroed(allocator, program->input_count, sizeof *context->inputs);
    context->outputs =
        olstm_allocate_zeroed(allocator, program->output_count, sizeof *context->outputs);
  }
  if (context && context->inputs && context->outputs) {
    status = olstm__runner_create(session->program, &context->runner, error);
  } else {
    (void)olstm_fail(error, status, "no memory for a context");
  }
  if (status != OLSTM_STATUS_OK) {
    olstm_context_destroy(context);
    return status;
  }
  *out_context = context;
  return OLSTM_STATUS_OK;
}

void olstm_context_destroy(olstm_context* context) {
  if (!context) return;
  const olstm_allocator* allocator = &context->session->engine.allocator;
  const olstm__program* program = context->session->program;
  olstm__runner_destroy(context->runner);
  olstm_release(allocator, context->inputs, program->input_count,
                sizeof *context->inputs);
  olstm_release(allocator, context->outputs, program->output_count,
                sizeof *context->outputs);
  olstm_release(allocator, context, 1, sizeof *context);
}

// ---------------------------------------------------------------- running

static olstm_status check_count(const char* what, size_t given, size_t expected,
                                olstm_error* error) {
  if (given == expected) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "the model has %zu %s, and %zu are given", expected, what, given);
}

olstm_status olstm_context_prepare(olstm_context* context,
                                   const olstm_tensor_desc* inputs, size_t input_count,
                                   olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(
      check_count("inputs", input_count, context->session->input_count, error));
  for (size_t i = 0; i < input_count; i++) {
    context->inputs[i] = (olstm_tensor){inputs[i], NULL};
  }
  return olstm__runner_prepare(context->runner, context->inputs, NULL, error);
}

olstm_status olstm_context_run(olstm_context* context, const olstm_tensor* inputs,
                               size_t input_count, olstm_tensor* outputs,
                               size_t output_count, olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(
      check_count("inputs", input_count, context->session->input_count, error));
  OLSTM_RETURN_IF_ERROR(
      check_count("outputs", output_count, context->session->output_count, error));
  const olstm_parallel* parallel = olstm__threads_try_acquire(context->session->threads);
  const olstm_status status =
      olstm__runner_run(context->runner, inputs, outputs, parallel, error);
  olstm__threads_release(parallel);
  return status;
}
