// Runs of streams: takes their rows out of the table, computes them together, and puts
// them back when all has succeeded.
#include "runtime/execute/output_check.h"
#include "runtime/streams/step_plan.h"
#include "runtime/streams/stream_table.h"

/// A run of streams, whose tensors are stacked, or each stream's own.
typedef struct stream_call {
  olstm_streams* streams;
  size_t count;
  /// Stacked.
  const olstm_stream* handles;
  const olstm_tensor* inputs;
  olstm_tensor* outputs;
  /// Each stream's own; NULL for a stacked run.
  olstm_stream_step* steps;
  const olstm_parallel* parallel;
} stream_call;

/// Streams of a run whose steps are of one kind: `items` in the order of the call.
typedef struct stream_group {
  olstm__step_kind* kind;
  const size_t* items;
  size_t count;
} stream_group;

// ---------------------------------------------------------------- the call's tensors

static olstm_stream get_handle(const stream_call* call, size_t item) {
  return call->steps ? call->steps[item].stream : call->handles[item];
}

static const olstm_tensor* get_inputs(const stream_call* call, size_t item) {
  return call->steps ? call->steps[item].inputs : call->inputs;
}

/// The results of an item; a stacked run has one for all.
static olstm__stream_result* get_results(const stream_call* call, size_t item) {
  return call->streams->results +
         (call->steps ? item * call->streams->session->output_count : 0);
}

/// Row of an input: of a stacked tensor, or of the item's own.
static olstm__row_location find_input(const stream_call* call, size_t item, size_t input,
                                      const olstm__row_layout* layout) {
  const void* data = get_inputs(call, item)[input].data;
  return call->steps ? olstm__row_at(data, 0, 1, layout)
                     : olstm__row_at(data, item, call->count, layout);
}

static olstm__row_location find_result(const stream_call* call, size_t item,
                                       size_t output, const olstm__row_layout* layout) {
  const olstm__stream_result* result = &get_results(call, item)[output];
  char* data =
      result->data ? result->data : call->streams->lent[output].data + result->offset;
  return call->steps ? olstm__row_at(data, 0, 1, layout)
                     : olstm__row_at(data, item, call->count, layout);
}

// ---------------------------------------------------------------- checks

static olstm_status check_input(const stream_call* call, size_t input,
                                const olstm_tensor* tensor, size_t rows,
                                olstm_error* error) {
  const olstm_streams* streams = call->streams;
  const char* name = streams->session->inputs[input].name;
  const int32_t axis = streams->axes[input];
  size_t bytes = 0;
  if (!olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "input '%s' has shape %s, which is none that fits into memory",
                      name, olstm_shape_text(&tensor->desc).text);
  }
  if (axis >= 0 &&
      (axis >= tensor->desc.rank || tensor->desc.dims[axis] != (int64_t)rows)) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "input '%s' has shape %s, expected %zu in dimension %d, a row for "
                      "each stream",
                      name, olstm_shape_text(&tensor->desc).text, rows, (int)axis);
  }
  if (!tensor->data && bytes > 0) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "input '%s' has no data",
                      name);
  }
  for (size_t o = 0; o < streams->session->output_count && bytes > 0; o++) {
    const olstm__lent_buffer* lent = &streams->lent[o];
    if ((uintptr_t)tensor->data - (uintptr_t)lent->data >= lent->capacity) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "input '%s' is a buffer that the table has lent: copy it first",
                      name);
  }
  return OLSTM_STATUS_OK;
}

