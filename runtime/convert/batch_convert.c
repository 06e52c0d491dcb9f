#include "runtime/convert/batch_convert.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/convert/dim_edit.h"
#include "runtime/convert/frozen_values.h"
#include "runtime/fuse/fuse_dims.h"
#include "runtime/fuse/fuse_match.h"
#include "runtime/streams/batch_axes.h"

enum { kGuesses = 2 };

/// A dimension that is being opened.
typedef struct batch_state {
  olstm__dim_opening opening;
  olstm__opened_dim which;
  olstm__convert_report* report;
  /// Of each input of the session: the layer's state that it is, or NULL.
  const olstm__graph_node** state_of;
  /// Of each value: which input of the session it is, or -1.
  int32_t* numbers;
} batch_state;

static const char* subject_of(const batch_state* state) {
  return state->which == OLSTM__OPENED_BATCH ? "batch" : "time";
}

static const olstm__graph* graph_of(const batch_state* state) {
  return state->opening.session->graph;
}

/// The dimension of a recurrent node's X that is wanted.
static int32_t wanted_axis(const batch_state* state, const olstm__graph_node* node) {
  const bool batch_first = olstm__match_int(node, "layout", 0) != 0;
  return (state->which == OLSTM__OPENED_BATCH) == batch_first ? 0 : 1;
}

// ---------------------------------------------------------------- guesses

static bool find_states(batch_state* state) {
  const olstm__graph* graph = graph_of(state);
  const size_t inputs = state->opening.session->input_count;
  olstm__arena* memory = &state->opening.edit.memory;
  state->state_of = olstm__arena_allocate(memory, inputs, sizeof(olstm__graph_node*));
  int32_t* numbers =
      olstm__arena_allocate(memory, (size_t)graph->value_count, sizeof *numbers);
  state->numbers = numbers;
  if (!state->state_of || !numbers) return false;
  for (int32_t v = 0; v < graph->value_count; v++) numbers[v] = -1;
  for (size_t s = 0; s < inputs; s++) numbers[graph->inputs[s]] = (int32_t)s;
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (!olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT)) continue;
    for (size_t slot = OLSTM_RECURRENT_INITIAL_H; slot <= OLSTM_RECURRENT_INITIAL_C;
         slot++) {
      const int32_t input =
          olstm__frozen_moved_input(graph, olstm__graph_node_input(node, slot));
      if (input != OLSTM__NO_VALUE) state->state_of[numbers[input]] = node;
    }
  }
  return true;
}

/// The axis of an input that a guess takes, or -1. guess 0: sequences are batch-major.
static int32_t guess_axis(const batch_state* state, size_t input, int guess) {
  const olstm_value_info* info = &state->opening.session->inputs[input];
  const bool is_batch = state->which == OLSTM__OPENED_BATCH;
  if (info->rank <= 0) return -1;
  if (state->state_of[input]) {
    if (!is_batch) return -1;
    return info->rank == 3 && olstm__match_int(state->state_of[input], "layout", 0) == 0
               ? 1
               : 0;
  }
  // A list has one number for each row.
  if (info->rank == 1) return is_batch ? 0 : -1;
  // Steps are of features, or of numbers that something is looked up by.
  const bool is_float = info->dtype == OLSTM_DTYPE_FLOAT ||
                        info->dtype == OLSTM_DTYPE_DOUBLE ||
                        info->dtype == OLSTM_DTYPE_FLOAT16;
  if (!is_batch && (info->rank > 3 || (info->rank == 2 && is_float))) return -1;
  return is_batch == (guess == 0) ? 0 : 1;
}

/// Rows of a frozen initial state; 0 when there is none.
static int64_t find_frozen_rows(const batch_state* state) {
  const olstm__graph* graph = graph_of(state);
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (!olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT)) continue;
    const olstm_tensor* initial = olstm__graph_constant(
        graph, olstm__graph_node_input(node, OLSTM_RECURRENT_INITIAL_H));
    if (initial && initial->desc.rank == 3) {
      return initial->desc.dims[olstm__match_int(node, "layout", 0) ? 0 : 1];
    }
  }
  return 0;
}

