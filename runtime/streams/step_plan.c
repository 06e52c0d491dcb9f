#include "runtime/streams/step_plan.h"

#include "runtime/streams/step_probe.h"

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for streams");
}

// ---------------------------------------------------------------- sizes

static olstm_status allocate_size(olstm__step_kind* kind, olstm__batch_size* size,
                                  olstm_error* error) {
  const olstm__program* program = kind->session->program;
  const size_t in = program->input_count, out = program->output_count;
  size->inputs = olstm__arena_allocate(&kind->memory, in + 1, sizeof *size->inputs);
  size->run_inputs =
      olstm__arena_allocate(&kind->memory, in + 1, sizeof *size->run_inputs);
  size->outputs = olstm__arena_allocate(&kind->memory, out + 1, sizeof *size->outputs);
  if (!size->inputs || !size->run_inputs || !size->outputs) return fail_memory(error);
  return OLSTM_STATUS_OK;
}

/// Gives a size that was planned its buffers.
static olstm_status allocate_buffers(olstm__step_kind* kind, olstm__batch_size* size,
                                     olstm_error* error) {
  const olstm__plan* plan = olstm__executor_plan(size->executor);
  for (size_t i = 0; i < plan->input_count; i++) {
    const size_t bytes = olstm__desc_bytes(&plan->inputs[i]);
    size->inputs[i] = (olstm_tensor){plan->inputs[i], NULL};
    if (bytes == 0) continue;
    size->inputs[i].data = olstm__arena_allocate_data(&kind->memory, bytes);
    if (!size->inputs[i].data) return fail_memory(error);
    memset(size->inputs[i].data, 0, bytes);
  }
  memcpy(size->run_inputs, size->inputs, plan->input_count * sizeof *size->inputs);
  return OLSTM_STATUS_OK;
}

/// Adds a plan for so many rows.
static olstm_status add_size(olstm__step_kind* kind, size_t rows, olstm_error* error) {
  olstm_session* session = kind->session;
  olstm_tensor_desc* step =
      olstm__arena_allocate(&kind->memory, session->input_count + 1, sizeof *step);
  olstm__batch_size* size = &kind->sizes[kind->size_count];
  *size = (olstm__batch_size){.rows = rows};
  if (!step) return fail_memory(error);
  for (size_t i = 0; i < session->input_count; i++) step[i] = kind->step[i].desc;
  OLSTM_RETURN_IF_ERROR(allocate_size(kind, size, error));
  olstm__batch_inputs(session, step, kind->axes, (int64_t)rows, size->run_inputs);
  olstm__step_kind_start_limits(kind, rows);
  OLSTM_RETURN_IF_ERROR(
      olstm__executor_create(session->program, kind->limits, &size->executor, error));
  olstm_status status =
      olstm__executor_prepare(size->executor, size->run_inputs, NULL, error);
  if (status == OLSTM_STATUS_OK) status = allocate_buffers(kind, size, error);
  if (status == OLSTM_STATUS_OK) {
    kind->size_count++;
  } else {
    olstm__executor_destroy(size->executor);
  }
  return status;
}

/// Whether a tensor has the shape of so many rows like `one`, which has any number of
/// them. One row alone may lack the batch axis where a stack is asked for: its elements
/// are the same ones.
static bool has_rows(const olstm_tensor_desc* desc, const olstm_tensor_desc* one,
                     int32_t axis, size_t rows, bool is_stack) {
  olstm_tensor_desc expected = *one;
  if (axis >= 0) {
    if (axis >= one->rank) return false;
    expected.dims[axis] = (int64_t)rows;
  }
  if (is_stack && rows == 1 && desc->dtype == expected.dtype) {
    return olstm_tensor_desc_count(desc) == olstm_tensor_desc_count(&expected);
  }
  return olstm_tensor_desc_equal(desc, &expected);
}

