#include "runtime/streams/batch_axes.h"

#include <string.h>

#include "runtime/plan/plan_cache.h"

enum {
  /// Most choices of axes that are tried: each infers all shapes twice.
  kMostChoices = 1024
};

/// Sizes of symbolic dimensions that are no batch, one after the other: some models need
/// several steps.
static const int64_t kMadeUpSizes[] = {3, 1, 16, 64, 512};

/// Choices of an axis for every input.
typedef struct axis_search {
  const olstm_session* session;
  const olstm_tensor_desc* given_step;
  /// Named by the caller, or OLSTM__AXIS_UNKNOWN.
  const int32_t* named;
  olstm__row_trace* trace;
  /// Of the choice that is tried: the step's shapes, the axes.
  olstm_tensor_desc* step;
  int32_t* axes;
  /// What was wrong with the choice that came furthest.
  bool has_state_batch, is_inferred;
  olstm_status status;
  olstm_error error;
} axis_search;

// ---------------------------------------------------------------- inputs

/// The desc of a bound slot whose only open dimension is the batch.
static bool describe_bound(const olstm__graph_state* state, int64_t rows,
                           olstm_tensor_desc* out_desc) {
  if (state->batch_axis >= 0 || state->rank < 0) return false;
  *out_desc = (olstm_tensor_desc){.dtype = state->dtype, .rank = state->rank};
  for (int32_t d = 0; d < state->rank; d++) {
    if (state->dims[d] < 0 && d != state->row_axis) return false;
    out_desc->dims[d] = state->dims[d] < 0 ? rows : state->dims[d];
  }
  return true;
}

void olstm__batch_inputs(const olstm_session* session, const olstm_tensor_desc* step,
                         const int32_t* axes, int64_t rows, olstm_tensor* out_inputs) {
  const olstm__graph* graph = session->graph;
  for (size_t i = 0; i < session->input_count; i++) {
    out_inputs[i] = (olstm_tensor){step[i], NULL};
    if (axes[i] >= 0) out_inputs[i].desc.dims[axes[i]] = rows;
  }
  for (size_t s = 0; s < graph->state_count; s++) {
    olstm_tensor* input = &out_inputs[session->input_count + s];
    *input = (olstm_tensor){{.dtype = OLSTM_DTYPE_UNDEFINED}, NULL};
    olstm_tensor_desc desc;
    if (describe_bound(&graph->states[s], rows, &desc)) input->desc = desc;
  }
}

olstm_status olstm__batch_axes_trace(const olstm_session* session,
                                     const olstm_tensor_desc* step, const int32_t* axes,
                                     olstm__row_trace* trace, olstm_error* error) {
  static const int64_t kRows[] = {OLSTM__TRACE_ROWS_A, OLSTM__TRACE_ROWS_B};
  const olstm_allocator* allocator = &session->environment.allocator;
  const size_t count = session->program->input_count;
  olstm_tensor* inputs = olstm_allocate(allocator, 2 * count + 1, sizeof *inputs);
  if (!inputs) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to find batch axes");
  }
  for (size_t n = 0; n < 2; n++) {
    olstm__batch_inputs(session, step, axes, kRows[n], inputs + n * count);
  }
  for (size_t i = 0; i < session->input_count; i++) trace->input_axes[i] = axes[i];
  trace->declared_outputs = session->outputs;
  const olstm_status status =
      olstm__row_trace_run(session->program, inputs, inputs + count, trace, error);
  olstm_release(allocator, inputs, 2 * count + 1, sizeof *inputs);
  return status;
}

// ---------------------------------------------------------------- choices

/// Whether dimension d of an input may be a batch.
static bool is_open(const axis_search* search, size_t input, int32_t d) {
  const olstm_value_info* info = &search->session->inputs[input];
  return info->rank < 0 || info->dims[d] < 0;
}

/// The next axis to be tried for an input behind `axis`: open dimensions, then -1, none;
/// false when there is no other.
static bool next_axis(const axis_search* search, size_t input, int32_t* axis) {
  if (search->named[input] != OLSTM__AXIS_UNKNOWN || *axis == -1) return false;
  for (int32_t d = *axis < 0 ? 0 : *axis + 1; d < search->step[input].rank; d++) {
    if (!is_open(search, input, d)) continue;
    *axis = d;
    return true;
  }
  *axis = -1;
  return true;
}

static void first_axis(const axis_search* search, size_t input) {
  int32_t* axis = &search->axes[input];
  *axis = search->named[input];
  if (*axis == OLSTM__AXIS_UNKNOWN) (void)next_axis(search, input, axis);
}

/// Goes on to the next choice, as an odometer does; false behind the last.
static bool next_choice(axis_search* search) {
  for (size_t i = search->session->input_count; i-- > 0;) {
    if (next_axis(search, i, &search->axes[i])) return true;
    first_axis(search, i);
  }
  return false;
}

/// The shapes of a step: the caller's, or declared ones.
static void make_step(axis_search* search, int64_t made_up) {
  for (size_t i = 0; i < search->session->input_count; i++) {
    const olstm_value_info* info = &search->session->inputs[i];
    olstm_tensor_desc* desc = &search->step[i];
    if (search->given_step) {
      *desc = search->given_step[i];
      continue;
    }
    *desc = (olstm_tensor_desc){info->dtype, info->rank < 0 ? 0 : info->rank, {0}};
    for (int32_t d = 0; d < desc->rank; d++) {
      desc->dims[d] = info->dims[d] < 0 ? made_up : info->dims[d];
    }
  }
}

