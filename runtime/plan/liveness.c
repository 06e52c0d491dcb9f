#include "runtime/plan/liveness.h"

#include <string.h>

#include "base/tensor_size.h"
#include "runtime/plan/memory_plan.h"

// ---------------------------------------------------------------- live steps

void olstm__planner_mark_live(olstm__planner* planner) {
  const olstm__program* program = planner->program;
  for (size_t o = 0; o < program->output_count; o++) {
    planner->values[planner->map[program->outputs[o]]].is_live = true;
  }
  for (size_t s = planner->step_count; s-- > 0;) {
    olstm__planned_step* step = &planner->steps[s];
    for (size_t o = 0; o < step->node->output_count; o++) {
      if (step->outputs[o] < 0) continue;
      step->is_live = step->is_live || planner->values[step->outputs[o]].is_live;
    }
    if (!step->is_live) continue;
    for (size_t i = 0; i < step->node->input_count; i++) {
      if (step->inputs[i] >= 0) planner->values[step->inputs[i]].is_live = true;
    }
  }
  olstm__planner_number_steps(planner);
}

void olstm__planner_number_steps(olstm__planner* planner) {
  planner->dynamic_step_count = 0;
  planner->known_step_count = 0;
  for (size_t s = 0; s < planner->step_count; s++) {
    olstm__planned_step* step = &planner->steps[s];
    if (!step->is_live) continue;
    step->position =
        step->is_dynamic ? planner->dynamic_step_count++ : planner->known_step_count++;
    step->first_position = step->position;
    step->last_position = step->position;
  }
}

// ---------------------------------------------------------------- buffers

/// The buffer that `buffer` was merged into, or itself.
static int32_t find_buffer(const olstm__planner* planner, int32_t buffer) {
  while (buffer >= 0 && planner->buffers[buffer].merged_into >= 0) {
    buffer = planner->buffers[buffer].merged_into;
  }
  return buffer;
}

/// The buffer that `buffer` is a part of, or itself.
static int32_t whole_of(const olstm__planner* planner, int32_t buffer) {
  const bool is_part = buffer >= 0 && planner->buffers[buffer].part_of >= 0;
  return is_part ? planner->buffers[buffer].part_of : buffer;
}

/// Keeps a buffer, and what it is a part of, until a step.
static void use_buffer(olstm__planner* planner, int32_t buffer, size_t position) {
  if (buffer < 0) return;
  olstm__planned_buffer* whole = &planner->buffers[whole_of(planner, buffer)];
  planner->buffers[buffer].last_step = position;
  if (whole->last_step < position) whole->last_step = position;
}

/// A buffer that `step` writes; NULL for one that is given.
static int32_t add_buffer(olstm__planner* planner, olstm__location location, size_t bytes,
                          const olstm__planned_step* step) {
  planner->buffers[planner->buffer_count] =
      (olstm__planned_buffer){.location = location,
                              .bytes = bytes,
                              .first_step = step ? step->first_position : 0,
                              .last_step = step ? step->last_position : 0,
                              .merged_into = -1,
                              .part_of = -1};
  return planner->buffer_count++;
}

/// Adds buffers for inputs and constants, which are not in the workspace. Values without
/// elements have none.
static void add_given_buffers(olstm__planner* planner) {
  for (int32_t v = 0; v < planner->value_count; v++) {
    olstm__planned_value* value = &planner->values[v];
    const bool is_given = value->location.kind == OLSTM__LOCATION_INPUT ||
                          value->location.kind == OLSTM__LOCATION_CONSTANT;
    if (!value->is_described || !is_given) continue;
    value->buffer = add_buffer(planner, value->location,
                               olstm__desc_bytes(&value->tensor.desc), NULL);
  }
}

/// Whether a step only changes the shape of its input.
static bool is_view(const olstm__planner* planner, const olstm__planned_step* step) {
  const int32_t from = step->prepared.view_of_input;
  if (from < 0 || (size_t)from >= step->node->input_count) return false;
  if (step->inputs[from] < 0 || step->node->output_count == 0 || step->outputs[0] < 0) {
    return false;
  }
  for (size_t o = 1; o < step->node->output_count; o++) {
    if (step->outputs[o] >= 0) return false;
  }
  return olstm__desc_bytes(&planner->values[step->inputs[from]].tensor.desc) ==
         olstm__desc_bytes(&planner->values[step->outputs[0]].tensor.desc);
}