/// Rows that a constant shape repeats an open batch to, as a frozen state of so many
/// makes of a batch of 1 or as many; 0 when there are none.
static int64_t find_expanded_rows(const batch_state* state, int guess) {
  const olstm__graph* graph = graph_of(state);
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    const int32_t shape =
        olstm__match_is(node, "Expand") ? node->inputs[1] : OLSTM__NO_VALUE;
    const olstm_tensor* numbers = olstm__graph_constant(graph, shape);
    const int32_t rank = numbers ? olstm__dim_rank_of(graph, node->inputs[0]) : -1;
    for (int32_t d = 0; d < rank; d++) {
      const olstm__dim_symbol dim = olstm__dim_symbol_of(graph, node->inputs[0], d);
      const int64_t index = d + olstm_tensor_desc_count(&numbers->desc) - rank;
      const int32_t input = dim.root == OLSTM__NO_VALUE ? -1 : state->numbers[dim.root];
      int64_t rows = 0;
      if (input >= 0 && dim.axis == guess_axis(state, (size_t)input, guess) &&
          index >= 0 && olstm__match_whole_element(numbers, index, &rows) && rows > 1) {
        return rows;
      }
    }
  }
  return 0;
}

/// Chooses the axes of all inputs, and the size that is baked in; 0 when none is.
static int64_t guess_axes(const batch_state* state, int guess) {
  const olstm_session* session = state->opening.session;
  int64_t size = 0;
  // The first input tells: where it is open, what others have there is something else.
  for (size_t i = 0; i < session->input_count; i++) {
    const int32_t axis = guess_axis(state, i, guess);
    if (axis < 0 || state->state_of[i]) continue;
    size = session->inputs[i].dims[axis] > 0 ? session->inputs[i].dims[axis] : 0;
    break;
  }
  if (size == 0 && state->which == OLSTM__OPENED_BATCH) size = find_frozen_rows(state);
  if (size == 0 && state->which == OLSTM__OPENED_BATCH) {
    size = find_expanded_rows(state, guess);
  }
  for (size_t i = 0; i < session->input_count; i++) {
    const int32_t axis = guess_axis(state, i, guess);
    const int64_t dim = axis < 0 ? 0 : session->inputs[i].dims[axis];
    state->opening.axes[i] = dim == size || dim < 0 ? axis : -1;
  }
  return size;
}

// ---------------------------------------------------------------- checking

static const char kElsewhere[] = "it is elsewhere in its X";

/// Whether every layer has the dimension where it is to be.
static bool fits_layers(batch_state* state) {
  const olstm__graph* graph = graph_of(state);
  bool has_any = false;
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    if (!olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT)) continue;
    const olstm__dim_place place =
        state->opening.walk.places[node->inputs[OLSTM_RECURRENT_X]];
    if (place.axis < 0) continue;
    has_any = true;
    if (place.axis != wanted_axis(state, node) || place.inner != 1) {
      state->opening.walk.obstacle = node;
      state->opening.walk.reason = kElsewhere;
      return false;
    }
  }
  return has_any;
}

/// Whether rows are computed apart, by the trace that streams rely on.
static olstm_status check_rows(batch_state* probe, olstm_error* error) {
  const olstm_session* session = probe->opening.session;
  olstm__arena* memory = &probe->opening.edit.memory;
  const olstm__program* program = session->program;
  const size_t lists = program->input_count + program->output_count;
  int32_t* axes = olstm__arena_allocate(memory, lists, sizeof *axes);
  int32_t* named =
      olstm__arena_allocate(memory, session->output_count + 1, sizeof *named);
  olstm_tensor_desc* step =
      olstm__arena_allocate(memory, session->input_count, sizeof *step);
  olstm_tensor_desc* descs =
      olstm__arena_allocate(memory, program->output_count, sizeof *descs);
  if (!axes || !named || !step || !descs) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to check rows");
  }
  for (size_t o = 0; o < session->output_count; o++) named[o] = OLSTM__AXIS_UNKNOWN;
  for (size_t i = 0; i < session->input_count; i++) {
    const olstm_value_info* info = &session->inputs[i];
    step[i] = (olstm_tensor_desc){info->dtype, info->rank < 0 ? 0 : info->rank, {0}};
    for (int32_t d = 0; d < step[i].rank; d++) {
      step[i].dims[d] = info->dims[d] < 0 ? probe->opening.made_up : info->dims[d];
    }
    if (probe->opening.axes[i] >= 0) step[i].dims[probe->opening.axes[i]] = 1;
  }
  olstm__row_trace trace = {.input_axes = axes,
                            .output_axes = axes + program->input_count,
                            .output_descs = descs,
                            .named_outputs = named};
  const olstm_status status =
      olstm__batch_axes_trace(session, step, probe->opening.axes, &trace, error);
  if (status == OLSTM_STATUS_OK && !trace.is_apart) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "%s",
                      trace.reason[0] ? trace.reason : "rows are not computed apart");
  }
  return status;
}

