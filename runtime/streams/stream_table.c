// Tables of streams: their life, and opening and closing streams.
#include "runtime/streams/stream_table.h"

#include <stdatomic.h>

#include "olstm/sized_struct.h"

#include "runtime/plan/plan_cache.h"
#include "runtime/streams/step_plan.h"

enum { kDefaultCapacity = 1024, kDefaultBatch = 64, kDefaultKinds = 16, kNameless = -1 };

static olstm_status fail_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for streams");
}

// ---------------------------------------------------------------- options

void olstm_streams_options_init_sized(olstm_streams_options* options,
                                      size_t struct_size) {
  const olstm_streams_options defaults = {.capacity = kDefaultCapacity,
                                          .largest_batch = kDefaultBatch,
                                          .step_capacity = kDefaultKinds};
  olstm_sized_struct_init(options, struct_size, &defaults, sizeof defaults);
}

static olstm_status check_range(const char* name, size_t value, size_t most,
                                olstm_error* error) {
  if (value >= 1 && value <= most) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "streams: %s is %zu, expected 1 to %zu", name, value, most);
}

static olstm_status read_options(const olstm_streams_options* given,
                                 olstm_streams_options* out_options, olstm_error* error) {
  olstm_streams_options_init(out_options);
  if (given) {
    OLSTM_RETURN_IF_ERROR(olstm_sized_struct_read(given, "streams options", out_options,
                                                  sizeof *out_options, error));
  }
  OLSTM_RETURN_IF_ERROR(check_range("capacity", out_options->capacity, INT32_MAX, error));
  OLSTM_RETURN_IF_ERROR(check_range("largest_batch", out_options->largest_batch,
                                    OLSTM__LARGEST_BATCH, error));
  OLSTM_RETURN_IF_ERROR(
      check_range("step_capacity", out_options->step_capacity, INT32_MAX, error));
  if (out_options->step_capacity >= out_options->step_count) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "streams: step_capacity is %zu, step_count %zu",
                    out_options->step_capacity, out_options->step_count);
}

/// Sets the axis that the caller names for an input or an output.
static olstm_status name_axis(olstm_streams* streams, const olstm_batch_axis* axis,
                              olstm_error* error) {
  const olstm_session* session = streams->session;
  const char* name = axis->name ? axis->name : "";
  const olstm_value_info* info = NULL;
  for (size_t i = 0; i < session->input_count && !info; i++) {
    if (strcmp(session->inputs[i].name, name) != 0) continue;
    info = &session->inputs[i];
    streams->axes[i] = axis->axis;
  }
  for (size_t o = 0; o < session->output_count && !info; o++) {
    if (strcmp(session->outputs[o].name, name) != 0) continue;
    info = &session->outputs[o];
    streams->named_outputs[o] = axis->axis;
  }
  if (!info) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "batch_axes: no input or output '%s'", name);
  }
  const int32_t rank = info->rank < 0 ? OLSTM_MAX_RANK : info->rank;
  if (axis->axis < -1 || axis->axis >= rank) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "batch_axes: '%s' has shape %s, there is no axis %d", name,
                      olstm_dims_text(info->dims, info->rank).text, (int)axis->axis);
  }
  if (axis->axis < 0 || info->rank < 0 || info->dims[axis->axis] < 0) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "batch_axes: '%s' has shape %s, whose dimension %d is fixed", name,
                    olstm_dims_text(info->dims, info->rank).text, (int)axis->axis);
}

// ---------------------------------------------------------------- kinds

olstm_status olstm__streams_check_input(const olstm_streams* streams, size_t input,
                                        const olstm_tensor_desc* desc, bool has_axis,
                                        olstm_error* error) {
  const olstm_value_info* info = &streams->session->inputs[input];
  const int32_t axis = has_axis ? streams->axes[input] : -1;
  bool fits = info->rank < 0 || desc->rank == info->rank;
  if (info->dtype != OLSTM_DTYPE_UNDEFINED && info->dtype != desc->dtype) {
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "input '%s' has dtype %s, expected %s", info->name,
                      olstm_dtype_name(desc->dtype), olstm_dtype_name(info->dtype));
  }
  for (int32_t d = 0; d < info->rank && fits; d++) {
    fits = info->dims[d] < 0 || info->dims[d] == desc->dims[d];
  }
  if (!fits) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "input '%s' has shape %s, expected %s", info->name,
                      olstm_shape_text(desc).text,
                      olstm_dims_text(info->dims, info->rank).text);
  }
  if (axis < 0 || (axis < desc->rank && desc->dims[axis] == 1)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "input '%s' has shape %s, expected 1 for a stream's row in "
                    "dimension %d",
                    info->name, olstm_shape_text(desc).text, (int)axis);
}