/// The name of a state or an output whose shape, with the rows of a size, is not that of
/// so many rows: an If by the batch size. NULL for none.
static const char* find_misfit(const olstm__step_kind* kind,
                               const olstm__batch_size* size) {
  const olstm__program* program = kind->session->program;
  const olstm__plan* plan = olstm__executor_plan(size->executor);
  const olstm__plan* alone = olstm__executor_plan(kind->sizes[0].executor);
  for (size_t i = 0; i < plan->input_count; i++) {
    if (has_rows(&plan->inputs[i], &alone->inputs[i], kind->trace.input_axes[i],
                 size->rows, false)) {
      continue;
    }
    return program->graph->values[program->inputs[i]].info.name;
  }
  for (size_t o = 0; o < plan->output_count; o++) {
    const olstm__plan_output* output = &plan->outputs[o];
    const olstm_tensor_desc* stack = &kind->output_stacks[o];
    // Rows that are computed alone need no more than their own shape.
    if (size->rows == 1 && stack->dtype == OLSTM_DTYPE_UNDEFINED) continue;
    if (output->is_known == (stack->dtype != OLSTM_DTYPE_UNDEFINED) &&
        (!output->is_known || has_rows(&output->desc, stack, kind->trace.output_axes[o],
                                       size->rows, o < kind->session->output_count))) {
      continue;
    }
    return output->name;
  }
  return NULL;
}

/// Drops all sizes but the first, for one row.
static void drop_sizes(olstm__step_kind* kind) {
  while (kind->size_count > 1) {
    olstm__executor_destroy(kind->sizes[--kind->size_count].executor);
  }
}

static olstm_status add_sizes(olstm__step_kind* kind, size_t rows, olstm_error* error) {
  size_t last = kind->sizes[kind->size_count - 1].rows;
  while (last < rows && last < kind->wanted) {
    olstm_error reason = {""};
    last = 2 * last < kind->wanted ? 2 * last : kind->wanted;
    const olstm_status status = add_size(kind, last, &reason);
    const char* misfit = status == OLSTM_STATUS_OK
                             ? find_misfit(kind, &kind->sizes[kind->size_count - 1])
                             : NULL;
    if (misfit) {
      (void)olstm_fail(&reason, OLSTM_STATUS_UNSUPPORTED,
                       "'%s' has another shape when rows are computed together", misfit);
      memcpy(kind->trace.reason, reason.message, sizeof reason.message);
      kind->trace.is_apart = false;
      break;
    }
    if (status == OLSTM_STATUS_OK) continue;
    if (status == OLSTM_STATUS_LIMIT_EXCEEDED) {
      // A batch that exceeds a limit may still be computed as smaller ones.
      kind->wanted = kind->sizes[kind->size_count - 1].rows;
      break;
    }
    if (error) *error = reason;
    return status;
  }
  return OLSTM_STATUS_OK;
}

/// Decides which batch sizes are run for 1, 2, ... rows: those whose times add up to the
/// least, padding rows included.
static void choose(olstm__step_kind* kind) {
  const size_t largest = kind->sizes[kind->size_count - 1].rows;
  int64_t* best = kind->best;
  kind->largest = largest;
  best[0] = 0;
  for (size_t n = 1; n <= largest; n++) {
    best[n] = INT64_MAX;
    for (size_t s = kind->size_count; s-- > 0;) {
      const size_t rows = kind->sizes[s].rows;
      const int64_t time = kind->sizes[s].nanoseconds + best[rows < n ? n - rows : 0];
      if (time >= best[n]) continue;
      best[n] = time;
      kind->choices[n] = (uint8_t)s;
    }
  }
}