void olstm__planner_mark_views(olstm__planner* planner) {
  for (size_t s = 0; s < planner->step_count; s++) {
    olstm__planned_step* step = &planner->steps[s];
    step->is_view = step->is_prepared && is_view(planner, step);
  }
}

/// Whether all outputs of a step lie in one of its inputs, and none is an output of the
/// program, which lies in the caller's memory.
static bool gives_parts(const olstm__planner* planner, const olstm__planned_step* step) {
  const size_t* offsets = step->prepared.part_offsets;
  const int32_t from = step->prepared.part_of_input;
  if (!offsets || step->is_view || step->is_branch || from < 0 ||
      (size_t)from >= step->node->input_count || step->inputs[from] < 0) {
    return false;
  }
  const size_t bytes =
      olstm__desc_bytes(&planner->values[step->inputs[from]].tensor.desc);
  for (size_t o = 0; o < step->node->output_count; o++) {
    const int32_t v = step->outputs[o];
    if (v < 0) continue;
    const size_t part = olstm__desc_bytes(&planner->values[v].tensor.desc);
    if (offsets[o] > bytes || part > bytes - offsets[o]) return false;
    for (size_t p = 0; p < planner->program->output_count; p++) {
      if (planner->map[planner->program->outputs[p]] == v) return false;
    }
  }
  return true;
}

/// The buffer of output `o`, a part of an input.
static int32_t add_part(olstm__planner* planner, const olstm__planned_step* step,
                        size_t o, size_t bytes) {
  const int32_t input =
      planner->values[step->inputs[step->prepared.part_of_input]].buffer;
  const int32_t whole = whole_of(planner, input);
  const int32_t part = add_buffer(planner, planner->buffers[whole].location, bytes, step);
  planner->buffers[part].part_of = whole;
  planner->buffers[part].part_offset =
      planner->buffers[input].part_offset + step->prepared.part_offsets[o];
  return part;
}

static int32_t add_output_buffer(olstm__planner* planner, const olstm__planned_step* step,
                                 size_t o, size_t bytes, bool is_part) {
  if (is_part) return add_part(planner, step, o, bytes);
  if (step->is_view) {
    return planner->values[step->inputs[step->prepared.view_of_input]].buffer;
  }
  return add_buffer(planner, (olstm__location){.kind = OLSTM__LOCATION_WORKSPACE}, bytes,
                    step);
}

static void add_step_buffers(olstm__planner* planner, olstm__planned_step* step) {
  const bool is_part = gives_parts(planner, step);
  for (size_t o = 0; o < step->node->output_count; o++) {
    if (step->outputs[o] < 0) continue;
    olstm__planned_value* value = &planner->values[step->outputs[o]];
    const size_t bytes = olstm__desc_bytes(&value->tensor.desc);
    if (bytes == 0) continue;
    value->buffer = add_output_buffer(planner, step, o, bytes, is_part);
  }
  step->is_view = step->is_view || is_part;
  // A view does not read its input: its users keep the buffer alive.
  if (step->is_view) return;
  for (size_t i = 0; i < step->node->input_count; i++) {
    if (step->inputs[i] < 0) continue;
    use_buffer(planner, planner->values[step->inputs[i]].buffer, step->last_position);
  }
}

/// Dynamic steps run after all others: what they read is kept until the end.
static void extend_for_dynamic_steps(olstm__planner* planner) {
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    if (!step->is_live || !step->is_dynamic) continue;
    for (size_t i = 0; i < step->node->input_count; i++) {
      if (step->inputs[i] < 0) continue;
      use_buffer(planner, planner->values[step->inputs[i]].buffer,
                 planner->known_step_count);
    }
  }
}