static olstm_status check_step(const olstm_streams* streams,
                               const olstm_tensor_desc* step, bool has_axes,
                               olstm_error* error) {
  for (size_t i = 0; i < streams->session->input_count; i++) {
    OLSTM_RETURN_IF_ERROR(
        olstm__streams_check_input(streams, i, &step[i], has_axes, error));
  }
  return OLSTM_STATUS_OK;
}

static bool has_step(const olstm__step_kind* kind, const olstm_tensor_desc* step) {
  for (size_t i = 0; i < kind->session->input_count; i++) {
    if (!olstm_tensor_desc_equal(&kind->step[i].desc, &step[i])) return false;
  }
  return true;
}

/// Whether all states of a new kind are those of the table.
static olstm_status check_slots(const olstm_streams* streams,
                                const olstm__step_kind* kind, olstm_error* error) {
  const olstm_tensor* inputs = kind->sizes[0].inputs + streams->session->input_count;
  for (size_t s = 0; s < streams->slot_count; s++) {
    if (olstm_tensor_desc_equal(&inputs[s].desc, &streams->slots[s])) continue;
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "state '%s' has shape %s, this run needs %s",
                      streams->session->graph->states[s].name,
                      olstm_shape_text(&streams->slots[s]).text,
                      olstm_shape_text(&inputs[s].desc).text);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status make_kind(olstm_streams* streams, const olstm_tensor_desc* step,
                              olstm__step_kind** out_kind, olstm_error* error) {
  olstm__step_kind* kind = NULL;
  OLSTM_RETURN_IF_ERROR(check_step(streams, step, true, error));
  OLSTM_RETURN_IF_ERROR(olstm__step_kind_create(streams->session, &streams->limits, step,
                                                streams->axes, streams->named_outputs,
                                                streams->largest, &kind, error));
  const olstm_status status =
      streams->slots ? check_slots(streams, kind, error) : OLSTM_STATUS_OK;
  if (status != OLSTM_STATUS_OK) {
    olstm__step_kind_destroy(kind);
    return status;
  }
  *out_kind = kind;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__streams_get_kind(olstm_streams* streams,
                                     const olstm_tensor_desc* step,
                                     olstm__step_kind** out_kind, olstm_error* error) {
  size_t oldest = 0;
  for (size_t k = 0; k < streams->kind_count; k++) {
    *out_kind = streams->kinds[k];
    if (has_step(*out_kind, step)) return OLSTM_STATUS_OK;
    if ((*out_kind)->last_use < streams->kinds[oldest]->last_use) oldest = k;
  }
  OLSTM_RETURN_IF_ERROR(make_kind(streams, step, out_kind, error));
  if (streams->kind_count < streams->kind_capacity) {
    oldest = streams->kind_count++;
  } else {
    olstm__step_kind_destroy(streams->kinds[oldest]);
  }
  streams->kinds[oldest] = *out_kind;
  (*out_kind)->last_use = ++streams->run_count;
  return OLSTM_STATUS_OK;
}

olstm_status olstm_streams_prepare(olstm_streams* streams,
                                   const olstm_tensor_desc* inputs, size_t input_count,
                                   olstm_error* error) {
  olstm__step_kind* kind = NULL;
  if (input_count != streams->session->input_count || (input_count > 0 && !inputs)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model has %zu inputs, and %zu are given",
                      streams->session->input_count, input_count);
  }
  OLSTM_RETURN_IF_ERROR(olstm__streams_get_kind(streams, inputs, &kind, error));
  return olstm__step_kind_extend(kind, streams->largest, true, error);
}

// ---------------------------------------------------------------- creating

/// Takes what the first kind of step tells: the states' shapes, the outputs' axes.
static olstm_status take_slots(olstm_streams* streams, const olstm__step_kind* kind,
                               olstm_error* error) {
  const olstm_session* session = streams->session;
  olstm__arena* memory = &streams->memory;
  const size_t count = streams->slot_count;
  const olstm_tensor* inputs = kind->sizes[0].inputs + session->input_count;
  streams->slots = olstm__arena_allocate(memory, count, sizeof *streams->slots);
  streams->slot_rows = olstm__arena_allocate(memory, count, sizeof *streams->slot_rows);
  streams->slot_offsets =
      olstm__arena_allocate(memory, count, sizeof *streams->slot_offsets);
  if (memory->has_failed) return fail_memory(error);
  for (size_t s = 0; s < count; s++) {
    streams->slots[s] = inputs[s].desc;
    streams->slot_rows[s] = kind->inputs[session->input_count + s];
    streams->slot_offsets[s] = streams->copy_bytes;
    size_t bytes = 0;
    (void)olstm_size_align(olstm__desc_bytes(&inputs[s].desc), &bytes);
    if (!olstm_size_add(streams->copy_bytes, bytes, &streams->copy_bytes)) {
      return fail_memory(error);
    }
  }
  for (size_t o = 0; o < session->output_count; o++) {
    streams->output_axes[o] = kind->trace.output_axes[o];
  }
  memcpy(streams->reason, kind->trace.reason, sizeof streams->reason);
  return OLSTM_STATUS_OK;
}

/// Allocates the rows, and writes what streams start from.
static olstm_status make_rows(olstm_streams* streams, olstm_error* error) {
  olstm__arena* memory = &streams->memory;
  const size_t count = streams->slot_count;
  size_t bytes = 0;
  olstm_tensor* starts = olstm__arena_allocate(memory, count, sizeof *starts);
  if (!starts) return fail_memory(error);
  // A start value that does not fit one row is refused as a context refuses it.
  OLSTM_RETURN_IF_ERROR(
      olstm__states_begin(&streams->scratch, streams->slots, starts, error));
  if (!olstm_size_multiply(2 * streams->capacity, streams->copy_bytes, &bytes)) {
    return fail_memory(error);
  }
  streams->start = olstm__arena_allocate(memory, 1, streams->copy_bytes);
  streams->is_set = olstm__arena_allocate(memory, streams->capacity, count);
  streams->rows = olstm__arena_allocate_data(memory, bytes);
  if (memory->has_failed) return fail_memory(error);
  for (size_t s = 0; s < count; s++) {
    if (!starts[s].data) continue;
    memcpy(streams->start + streams->slot_offsets[s], starts[s].data,
           olstm__desc_bytes(&starts[s].desc));
  }
  return OLSTM_STATUS_OK;
}

/// Initialises the table's entries, all free. Generations start elsewhere in every table,
/// so that one does not take another's handles.
static olstm_status make_records(olstm_streams* streams, olstm_error* error) {
  static atomic_uint table_count;
  const uint32_t start = (atomic_fetch_add(&table_count, 1) + 1) * 0x9e3779b1U;
  streams->records = olstm__arena_allocate(&streams->memory, streams->capacity,
                                           sizeof *streams->records);
  if (!streams->records) return fail_memory(error);
  for (size_t i = 0; i < streams->capacity; i++) {
    streams->records[i].generation = start == 0 ? 1 : start;
    streams->records[i].next_free = i + 1 < streams->capacity ? i + 1 : SIZE_MAX;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status allocate_lists(olstm_streams* streams, olstm_error* error) {
  const olstm_session* session = streams->session;
  const size_t in = session->input_count, out = session->output_count;
  olstm__arena* memory = &streams->memory;
  streams->axes = olstm__arena_allocate(memory, in, sizeof *streams->axes);
  streams->named_outputs =
      olstm__arena_allocate(memory, out, sizeof *streams->named_outputs);
  streams->output_axes = olstm__arena_allocate(memory, out, sizeof *streams->output_axes);
  streams->lent = olstm__arena_allocate(memory, out, sizeof *streams->lent);
  streams->kinds =
      olstm__arena_allocate(memory, streams->kind_capacity, sizeof *streams->kinds);
  if (memory->has_failed) return fail_memory(error);
  for (size_t i = 0; i < in; i++) streams->axes[i] = OLSTM__AXIS_UNKNOWN;
  for (size_t o = 0; o < out; o++) streams->named_outputs[o] = kNameless;
  return OLSTM_STATUS_OK;
}

/// Finds the batch axes, with the first step that the caller gave.
static olstm_status find_axes(olstm_streams* streams, const olstm_tensor_desc* step,
                              int64_t* out_made_up, olstm_error* error) {
  const olstm__program* program = streams->session->program;
  olstm__arena* memory = &streams->memory;
  int32_t* lists = olstm__arena_allocate(
      memory, program->input_count + program->output_count, sizeof *lists);
  olstm_tensor_desc* descs =
      olstm__arena_allocate(memory, program->output_count, sizeof *descs);
  if (memory->has_failed) return fail_memory(error);
  olstm__row_trace trace = {.input_axes = lists,
                            .output_axes = lists + program->input_count,
                            .output_descs = descs,
                            .named_outputs = streams->named_outputs};
  const olstm_status status = olstm__batch_axes_find(
      streams->session, step, streams->axes, &trace, out_made_up, error);
  for (size_t o = 0; o < streams->session->output_count; o++) {
    streams->output_axes[o] = trace.output_axes[o];
  }
  return status;
}

/// A step of one stream for a table whose caller gives none: what the model declares,
/// with `size` for every symbolic dimension that is no batch.
static olstm_status plan_declared(olstm_streams* streams, int64_t size,
                                  olstm_error* error) {
  const olstm_session* session = streams->session;
  olstm_tensor_desc* step =
      olstm__arena_allocate(&streams->memory, session->input_count, sizeof *step);
  if (!step) return fail_memory(error);
  for (size_t i = 0; i < session->input_count; i++) {
    const olstm_value_info* info = &session->inputs[i];
    step[i] = (olstm_tensor_desc){info->dtype, info->rank < 0 ? 0 : info->rank, {0}};
    for (int32_t d = 0; d < step[i].rank; d++) {
      step[i].dims[d] = info->dims[d] < 0 ? size : info->dims[d];
    }
  }
  for (size_t i = 0; i < session->input_count; i++) {
    if (streams->axes[i] >= 0) step[i].dims[streams->axes[i]] = 1;
  }
  return olstm_streams_prepare(streams, step, session->input_count, error);
}

static olstm_status plan_steps(olstm_streams* streams,
                               const olstm_streams_options* options, int64_t made_up,
                               olstm_error* error) {
  const size_t input_count = streams->session->input_count;
  for (size_t s = 0; s < options->step_count; s++) {
    OLSTM_RETURN_IF_ERROR(olstm_streams_prepare(streams, options->steps + s * input_count,
                                                input_count, error));
    if (s == 0) OLSTM_RETURN_IF_ERROR(take_slots(streams, streams->kinds[0], error));
  }
  if (options->step_count > 0) return OLSTM_STATUS_OK;
  // Steps of one time step are what streams mostly bring, where the model takes them.
  if (plan_declared(streams, 1, NULL) != OLSTM_STATUS_OK) {
    OLSTM_RETURN_IF_ERROR(plan_declared(streams, made_up, error));
  }
  return take_slots(streams, streams->kinds[0], error);
}

static olstm_status fill(olstm_streams* streams, const olstm_streams_options* options,
                         olstm_error* error) {
  const olstm_session* session = streams->session;
  const size_t size_count = OLSTM__MOST_BATCH_SIZES;
  OLSTM_RETURN_IF_ERROR(allocate_lists(streams, error));
  for (size_t a = 0; a < options->batch_axis_count; a++) {
    OLSTM_RETURN_IF_ERROR(name_axis(streams, &options->batch_axes[a], error));
  }
  streams->more_plans = streams->kind_capacity < 64 ? streams->kind_capacity : 64;
  streams->more_plans *= size_count;
  olstm__plan_cache_grow(session->program->environment, (ptrdiff_t)streams->more_plans);
  OLSTM_RETURN_IF_ERROR(olstm__states_init(&streams->scratch, session->graph,
                                           &session->environment.allocator,
                                           session->broadcast_state, error));
  const olstm_tensor_desc* step = options->step_count > 0 ? options->steps : NULL;
  if (step) OLSTM_RETURN_IF_ERROR(check_step(streams, step, false, error));
  int64_t made_up = 1;
  OLSTM_RETURN_IF_ERROR(find_axes(streams, step, &made_up, error));
  OLSTM_RETURN_IF_ERROR(plan_steps(streams, options, made_up, error));
  OLSTM_RETURN_IF_ERROR(make_rows(streams, error));
  return make_records(streams, error);
}

olstm_status olstm_streams_create(olstm_session* session,
                                  const olstm_streams_options* options,
                                  olstm_streams** out_streams, olstm_error* error) {
  olstm_streams_options read;
  if (!session || !out_streams) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "olstm_streams_create: session and out_streams must not be NULL");
  }
  *out_streams = NULL;
  OLSTM_RETURN_IF_ERROR(read_options(options, &read, error));
  if (session->graph->state_count == 0) {
    return olstm_fail(error, OLSTM_STATUS_WRONG_STATE,
                      "streams: the session has no state slots (its options stateful and "
                      "bindings make them)");
  }
  olstm_streams* streams =
      olstm_allocate_zeroed(&session->environment.allocator, 1, sizeof *streams);
  if (!streams) return fail_memory(error);
  streams->session = session;
  olstm__arena_init(&streams->memory, &session->environment.allocator, SIZE_MAX);
  streams->capacity = read.capacity;
  streams->largest = read.largest_batch;
  streams->kind_capacity = read.step_capacity;
  streams->slot_count = session->graph->state_count;
  const olstm_status status = fill(streams, &read, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_streams_destroy(streams);
    return status;
  }
  *out_streams = streams;
  return OLSTM_STATUS_OK;
}

void olstm_streams_destroy(olstm_streams* streams) {
  if (!streams) return;
  olstm_session* session = streams->session;
  const olstm_allocator* allocator = &session->environment.allocator;
  const size_t outputs = session->output_count;
  for (size_t k = 0; k < streams->kind_count; k++) {
    olstm__step_kind_destroy(streams->kinds[k]);
  }
  olstm__plan_cache_grow(session->program->environment, -(ptrdiff_t)streams->more_plans);
  for (size_t o = 0; streams->lent && o < outputs; o++) {
    olstm_release(allocator, streams->lent[o].data, streams->lent[o].capacity, 1);
  }
  olstm_release(allocator, streams->order, streams->item_capacity,
                sizeof *streams->order);
  olstm_release(allocator, streams->results, streams->item_capacity * outputs,
                sizeof *streams->results);
  if (streams->scratch.slots) olstm__states_deinit(&streams->scratch);
  olstm__arena_deinit(&streams->memory);
  olstm_release(allocator, streams, 1, sizeof *streams);
}

// ---------------------------------------------------------------- asking

void olstm_streams_get_info_sized(const olstm_streams* streams,
                                  olstm_streams_info* out_info, size_t struct_size) {
  const size_t record_bytes = sizeof *streams->records + streams->slot_count;
  olstm_streams_info known = {.capacity = streams->capacity,
                              .open_count = streams->open_count,
                              .largest_batch = streams->reason[0] ? 1 : streams->largest,
                              .reason = streams->reason,
                              .stream_bytes = 2 * streams->copy_bytes + record_bytes,
                              .shared_bytes = sizeof *streams};
  for (size_t k = 0; k < streams->kind_count; k++) {
    known.shared_bytes += olstm__step_kind_bytes(streams->kinds[k]);
  }
  for (size_t o = 0; o < streams->session->output_count; o++) {
    known.shared_bytes += streams->lent[o].capacity;
  }
  olstm_sized_struct_init(out_info, struct_size, &known, sizeof known);
}

int32_t olstm_streams_input_axis(const olstm_streams* streams, size_t index) {
  return index < streams->session->input_count ? streams->axes[index] : -1;
}

int32_t olstm_streams_output_axis(const olstm_streams* streams, size_t index) {
  return index < streams->session->output_count ? streams->output_axes[index] : -1;
}