/// Loads what was made, and infers its shapes with other sizes; opens what is declared of
/// them.
static olstm_status check_opened(const batch_state* state, const olstm__dim_edit* edit,
                                 olstm_error* error) {
  olstm_tensor_desc* others = NULL;
  batch_state probe = {.which = state->which};
  olstm_status status =
      olstm__dim_opening_init(&probe.opening, state->opening.model, error);
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < state->opening.session->input_count;
       i++) {
    probe.opening.axes[i] = state->opening.axes[i];
  }
  if (status == OLSTM_STATUS_OK) {
    status = olstm__dim_opening_infer(&probe.opening, edit->opened.size + 1, error);
  }
  if (status == OLSTM_STATUS_OK) {
    // The second pass leaves these shapes as they are.
    others = probe.opening.descs;
    probe.opening.descs =
        olstm__arena_allocate(&probe.opening.edit.memory,
                              (size_t)graph_of(&probe)->value_count, sizeof *others);
    status = probe.opening.descs
                 ? olstm__dim_opening_infer(&probe.opening, edit->opened.size + 2, error)
                 : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for shapes");
  }
  if (status == OLSTM_STATUS_OK && state->which == OLSTM__OPENED_BATCH) {
    status = check_rows(&probe, error);
  }
  if (status == OLSTM_STATUS_OK &&
      !olstm__dim_declare_rest(&probe.opening, others, &edit->before, &edit->opened)) {
    status = olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for shapes");
  }
  olstm__dim_opening_deinit(&probe.opening);
  return status;
}

// ---------------------------------------------------------------- opening

/// Says which node prevents it.
static void report_obstacle(const batch_state* state, int64_t size, const char* reason) {
  const olstm__graph_node* node = state->opening.walk.obstacle;
  const char* what = node ? node->op_type : "";
  const char* colon = node ? ": " : "";
  if (!reason) reason = "no layer has it";
  if (state->which == OLSTM__OPENED_BATCH) {
    olstm__convert_stays(state->report, "batch", node ? node->name : "",
                         "%" PRId64 " is baked in: %s%s%s", size, what, colon, reason);
  } else {
    olstm__convert_stays(state->report, "time", node ? node->name : "",
                         "%" PRId64 " steps are baked in: %s%s%s", size, what, colon,
                         reason);
  }
}

/// A name that no other dimension has.
static const char* name_dim(const batch_state* state) {
  const olstm_session* session = state->opening.session;
  for (size_t i = 0; i < session->input_count; i++) {
    const int32_t axis = state->opening.axes[i];
    if (axis >= 0 && session->inputs[i].dim_params[axis]) {
      return session->inputs[i].dim_params[axis];
    }
  }
  const char* name = subject_of(state);
  for (size_t i = 0; i < session->input_count; i++) {
    for (int32_t d = 0; d < session->inputs[i].rank; d++) {
      const char* taken = session->inputs[i].dim_params[d];
      if (taken && strcmp(taken, name) == 0) {
        name = state->which == OLSTM__OPENED_BATCH ? "opened_batch" : "opened_time";
      }
    }
  }
  return name;
}

