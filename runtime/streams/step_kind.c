#include "runtime/streams/step_kind.h"

static uint64_t multiply(uint64_t a, uint64_t b) {
  return a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

void olstm__step_kind_start_limits(const olstm__step_kind* kind, size_t rows) {
  const olstm_session* session = kind->session;
  olstm__run_limits_start(kind->limits, &session->environment, session->constant_bytes,
                          kind->step, session->input_count);
  kind->limits->max_work = multiply(kind->limits->max_work, rows);
  const uint64_t memory = multiply(kind->limits->max_memory, rows);
  kind->limits->max_memory = memory > SIZE_MAX ? SIZE_MAX : (size_t)memory;
}

olstm_status olstm__step_kind_run(olstm__step_kind* kind, olstm__batch_size* size,
                                  const olstm_parallel* parallel, olstm_error* error) {
  olstm__step_kind_start_limits(kind, size->rows);
  return olstm__executor_run(size->executor, size->run_inputs, size->outputs, parallel,
                             error);
}

void olstm__step_kind_destroy(olstm__step_kind* kind) {
  if (!kind) return;
  const olstm_allocator* allocator = &kind->session->environment.allocator;
  for (size_t s = 0; s < kind->size_count; s++) {
    olstm__executor_destroy(kind->sizes[s].executor);
  }
  olstm__arena_deinit(&kind->memory);
  olstm_release(allocator, kind, 1, sizeof *kind);
}

size_t olstm__step_kind_bytes(const olstm__step_kind* kind) {
  size_t bytes = sizeof *kind + kind->memory.used;
  for (size_t s = 0; s < kind->size_count; s++) {
    const olstm__plan* plan = olstm__executor_plan(kind->sizes[s].executor);
    bytes += plan->workspace_bytes;
    for (size_t o = 0; o < plan->output_count; o++) {
      if (plan->outputs[o].is_known) bytes += olstm__desc_bytes(&plan->outputs[o].desc);
    }
  }
  return bytes;
}