/// Checks handles, each of which must be open and named once, and inputs.
static olstm_status check_call(stream_call* call, olstm_error* error) {
  olstm_streams* streams = call->streams;
  const size_t input_count = streams->session->input_count;
  const uint64_t run = ++streams->run_count;
  for (size_t i = 0; i < call->count; i++) {
    size_t index = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__stream_find(streams, get_handle(call, i), &index, error));
    if (streams->records[index].run == run) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "stream %#llx is given twice",
                        (unsigned long long)get_handle(call, i));
    }
    streams->records[index].run = run;
    if (!call->steps) continue;
    if ((input_count > 0 && !call->steps[i].inputs) ||
        (streams->session->output_count > 0 && !call->steps[i].outputs)) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "step %zu: inputs and outputs must not be NULL", i);
    }
    for (size_t t = 0; t < input_count; t++) {
      OLSTM_RETURN_IF_ERROR(check_input(call, t, &call->steps[i].inputs[t], 1, error));
    }
  }
  for (size_t t = 0; t < input_count && !call->steps; t++) {
    OLSTM_RETURN_IF_ERROR(check_input(call, t, &call->inputs[t], call->count, error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- results

/// Grows a lent buffer by `bytes`; its content is kept.
static olstm_status reserve_lent(olstm_streams* streams, size_t output, size_t bytes,
                                 size_t* out_offset, olstm_error* error) {
  const olstm_allocator* allocator = &streams->session->environment.allocator;
  olstm__lent_buffer* lent = &streams->lent[output];
  size_t aligned = 0, wanted = 0;
  *out_offset = lent->used;
  if (!olstm_size_align(bytes, &aligned) ||
      !olstm_size_add(lent->used, aligned, &wanted) || wanted > SIZE_MAX / 2) {
    return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED, "output '%s' is too large",
                      streams->session->outputs[output].name);
  }
  if (wanted > lent->capacity) {
    const size_t capacity = lent->used > 0 ? 2 * wanted : wanted;
    char* data = olstm_allocate(allocator, capacity, 1);
    if (!data) {
      return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                        "output '%s': no memory for %zu bytes",
                        streams->session->outputs[output].name, capacity);
    }
    if (lent->used) memcpy(data, lent->data, lent->used);
    olstm_release(allocator, lent->data, lent->capacity, 1);
    lent->data = data;
    lent->capacity = capacity;
  }
  lent->used = wanted;
  return OLSTM_STATUS_OK;
}

/// Decides where the result of an item, or of a stacked run, goes. form: the output's
/// desc for one row, or for a stack of any number of them.
static olstm_status place_result(const stream_call* call, size_t item, size_t output,
                                 const olstm_tensor_desc* form, olstm_error* error) {
  olstm_streams* streams = call->streams;
  olstm__stream_result* result = &get_results(call, item)[output];
  const olstm_tensor* given =
      call->steps ? &call->steps[item].outputs[output] : &call->outputs[output];
  const char* name = streams->session->outputs[output].name;
  olstm_tensor_desc desc = *form;
  if (!call->steps) desc.dims[streams->output_axes[output]] = (int64_t)call->count;
  if (!call->steps && result->desc.dtype != OLSTM_DTYPE_UNDEFINED) {
    if (olstm_tensor_desc_equal(&result->desc, &desc)) return OLSTM_STATUS_OK;
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "output '%s' has another shape for each stream: run them with "
                      "tensors of their own",
                      name);
  }
  *result = (olstm__stream_result){.desc = desc, .data = given->data};
  if (given->data) return olstm__output_check(name, &given->desc, &desc, error);
  return reserve_lent(streams, output, olstm__desc_bytes(&desc), &result->offset, error);
}

/// Places the results of a group whose shapes are known before the run.
static olstm_status place_known(const stream_call* call, const stream_group* group,
                                olstm_error* error) {
  const size_t count = call->steps ? group->count : 1;
  for (size_t i = 0; i < count; i++) {
    for (size_t o = 0; o < call->streams->session->output_count; o++) {
      const olstm_tensor_desc* form =
          call->steps ? &group->kind->output_rows[o] : &group->kind->output_stacks[o];
      if (form->dtype == OLSTM_DTYPE_UNDEFINED) continue;
      OLSTM_RETURN_IF_ERROR(place_result(call, group->items[i], o, form, error));
    }
  }
  return OLSTM_STATUS_OK;
}

/// Writes the results of a successful run to the caller's output tensors.
static void lend_results(const stream_call* call) {
  const olstm_streams* streams = call->streams;
  const size_t count = call->steps ? call->count : 1;
  for (size_t i = 0; i < count; i++) {
    olstm_tensor* outputs = call->steps ? call->steps[i].outputs : call->outputs;
    for (size_t o = 0; o < streams->session->output_count; o++) {
      const olstm__stream_result* result = &get_results(call, i)[o];
      if (outputs[o].data) continue;
      outputs[o].desc = result->desc;
      outputs[o].data = olstm__desc_bytes(&result->desc)
                            ? streams->lent[o].data + result->offset
                            : olstm__empty_tensor_data();
    }
  }
}

// ---------------------------------------------------------------- a batch

/// Some rows of a group, computed by one run of a plan.
typedef struct stream_batch {
  const stream_call* call;
  const stream_group* group;
  olstm__batch_size* size;
  /// The first item of the group, and how many: at most size->rows.
  size_t first, count;
  /// Whether the rows are the plan's, in its order, where they lie in a stacked tensor
  /// with or without an outer dimension.
  bool is_whole, is_part;
} stream_batch;

static size_t batch_item(const stream_batch* batch, size_t row) {
  return batch->group->items[batch->first + row];
}