/// Places outputs in the caller's buffers, so that steps write there. Outputs that are an
/// input, a constant or another output too, or a part of something, are copied at the
/// end.
static void locate_outputs(olstm__planner* planner) {
  const olstm__program* program = planner->program;
  for (size_t o = 0; o < program->output_count; o++) {
    const int32_t v = planner->map[program->outputs[o]];
    const olstm__planned_value* value = &planner->values[v];
    if (value->is_dynamic || value->buffer < 0) continue;
    olstm__planned_buffer* buffer = &planner->buffers[value->buffer];
    const bool is_part = buffer->part_of >= 0;
    if (is_part) use_buffer(planner, value->buffer, planner->known_step_count);
    if (buffer->location.kind == OLSTM__LOCATION_WORKSPACE && !is_part) {
      buffer->location = (olstm__location){.kind = OLSTM__LOCATION_OUTPUT, .index = o};
    } else {
      planner->copies[planner->copy_count++] = (olstm__planned_copy){v, o};
    }
  }
}

// ---------------------------------------------------------------- in place

/// How many of a step's inputs lie in `buffer`, as a whole or in part.
static size_t count_inputs_in(const olstm__planner* planner,
                              const olstm__planned_step* step, int32_t buffer) {
  size_t count = 0;
  for (size_t i = 0; i < step->node->input_count; i++) {
    if (step->inputs[i] < 0) continue;
    const int32_t whole = whole_of(planner, planner->values[step->inputs[i]].buffer);
    count += find_buffer(planner, whole) == buffer;
  }
  return count;
}

/// Places output 0 of a step in the buffer of an input that is not used afterwards, if
/// the operator allows it. Inputs of the run, constants and outputs are never
/// overwritten.
static void merge_in_place(olstm__planner* planner, const olstm__planned_step* step) {
  const int32_t output = step->node->output_count > 0 ? step->outputs[0] : -1;
  if (output < 0 || planner->values[output].buffer < 0) return;
  const int32_t target = planner->values[output].buffer;
  for (size_t i = 0; i < step->node->input_count && i < 32; i++) {
    if (!(step->prepared.inplace_inputs & (1U << i)) || step->inputs[i] < 0) continue;
    const int32_t b = find_buffer(planner, planner->values[step->inputs[i]].buffer);
    if (b < 0) continue;
    olstm__planned_buffer* buffer = &planner->buffers[b];
    if (buffer->location.kind != OLSTM__LOCATION_WORKSPACE || buffer->part_of >= 0 ||
        buffer->last_step != step->position ||
        buffer->bytes != planner->buffers[target].bytes ||
        count_inputs_in(planner, step, b) != 1) {
      continue;
    }
    buffer->merged_into = target;
    planner->buffers[target].first_step = buffer->first_step;
    return;
  }
}

/// Shortens chains of merged buffers, which may be as long as the graph, to one link. A
/// buffer is always merged into one that was added later.
static void flatten_merges(olstm__planner* planner) {
  for (int32_t b = planner->buffer_count - 1; b >= 0; b--) {
    olstm__planned_buffer* buffer = &planner->buffers[b];
    if (buffer->merged_into >= 0) {
      buffer->merged_into = find_buffer(planner, buffer->merged_into);
    }
  }
}

// ---------------------------------------------------------------- memory