static olstm_status open_guess(batch_state* state, int64_t size, bool* out_is_done,
                               olstm_error* error) {
  olstm__dim_edit edit;
  olstm_error reason;
  *out_is_done = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__dim_edit_make(&edit, &state->opening, name_dim(state), out_is_done, error));
  if (!*out_is_done) {
    report_obstacle(state, size, edit.refusal);
    return OLSTM_STATUS_OK;
  }
  const olstm_status status = check_opened(state, &edit, &reason);
  if (status == OLSTM_STATUS_OUT_OF_MEMORY) {
    return olstm_fail(error, status, "%s", reason.message);
  }
  if (status != OLSTM_STATUS_OK) {
    olstm__dim_edit_undo(&edit);
    *out_is_done = false;
    state->opening.walk.obstacle = NULL;
    report_obstacle(state, size, reason.message);
    return OLSTM_STATUS_OK;
  }
  olstm__convert_changed(state->report, subject_of(state), "",
                         "open, was %" PRId64 "; %zu nodes changed for it", size,
                         edit.changed_count);
  return OLSTM_STATUS_OK;
}

/// Says which layers with states step through something else than the inputs: a decoder's
/// state of one piece is not what it begins the next one with.
static void report_other_steps(const batch_state* state) {
  if (state->which != OLSTM__OPENED_TIME) return;
  const olstm__graph* graph = graph_of(state);
  for (int32_t i = 0; i < graph->order_count; i++) {
    const olstm__graph_node* node = &graph->nodes[graph->order[i]];
    bool has_state = false;
    if (!olstm__graph_node_has(node, OLSTM__TRAIT_RECURRENT)) continue;
    for (size_t s = 0; s < state->opening.session->input_count; s++) {
      has_state |= state->state_of[s] == node;
    }
    if (!has_state ||
        state->opening.walk.places[node->inputs[OLSTM_RECURRENT_X]].axis >= 0) {
      continue;
    }
    olstm__convert_stays(state->report, "state", node->name,
                         "its steps are not the inputs': pieces of a sequence are not "
                         "the whole");
  }
}

/// Follows the axes that a guess chose; whether they reach the layers as they should.
static bool follow_guess(batch_state* state, int64_t size) {
  state->opening.walk.reason = NULL;
  olstm_error reason;
  return olstm__dim_opening_infer(&state->opening, size, &reason) == OLSTM_STATUS_OK &&
         olstm__dim_opening_walk(&state->opening, size) && fits_layers(state);
}

/// Says that nothing is baked in; nobody asked for time.
static void report_open(const batch_state* state) {
  if (state->which == OLSTM__OPENED_BATCH) {
    olstm__convert_stays(state->report, "batch", "", "none is baked in");
  }
}

/// Says what is in the way of a guess.
static void report_guess(batch_state* state, int guess) {
  const int64_t size = guess_axes(state, guess);
  olstm_error reason;
  if (size == 0) {
    report_open(state);
  } else if (olstm__dim_opening_infer(&state->opening, size, &reason) !=
             OLSTM_STATUS_OK) {
    state->opening.walk.obstacle = NULL;
    report_obstacle(state, size, reason.message);
  } else if (!olstm__dim_opening_walk(&state->opening, size) || !fits_layers(state)) {
    report_obstacle(state, size, state->opening.walk.reason);
  }
}

static olstm_status open_dim(batch_state* state, olstm_error* error) {
  // The first guess is the usual one, but for layers that have something else there.
  int likely = 0;
  if (!find_states(state)) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory to open a batch");
  }
  for (int guess = 0; guess < kGuesses; guess++) {
    const int64_t size = guess_axes(state, guess);
    if (!follow_guess(state, size)) {
      if (guess == likely && state->opening.walk.reason == kElsewhere) likely++;
      continue;
    }
    report_other_steps(state);
    if (size == 0) {
      report_open(state);
      return OLSTM_STATUS_OK;
    }
    bool is_done = false;
    return open_guess(state, size, &is_done, error);
  }
  report_guess(state, likely < kGuesses ? likely : 0);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__batch_convert(olstm__encode_model* model, olstm__opened_dim which,
                                  olstm__convert_report* report, olstm_error* error) {
  batch_state state = {.which = which, .report = report};
  olstm_error reason;
  olstm_status status = olstm__dim_opening_init(&state.opening, model, &reason);
  if (status == OLSTM_STATUS_UNSUPPORTED) {
    olstm__convert_stays(report, subject_of(&state), "", "%s", reason.message);
    status = OLSTM_STATUS_OK;
  } else if (status == OLSTM_STATUS_OK) {
    status = open_dim(&state, error);
  } else {
    (void)olstm_fail(error, status, "%s", reason.message);
  }
  olstm__dim_opening_deinit(&state.opening);
  return status;
}