/// Whether the rows of a stacked tensor are one after the other as the plan has them.
static bool lies_ready(const stream_batch* batch, const olstm__row_layout* layout) {
  return batch->is_whole || (batch->is_part && layout->outer == 1);
}

static void gather_inputs(const stream_batch* batch) {
  const stream_call* call = batch->call;
  olstm__batch_size* size = batch->size;
  for (size_t i = 0; i < call->streams->session->input_count; i++) {
    const olstm__row_layout* layout = &batch->group->kind->inputs[i];
    const size_t first = batch_item(batch, 0);
    size->run_inputs[i].data = get_inputs(call, first)[i].data;
    if (layout->axis < 0) continue;
    if (lies_ready(batch, layout)) {
      size->run_inputs[i].data = find_input(call, first, i, layout).data;
      continue;
    }
    size->run_inputs[i].data = size->inputs[i].data;
    for (size_t r = 0; r < size->rows; r++) {
      // Padding rows repeat the first row.
      const size_t item = batch_item(batch, r < batch->count ? r : 0);
      olstm__row_copy(olstm__row_at(size->inputs[i].data, r, size->rows, layout),
                      find_input(call, item, i, layout), layout);
    }
  }
}

static size_t stream_index(const stream_batch* batch, size_t row) {
  return (size_t)(get_handle(batch->call, batch_item(batch, row)) & UINT32_MAX);
}

static void gather_states(const stream_batch* batch) {
  const olstm_streams* streams = batch->call->streams;
  const olstm_tensor* inputs = batch->size->inputs + streams->session->input_count;
  for (size_t r = 0; r < batch->size->rows; r++) {
    const size_t index = stream_index(batch, r < batch->count ? r : 0);
    const uint8_t* is_set = streams->is_set + index * streams->slot_count;
    const char* copy = olstm__stream_copy(streams, index, false);
    for (size_t s = 0; s < streams->slot_count; s++) {
      const olstm__row_layout* layout = &streams->slot_rows[s];
      const char* from = (is_set[s] ? copy : streams->start) + streams->slot_offsets[s];
      olstm__row_copy(olstm__row_at(inputs[s].data, r, batch->size->rows, layout),
                      olstm__row_at(from, 0, 1, layout), layout);
    }
  }
}

/// Chooses where the run writes: to the caller's tensors where rows lie there as the plan
/// has them.
static void choose_outputs(const stream_batch* batch) {
  const stream_call* call = batch->call;
  olstm_tensor* outputs = batch->size->outputs;
  const olstm__plan* plan = olstm__executor_plan(batch->size->executor);
  for (size_t o = 0; o < plan->output_count; o++) outputs[o].data = NULL;
  for (size_t o = 0; o < call->streams->session->output_count; o++) {
    const olstm__row_layout* layout = &batch->group->kind->outputs[o];
    if (!plan->outputs[o].is_known || !lies_ready(batch, layout)) continue;
    outputs[o] = (olstm_tensor){plan->outputs[o].desc,
                                find_result(call, batch_item(batch, 0), o, layout).data};
  }
}