/// Whether the batch of every stateful node is that of the inputs. Where the caller has
/// named all axes, that is taken for granted.
static bool has_state_batch(const axis_search* search) {
  const olstm__graph* graph = search->session->graph;
  const int32_t* axes = search->trace->input_axes + graph->input_count;
  bool has_any = true;
  for (size_t i = 0; i < graph->input_count; i++) {
    has_any = has_any && search->named[i] != OLSTM__AXIS_UNKNOWN;
  }
  for (size_t s = 0; s < graph->state_count; s++) {
    if (graph->states[s].batch_axis >= 0 && axes[s] != graph->states[s].batch_axis) {
      return false;
    }
    has_any = has_any || axes[s] >= 0;
  }
  return has_any;
}

/// Tries a choice. Keeps what was wrong with it where no better one failed.
static bool try_choice(axis_search* search) {
  olstm_error error = {""};
  const size_t slot_count = search->session->graph->state_count;
  for (size_t s = 0; s < slot_count; s++) {
    search->trace->input_axes[search->session->input_count + s] = -1;
  }
  olstm_status status = olstm__batch_axes_trace(search->session, search->step,
                                                search->axes, search->trace, &error);
  const bool fits = has_state_batch(search);
  search->is_inferred = search->is_inferred || search->trace->is_inferred;
  if (status == OLSTM_STATUS_OK && fits) return true;
  if (status == OLSTM_STATUS_OK) return false;
  if (search->status == OLSTM_STATUS_OK || status == OLSTM_STATUS_OUT_OF_MEMORY ||
      (fits && !search->has_state_batch)) {
    search->status = status;
    search->error = error;
  }
  search->has_state_batch = search->has_state_batch || fits;
  return false;
}

// ---------------------------------------------------------------- refusals

/// The input of the session that a value comes from, by the first input of every node on
/// the way; NULL when it comes from none.
static const olstm_value_info* find_origin(const olstm_session* session, int32_t value) {
  const olstm__graph* graph = session->graph;
  for (int32_t step = 0; step <= graph->node_count; step++) {
    for (size_t i = 0; i < session->input_count; i++) {
      if (graph->inputs[i] == value) return &session->inputs[i];
    }
    const olstm__graph_node* node = olstm__graph_producer(graph, value);
    if (!node || node->input_count == 0) return NULL;
    value = node->inputs[0];
    if (value == OLSTM__NO_VALUE) return NULL;
  }
  return NULL;
}

/// Says why no choice of axes fits.
static olstm_status refuse(const axis_search* search, olstm_error* error) {
  const olstm__graph* graph = search->session->graph;
  if (search->has_state_batch || !search->is_inferred ||
      search->status == OLSTM_STATUS_OUT_OF_MEMORY) {
    if (error) *error = search->error;
    return search->status;
  }
  for (size_t s = 0; s < graph->state_count; s++) {
    const olstm__graph_state* state = &graph->states[s];
    const olstm_value_info* input = state->source == OLSTM__NO_VALUE
                                        ? NULL
                                        : find_origin(search->session, state->source);
    const bool is_fixed = state->source == OLSTM__NO_VALUE && state->row_axis >= 0 &&
                          state->rank >= 0 && state->dims[state->row_axis] >= 0;
    if (!input && !is_fixed) continue;
    return olstm_fail(
        error, OLSTM_STATUS_UNSUPPORTED,
        "input '%s' has shape %s: none of its dimensions is a batch that streams could "
        "share, which state '%s' would take its own from",
        input ? input->name : state->name,
        olstm_dims_text(input ? input->dims : state->dims,
                        input ? input->rank : state->rank)
            .text,
        state->name);
  }
  if (search->status != OLSTM_STATUS_OK) {
    if (error) *error = search->error;
    return search->status;
  }
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "no input has a dimension that the batch of the states follows: name "
                    "it (batch_axes)");
}

static olstm_status search_all(axis_search* search, int64_t* out_made_up,
                               olstm_error* error) {
  const size_t size_count =
      search->given_step ? 1 : sizeof kMadeUpSizes / sizeof *kMadeUpSizes;
  for (size_t m = 0; m < size_count; m++) {
    int left = kMostChoices;
    *out_made_up = kMadeUpSizes[m];
    make_step(search, *out_made_up);
    for (size_t i = 0; i < search->session->input_count; i++) first_axis(search, i);
    do {
      if (try_choice(search)) return OLSTM_STATUS_OK;
      if (search->status == OLSTM_STATUS_OUT_OF_MEMORY) return refuse(search, error);
    } while (--left > 0 && next_choice(search));
    // Rows that are mixed with one size may be apart with another by chance.
    if (search->has_state_batch) break;
  }
  return refuse(search, error);
}

olstm_status olstm__batch_axes_find(const olstm_session* session,
                                    const olstm_tensor_desc* step, int32_t* axes,
                                    olstm__row_trace* trace, int64_t* out_made_up,
                                    olstm_error* error) {
  const olstm_allocator* allocator = &session->environment.allocator;
  const size_t count = session->input_count + 1;
  axis_search search = {
      .session = session, .given_step = step, .named = axes, .trace = trace};
  search.step = olstm_allocate_zeroed(allocator, count, sizeof *search.step);
  search.axes = olstm_allocate_zeroed(allocator, count, sizeof *search.axes);
  olstm_status status =
      search.step && search.axes
          ? search_all(&search, out_made_up, error)
          : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to find batch axes");
  if (status == OLSTM_STATUS_OK) {
    memcpy(axes, search.axes, session->input_count * sizeof *axes);
  }
  olstm_release(allocator, search.step, count, sizeof *search.step);
  olstm_release(allocator, search.axes, count, sizeof *search.axes);
  return status;
}