olstm_status olstm__step_kind_extend(olstm__step_kind* kind, size_t rows,
                                     bool is_thorough, olstm_error* error) {
  const size_t first = kind->size_count;
  if (!kind->trace.is_apart || kind->largest >= rows || kind->largest >= kind->wanted) {
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(add_sizes(kind, rows, error));
  if (kind->trace.is_apart) olstm__step_probe(kind, first, is_thorough);
  if (!kind->trace.is_apart) drop_sizes(kind);
  choose(kind);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- life

static olstm_status allocate_kind(olstm__step_kind* kind, const olstm_tensor_desc* step,
                                  olstm_error* error) {
  const olstm__program* program = kind->session->program;
  const size_t in = program->input_count + 1, out = program->output_count + 1;
  olstm__arena* memory = &kind->memory;
  kind->step = olstm__arena_allocate(memory, in, sizeof *kind->step);
  kind->inputs = olstm__arena_allocate(memory, in, sizeof *kind->inputs);
  kind->outputs = olstm__arena_allocate(memory, out, sizeof *kind->outputs);
  kind->output_rows = olstm__arena_allocate(memory, out, sizeof *kind->output_rows);
  kind->output_stacks = olstm__arena_allocate(memory, out, sizeof *kind->output_stacks);
  kind->trace.output_descs = kind->output_stacks;
  kind->trace.input_axes =
      olstm__arena_allocate(memory, in, sizeof *kind->trace.input_axes);
  kind->trace.output_axes =
      olstm__arena_allocate(memory, out, sizeof *kind->trace.output_axes);
  kind->best = olstm__arena_allocate(memory, kind->wanted + 1, sizeof *kind->best);
  kind->choices = olstm__arena_allocate(memory, kind->wanted + 1, 1);
  if (memory->has_failed) return fail_memory(error);
  for (size_t i = 0; i < kind->session->input_count; i++) kind->step[i].desc = step[i];
  return OLSTM_STATUS_OK;
}

static void lay_out(olstm__step_kind* kind) {
  const olstm__plan* plan = olstm__executor_plan(kind->sizes[0].executor);
  for (size_t i = 0; i < plan->input_count; i++) {
    kind->inputs[i] = olstm__row_layout_of(&plan->inputs[i], kind->trace.input_axes[i]);
  }
  for (size_t o = 0; o < plan->output_count; o++) {
    const int32_t axis = kind->trace.output_axes[o];
    kind->output_rows[o] = (olstm_tensor_desc){.dtype = OLSTM_DTYPE_UNDEFINED};
    kind->outputs[o] = (olstm__row_layout){.axis = axis};
    if (!plan->outputs[o].is_known) continue;
    kind->output_rows[o] = plan->outputs[o].desc;
    if (kind->output_stacks[o].dtype == OLSTM_DTYPE_UNDEFINED) {
      kind->output_stacks[o] = plan->outputs[o].desc;
    }
    kind->outputs[o] = olstm__row_layout_of(&kind->output_stacks[o], axis);
  }
}

static olstm_status fill(olstm__step_kind* kind, const olstm_tensor_desc* step,
                         olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(allocate_kind(kind, step, error));
  // The plan for one row comes first: its errors are about the caller's inputs.
  OLSTM_RETURN_IF_ERROR(add_size(kind, 1, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__batch_axes_trace(kind->session, step, kind->axes, &kind->trace, error));
  const char* misfit = find_misfit(kind, &kind->sizes[0]);
  if (misfit) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "'%s' has another shape when there is one row alone", misfit);
  }
  lay_out(kind);
  choose(kind);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__step_kind_create(olstm_session* session, olstm__run_limits* limits,
                                     const olstm_tensor_desc* step, const int32_t* axes,
                                     const int32_t* named_outputs, size_t largest,
                                     olstm__step_kind** out_kind, olstm_error* error) {
  const olstm_allocator* allocator = &session->environment.allocator;
  olstm__step_kind* kind = olstm_allocate_zeroed(allocator, 1, sizeof *kind);
  *out_kind = NULL;
  if (!kind) return fail_memory(error);
  kind->session = session;
  kind->limits = limits;
  kind->trace.named_outputs = named_outputs;
  kind->axes = axes;
  kind->wanted = largest;
  olstm__arena_init(&kind->memory, allocator, SIZE_MAX);
  const olstm_status status = fill(kind, step, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__step_kind_destroy(kind);
    return status;
  }
  *out_kind = kind;
  return OLSTM_STATUS_OK;
}