/// Plans the offsets of buffers and of the steps' own workspaces in the workspace.
static olstm_status plan_memory(olstm__planner* planner, olstm_error* error) {
  const size_t capacity = (size_t)planner->buffer_count + planner->step_count;
  olstm__memory_request* requests =
      olstm__arena_allocate(&planner->scratch, capacity, sizeof *requests);
  size_t* offsets = olstm__arena_allocate(&planner->scratch, capacity, sizeof *offsets);
  size_t** targets = olstm__arena_allocate(&planner->scratch, capacity, sizeof *targets);
  size_t count = 0, unshared = 0;
  if (!requests || !offsets || !targets) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
  }
  for (int32_t b = 0; b < planner->buffer_count; b++) {
    olstm__planned_buffer* buffer = &planner->buffers[b];
    if (buffer->location.kind != OLSTM__LOCATION_WORKSPACE || buffer->merged_into >= 0 ||
        buffer->part_of >= 0) {
      continue;
    }
    targets[count] = &buffer->location.offset;
    requests[count++] =
        (olstm__memory_request){buffer->first_step, buffer->last_step, buffer->bytes};
  }
  for (size_t s = 0; s < planner->step_count; s++) {
    olstm__planned_step* step = &planner->steps[s];
    if (!step->is_prepared || step->is_view || !step->prepared.workspace_bytes) continue;
    targets[count] = &step->workspace_offset;
    requests[count++] = (olstm__memory_request){step->first_position, step->last_position,
                                                step->prepared.workspace_bytes};
  }
  OLSTM_RETURN_IF_ERROR(olstm__memory_plan(
      count, requests, OLSTM__MEMORY_PLAN_EXACT_COUNT, &planner->environment->allocator,
      offsets, &planner->plan->workspace_bytes, error));
  for (size_t r = 0; r < count; r++) {
    size_t aligned = 0;
    *targets[r] = offsets[r];
    if (!olstm_size_align(requests[r].bytes, &aligned) ||
        !olstm_size_add(unshared, aligned, &unshared)) {
      unshared = SIZE_MAX;
    }
  }
  planner->plan->unshared_bytes = unshared;
  return OLSTM_STATUS_OK;
}

/// Numbers the dynamic tensors, and finds the last dynamic step that uses each.
static void number_dynamic_tensors(olstm__planner* planner) {
  const olstm__program* program = planner->program;
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    if (!step->is_live || !step->is_dynamic) continue;
    for (size_t o = 0; o < step->node->output_count; o++) {
      if (step->outputs[o] < 0) continue;
      olstm__planned_value* value = &planner->values[step->outputs[o]];
      value->dynamic = (int32_t)planner->dynamic_tensor_count++;
      value->last_dynamic_step = (int32_t)step->position;
    }
    for (size_t i = 0; i < step->node->input_count; i++) {
      if (step->inputs[i] < 0) continue;
      planner->values[step->inputs[i]].last_dynamic_step = (int32_t)step->position;
    }
  }
  for (size_t o = 0; o < program->output_count; o++) {
    planner->values[planner->map[program->outputs[o]]].last_dynamic_step = -1;
  }
}

olstm_status olstm__planner_assign_locations(olstm__planner* planner,
                                             olstm_error* error) {
  const size_t value_count = (size_t)planner->value_count;
  planner->buffers =
      olstm__arena_allocate(&planner->scratch, value_count, sizeof *planner->buffers);
  planner->copies = olstm__arena_allocate(
      &planner->scratch, planner->program->output_count, sizeof *planner->copies);
  if (!planner->buffers || !planner->copies) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a plan");
  }
  add_given_buffers(planner);
  for (size_t s = 0; s < planner->step_count; s++) {
    if (planner->steps[s].is_prepared) add_step_buffers(planner, &planner->steps[s]);
  }
  extend_for_dynamic_steps(planner);
  locate_outputs(planner);
  for (size_t s = 0; s < planner->step_count; s++) {
    const olstm__planned_step* step = &planner->steps[s];
    if (step->is_prepared && !step->is_view) merge_in_place(planner, step);
  }
  flatten_merges(planner);
  number_dynamic_tensors(planner);
  return plan_memory(planner, error);
}

olstm__location olstm__planner_get_location(const olstm__planner* planner, int32_t v) {
  const olstm__location nowhere = {.kind = OLSTM__LOCATION_NONE};
  if (v < 0) return nowhere;
  const olstm__planned_value* value = &planner->values[v];
  if (value->is_dynamic) {
    return (olstm__location){.kind = OLSTM__LOCATION_DYNAMIC,
                             .index = (size_t)value->dynamic};
  }
  const int32_t buffer = find_buffer(planner, whole_of(planner, value->buffer));
  if (buffer < 0) return nowhere;
  olstm__location location = planner->buffers[buffer].location;
  location.offset += planner->buffers[value->buffer].part_offset;
  return location;
}