/// Copies results to where they go. Those of a shape that was not known before the run
/// are of one row, and are placed now.
static olstm_status scatter_outputs(const stream_batch* batch, olstm_error* error) {
  const stream_call* call = batch->call;
  const olstm_tensor* outputs = batch->size->outputs;
  for (size_t o = 0; o < call->streams->session->output_count; o++) {
    olstm__row_layout layout = batch->group->kind->outputs[o];
    if (batch->group->kind->output_rows[o].dtype == OLSTM_DTYPE_UNDEFINED) {
      const olstm_tensor_desc* desc = &outputs[o].desc;
      if (layout.axis >= desc->rank || desc->dims[layout.axis] != 1) {
        return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                          "output '%s' has shape %s, expected 1 in dimension %d",
                          call->streams->session->outputs[o].name,
                          olstm_shape_text(desc).text, (int)layout.axis);
      }
      OLSTM_RETURN_IF_ERROR(place_result(call, batch_item(batch, 0), o, desc, error));
      layout = olstm__row_layout_of(desc, layout.axis);
    } else if (lies_ready(batch, &layout)) {
      continue;
    }
    for (size_t r = 0; r < batch->count; r++) {
      olstm__row_copy(find_result(call, batch_item(batch, r), o, &layout),
                      olstm__row_at(outputs[o].data, r, batch->size->rows, &layout),
                      &layout);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Copies next states to the copies that are not valid yet.
static void scatter_states(const stream_batch* batch) {
  const olstm_streams* streams = batch->call->streams;
  const olstm_tensor* outputs = batch->size->outputs + streams->session->output_count;
  for (size_t r = 0; r < batch->count; r++) {
    char* copy = olstm__stream_copy(streams, stream_index(batch, r), true);
    for (size_t s = 0; s < streams->slot_count; s++) {
      const olstm__row_layout* layout = &streams->slot_rows[s];
      olstm__row_copy(olstm__row_at(copy + streams->slot_offsets[s], 0, 1, layout),
                      olstm__row_at(outputs[s].data, r, batch->size->rows, layout),
                      layout);
    }
  }
}

static olstm_status run_batch(stream_batch* batch, olstm_error* error) {
  const stream_call* call = batch->call;
  const bool is_full = !call->steps && batch->count == batch->size->rows;
  batch->is_part = is_full;
  batch->is_whole = is_full && batch->count == call->count;
  gather_inputs(batch);
  gather_states(batch);
  choose_outputs(batch);
  OLSTM_RETURN_IF_ERROR(
      olstm__step_kind_run(batch->group->kind, batch->size, call->parallel, error));
  OLSTM_RETURN_IF_ERROR(scatter_outputs(batch, error));
  scatter_states(batch);
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- groups

static olstm_status run_group(const stream_call* call, const stream_group* group,
                              olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(olstm__step_kind_extend(group->kind, group->count, false, error));
  OLSTM_RETURN_IF_ERROR(place_known(call, group, error));
  group->kind->last_use = call->streams->run_count;
  for (size_t first = 0; first < group->count;) {
    const size_t left = group->count - first;
    stream_batch batch = {.call = call,
                          .group = group,
                          .size = olstm__step_kind_choose(group->kind, left),
                          .first = first};
    batch.count = left < batch.size->rows ? left : batch.size->rows;
    OLSTM_RETURN_IF_ERROR(run_batch(&batch, error));
    first += batch.count;
  }
  return OLSTM_STATUS_OK;
}

/// Whether two items can be computed together.
static bool fit_together(const stream_call* call, size_t a, size_t b) {
  const olstm_tensor *x = get_inputs(call, a), *y = get_inputs(call, b);
  for (size_t i = 0; i < call->streams->session->input_count; i++) {
    if (!olstm_tensor_desc_equal(&x[i].desc, &y[i].desc)) return false;
    if (call->streams->axes[i] >= 0 || x[i].data == y[i].data) continue;
    const size_t bytes = olstm__desc_bytes(&x[i].desc);
    if (bytes > 0 && memcmp(x[i].data, y[i].data, bytes) != 0) return false;
  }
  return true;
}

/// Finds the kind of a group by its first item.
static olstm_status find_kind(const stream_call* call, size_t item,
                              olstm__step_kind** out_kind, olstm_error* error) {
  olstm_tensor_desc step[8] = {{.rank = 0}};
  olstm_streams* streams = call->streams;
  const olstm_allocator* allocator = &streams->session->environment.allocator;
  const size_t count = streams->session->input_count;
  const bool is_long = count > sizeof step / sizeof *step;
  olstm_tensor_desc* list =
      is_long ? olstm_allocate(allocator, count, sizeof *list) : step;
  if (!list) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for streams");
  }
  for (size_t i = 0; i < count; i++) {
    list[i] = get_inputs(call, item)[i].desc;
    if (streams->axes[i] >= 0) list[i].dims[streams->axes[i]] = 1;
  }
  const olstm_status status = olstm__streams_get_kind(streams, list, out_kind, error);
  if (is_long) olstm_release(allocator, list, count, sizeof *list);
  return status;
}

/// Brings all items from `first` on that fit to the first of them to the front; returns
/// the end of the group.
static size_t collect(const stream_call* call, size_t first) {
  size_t* order = call->streams->order;
  size_t end = first + 1;
  for (size_t i = end; call->steps && i < call->count; i++) {
    if (!fit_together(call, order[first], order[i])) continue;
    const size_t item = order[i];
    order[i] = order[end];
    order[end++] = item;
  }
  return call->steps ? end : call->count;
}

static olstm_status run_groups(const stream_call* call, olstm_error* error) {
  size_t* order = call->streams->order;
  for (size_t i = 0; i < call->count; i++) order[i] = i;
  for (size_t first = 0; first < call->count;) {
    const size_t end = collect(call, first);
    stream_group group = {.items = order + first, .count = end - first};
    OLSTM_RETURN_IF_ERROR(find_kind(call, order[first], &group.kind, error));
    OLSTM_RETURN_IF_ERROR(run_group(call, &group, error));
    first = end;
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- the run

/// Marks slots whose node has not run, in a branch of an If, as unset.
static void unset_unflagged(const olstm_streams* streams, size_t index, size_t slot) {
  const olstm__graph_state* flags = &streams->session->graph->states[slot + 1];
  const char* copy = olstm__stream_copy(streams, index, false);
  uint8_t* is_set = streams->is_set + index * streams->slot_count;
  if (!flags->is_flag_computed || copy[streams->slot_offsets[slot + 1]]) return;
  is_set[slot] = is_set[slot + 1] = 0;
}

/// The next states of all streams become their states.
static void commit(const stream_call* call) {
  const olstm_streams* streams = call->streams;
  const olstm__graph_state* states = streams->session->graph->states;
  for (size_t i = 0; i < call->count; i++) {
    const size_t index = (size_t)(get_handle(call, i) & UINT32_MAX);
    streams->records[index].valid ^= 1;
    memset(streams->is_set + index * streams->slot_count, 1, streams->slot_count);
    char* copy = olstm__stream_copy(streams, index, false);
    for (size_t s = 0; s < streams->slot_count; s++) {
      if (states[s].is_internal && !states[s].is_flag_computed) {
        copy[streams->slot_offsets[s]] = 1;
      }
      if (states[s].has_start) unset_unflagged(streams, index, s);
    }
  }
}

/// Makes room for a run of so many streams.
static olstm_status reserve_items(olstm_streams* streams, size_t count,
                                  olstm_error* error) {
  const olstm_allocator* allocator = &streams->session->environment.allocator;
  const size_t outputs = streams->session->output_count;
  if (count <= streams->item_capacity) return OLSTM_STATUS_OK;
  size_t* order = olstm_allocate(allocator, count, sizeof *order);
  olstm__stream_result* results =
      olstm_allocate(allocator, count * outputs, sizeof *results);
  if (!order || !results) {
    olstm_release(allocator, order, count, sizeof *order);
    olstm_release(allocator, results, count * outputs, sizeof *results);
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for streams");
  }
  olstm_release(allocator, streams->order, streams->item_capacity, sizeof *order);
  olstm_release(allocator, streams->results, streams->item_capacity * outputs,
                sizeof *results);
  streams->order = order;
  streams->results = results;
  streams->item_capacity = count;
  return OLSTM_STATUS_OK;
}

static olstm_status run(stream_call* call, olstm_error* error) {
  olstm_streams* streams = call->streams;
  const size_t output_count = streams->session->output_count;
  OLSTM_RETURN_IF_ERROR(check_call(call, error));
  OLSTM_RETURN_IF_ERROR(reserve_items(streams, call->count, error));
  for (size_t o = 0; o < output_count; o++) {
    streams->lent[o].used = 0;
    streams->results[o].desc.dtype = OLSTM_DTYPE_UNDEFINED;
  }
  call->parallel = olstm__threads_try_acquire(streams->session->threads);
  const olstm_status status = run_groups(call, error);
  olstm__threads_release(call->parallel);
  if (status != OLSTM_STATUS_OK) return status;
  commit(call);
  lend_results(call);
  return OLSTM_STATUS_OK;
}

static olstm_status check_count(const char* what, size_t given, size_t expected,
                                const void* list, olstm_error* error) {
  if (given == expected && (given == 0 || list)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    "the model has %zu %s, and %zu are given", expected, what,
                    list ? given : 0);
}

olstm_status olstm_streams_run(olstm_streams* streams, const olstm_stream* handles,
                               size_t stream_count, const olstm_tensor* inputs,
                               size_t input_count, olstm_tensor* outputs,
                               size_t output_count, olstm_error* error) {
  const olstm_session* session = streams->session;
  stream_call call = {.streams = streams,
                      .count = stream_count,
                      .handles = handles,
                      .inputs = inputs,
                      .outputs = outputs};
  if (stream_count == 0) return OLSTM_STATUS_OK;
  if (!handles) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "handles must not be NULL");
  }
  OLSTM_RETURN_IF_ERROR(
      check_count("inputs", input_count, session->input_count, inputs, error));
  OLSTM_RETURN_IF_ERROR(
      check_count("outputs", output_count, session->output_count, outputs, error));
  return run(&call, error);
}

olstm_status olstm_streams_run_each(olstm_streams* streams, olstm_stream_step* steps,
                                    size_t step_count, olstm_error* error) {
  stream_call call = {.streams = streams, .count = step_count, .steps = steps};
  if (step_count == 0) return OLSTM_STATUS_OK;
  if (!steps) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "steps must not be NULL");
  }
  return run(&call, error);
}
