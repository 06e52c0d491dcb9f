#include "triton_traits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// The table of streams, which knows by rule which operators mix rows.
#define OLSTM_EXPERIMENTAL_STREAMS
#include "olstm/streams.h"
#include "triton_dtype.h"
#include "triton_probe.h"
#include "triton_rows.h"

// Sizes tried for open dimensions, in order, until a run succeeds.
static const int64_t kLengths[] = {3, 1, 2, 5, 8, 16, 33, 64, 128, 256, 512};
enum { kLengthCount = (int)(sizeof kLengths / sizeof kLengths[0]) };

// ---------------------------------------------------------------- what the model says

static olstm_status no_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "traits of a model: no memory");
}

static olstm_status read_value(const char* what, const olstm_value_info* info,
                               olstm__triton_tensor* tensor, olstm_error* error) {
  *tensor = (olstm__triton_tensor){info->name, info->dtype, info->rank, {0}, -1,
                                   {NULL},     NULL,        0,          NULL};
  for (int32_t d = 0; d < info->rank; d++) {
    tensor->dims[d] = info->dims[d];
    tensor->dim_params[d] = info->dim_params[d];
  }
  if (olstm__triton_type_of(info->dtype) != OLSTM__TRITON_TYPE_INVALID) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "%s '%s' has dtype %s, which this backend does not pass on", what,
                    info->name, olstm_dtype_name(info->dtype));
}

static olstm_status read_slots(olstm__triton_traits* traits, const olstm_context* context,
                               olstm_error* error) {
  const size_t count = olstm_context_state_count(context);
  traits->slots = calloc(count + 1, sizeof *traits->slots);
  if (!traits->slots) return no_memory(error);
  for (size_t s = 0; s < count; s++) {
    olstm__triton_tensor* slot = &traits->slots[s];
    olstm_state_info info = {.struct_size = sizeof info};
    OLSTM_RETURN_IF_ERROR(olstm_context_get_state_info(context, s, &info, error));
    slot->slot_name = malloc(strlen(info.name) + 1);
    if (!slot->slot_name) return no_memory(error);
    traits->slot_count = s + 1;
    slot->name = strcpy(slot->slot_name, info.name);
    slot->dtype = info.dtype;
    slot->rank = info.rank;
    slot->batch_axis = -1;
    for (int32_t d = 0; d < info.rank; d++) slot->dims[d] = info.dims[d];
    if (olstm__triton_type_of(info.dtype) == OLSTM__TRITON_TYPE_INVALID) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "state '%s' has dtype %s, which this backend does not pass on",
                        info.name, olstm_dtype_name(info.dtype));
    }
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_session(olstm__triton_traits* traits, olstm_session* session,
                                 olstm_error* error) {
  const size_t input_count = olstm_session_input_count(session);
  const size_t output_count = olstm_session_output_count(session);
  olstm_context* context = NULL;
  traits->inputs = calloc(input_count + 1, sizeof *traits->inputs);
  traits->outputs = calloc(output_count + 1, sizeof *traits->outputs);
  if (!traits->inputs || !traits->outputs) return no_memory(error);
  traits->input_count = input_count;
  traits->output_count = output_count;
  for (size_t i = 0; i < input_count; i++) {
    OLSTM_RETURN_IF_ERROR(read_value("input", olstm_session_get_input(session, i),
                                     &traits->inputs[i], error));
  }
  for (size_t i = 0; i < output_count; i++) {
    OLSTM_RETURN_IF_ERROR(read_value("output", olstm_session_get_output(session, i),
                                     &traits->outputs[i], error));
  }
  OLSTM_RETURN_IF_ERROR(olstm_context_create(session, &context, error));
  const olstm_status status = read_slots(traits, context, error);
  olstm_context_destroy(context);
  return status;
}

// ---------------------------------------------------------------- rows of a batch

/// Whether floats are the same, whatever the bits of those that are no numbers.
static bool floats_are_same(const char* a, const char* b, size_t bytes) {
  for (size_t i = 0; i < bytes; i += sizeof(float)) {
    float x = 0;
    float y = 0;
    memcpy(&x, a + i, sizeof x);
    memcpy(&y, b + i, sizeof y);
    if (memcmp(a + i, b + i, sizeof x) != 0 && !(isnan(x) && isnan(y))) return false;
  }
  return true;
}

/// Whether two rows hold the same: the same bits, or numbers that are close.
static bool rows_agree(const olstm_tensor_desc* desc, const char* a, const char* b,
                       size_t bytes, bool exact) {
  double largest = 0;
  double difference = 0;
  if (memcmp(a, b, bytes) == 0) return true;
  // Reduced precision in other dtypes says nothing that could be compared here.
  if (desc->dtype != OLSTM_DTYPE_FLOAT) return !exact;
  if (exact) return floats_are_same(a, b, bytes);
  for (size_t i = 0; i < bytes; i += sizeof(float)) {
    float x = 0;
    float y = 0;
    memcpy(&x, a + i, sizeof x);
    memcpy(&y, b + i, sizeof y);
    largest = fmax(largest, fabs((double)x));
    difference = fmax(difference, fabs((double)x - (double)y));
  }
  return difference <= 0.05 * largest;
}

/// Finds the axis along which a tensor of one row and one of all rows differ; -1 when
/// there is none, or more than one.
static int32_t differing_axis(const olstm_tensor_desc* one,
                              const olstm_tensor_desc* all) {
  int32_t axis = -1;
  if (one->rank != all->rank) return -1;
  for (int32_t d = 0; d < one->rank; d++) {
    if (one->dims[d] == all->dims[d]) continue;
    if (axis >= 0 || one->dims[d] != 1 || all->dims[d] != OLSTM__TRITON_PROBE_ROWS) {
      return -1;
    }
    axis = d;
  }
  return axis;
}

static olstm__triton_tensor* tensor_of_trial(olstm__triton_traits* traits, size_t index) {
  return index < traits->output_count ? &traits->outputs[index]
                                      : &traits->slots[index - traits->output_count];
}

/// Compares a tensor of the rows together with those of each row alone.
static olstm_status compare_rows(olstm__triton_traits* traits, size_t index,
                                 const olstm__triton_trial* ones,
                                 const olstm__triton_trial* all, bool exact,
                                 olstm_error* error) {
  olstm__triton_tensor* tensor = tensor_of_trial(traits, index);
  const char* what = index < traits->output_count ? "output" : "state";
  const olstm_tensor* together = &all->tensors[index];
  const int32_t axis = differing_axis(&ones[0].tensors[index].desc, &together->desc);
  if (axis < 0) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s' has shape %s for one row and %s for %d: no batch axis",
                      what, tensor->name,
                      olstm_shape_text(&ones[0].tensors[index].desc).text,
                      olstm_shape_text(&together->desc).text, OLSTM__TRITON_PROBE_ROWS);
  }
  const olstm__triton_rows rows = olstm__triton_rows_of(&together->desc, axis);
  const size_t bytes = olstm__triton_row_bytes(&rows);
  char* row = malloc(bytes + 1);
  if (!row) return no_memory(error);
  for (size_t r = 0; r < rows.row_count; r++) {
    const olstm_tensor* alone = &ones[r].tensors[index];
    olstm__triton_get_row(&rows, together->data, r, row);
    if (olstm_tensor_desc_equal(&alone->desc, &ones[0].tensors[index].desc) &&
        rows_agree(&alone->desc, alone->data, row, bytes, exact)) {
      continue;
    }
    free(row);
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "%s '%s' of a row depends on the other rows of the batch", what,
                      tensor->name);
  }
  free(row);
  tensor->batch_axis = axis;
  if (tensor->rank < 0) {
    tensor->rank = together->desc.rank;
    for (int32_t d = 0; d < tensor->rank; d++) tensor->dims[d] = -1;
  }
  tensor->dims[axis] = -1;
  return OLSTM_STATUS_OK;
}

/// Whether an input has a dimension that is left open, batch axes aside.
static bool has_open_length(const olstm__triton_traits* traits,
                            const olstm__triton_probe* probe) {
  for (size_t i = 0; i < traits->input_count; i++) {
    const int32_t axis = probe->has_axes ? probe->axes[i] : -1;
    for (int32_t d = 0; d < traits->inputs[i].rank; d++) {
      if (d != axis && traits->inputs[i].dims[d] < 0) return true;
    }
  }
  return false;
}

/// Runs row 0 with the first length that works; large numbers, with the one that did.
static olstm_status run_some_length(olstm__triton_traits* traits,
                                    olstm__triton_probe* probe, int step_count,
                                    olstm__triton_trial* out_trial, olstm_error* error) {
  const bool is_known = probe->scale > 0;
  const int count = !is_known && has_open_length(traits, probe) ? kLengthCount : 1;
  olstm_status status = OLSTM_STATUS_UNSUPPORTED;
  for (int i = 0; status != OLSTM_STATUS_OK && i < count; i++) {
    if (!is_known) probe->length = kLengths[i];
    status = olstm__triton_probe_run(probe, 0, 1, step_count, out_trial, error);
  }
  traits->has_run = traits->has_run || status == OLSTM_STATUS_OK;
  if (status != OLSTM_STATUS_OK) traits->trial_error = *error;
  return status;
}

/// Runs every row alone and all of them together. OK when each is the same either way.
static olstm_status compare_batches(olstm__triton_traits* traits,
                                    olstm__triton_probe* probe, bool exact,
                                    olstm_error* error) {
  olstm__triton_trial ones[OLSTM__TRITON_PROBE_ROWS] = {{0}};
  olstm__triton_trial all = {0};
  // The second step runs on the state of the first.
  const int steps = traits->slot_count > 0 ? 2 : 1;
  olstm_status status = run_some_length(traits, probe, steps, &ones[0], error);
  for (int r = 1; status == OLSTM_STATUS_OK && r < OLSTM__TRITON_PROBE_ROWS; r++) {
    status = olstm__triton_probe_run(probe, r, 1, steps, &ones[r], error);
  }
  if (status == OLSTM_STATUS_OK) {
    status =
        olstm__triton_probe_run(probe, 0, OLSTM__TRITON_PROBE_ROWS, steps, &all, error);
  }
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < all.tensor_count; i++) {
    status = compare_rows(traits, i, ones, &all, exact, error);
  }
  for (int r = 0; r < OLSTM__TRITON_PROBE_ROWS; r++) olstm__triton_trial_deinit(&ones[r]);
  olstm__triton_trial_deinit(&all);
  return status;
}

/// Runs every row alone and all of them together, once with numbers up to 1 and once with
/// large ones, for what mixes rows behind a threshold.
static olstm_status compare_scales(olstm__triton_traits* traits,
                                   olstm__triton_probe* probe, bool exact,
                                   olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(compare_batches(traits, probe, exact, error));
  // Reduced precision is not close for numbers of every size.
  if (!exact) return OLSTM_STATUS_OK;
  probe->scale = 1000;
  const olstm_status status = compare_batches(traits, probe, exact, error);
  probe->scale = 0;
  // Such numbers need not mean anything to the model.
  const bool is_decisive =
      status == OLSTM_STATUS_UNSUPPORTED || status == OLSTM_STATUS_OUT_OF_MEMORY;
  return is_decisive ? status : OLSTM_STATUS_OK;
}

/// Asks a table of streams whether the nodes of a session that has state keep rows apart
/// whatever is in them, which no trial can show. Sessions without state have no table.
static olstm_status check_rules(const olstm__triton_traits* traits,
                                const olstm__triton_probe* probe, bool exact,
                                olstm_error* error) {
  const size_t axis_count = traits->input_count + traits->output_count;
  if (traits->slot_count == 0) return OLSTM_STATUS_OK;
  olstm_batch_axis* axes = calloc(axis_count + 1, sizeof *axes);
  olstm_tensor_desc* step = calloc(traits->input_count + 1, sizeof *step);
  olstm_streams* streams = NULL;
  olstm_status status = axes && step ? OLSTM_STATUS_OK : no_memory(error);
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < axis_count; i++) {
    const bool is_input = i < traits->input_count;
    const olstm__triton_tensor* tensor =
        is_input ? &traits->inputs[i] : &traits->outputs[i - traits->input_count];
    const int32_t axis = is_input ? probe->axes[i] : tensor->batch_axis;
    axes[i] = (olstm_batch_axis){tensor->name, axis};
    if (!is_input) continue;
    step[i] = probe->inputs[i].desc;
    step[i].dims[axis] = 1;
  }
  if (status == OLSTM_STATUS_OK) {
    olstm_streams_options options;
    olstm_streams_options_init(&options);
    options.capacity = 1;
    options.largest_batch = OLSTM__TRITON_PROBE_ROWS;
    options.step_count = 1;
    options.steps = step;
    options.batch_axis_count = axis_count;
    options.batch_axes = axes;
    status = olstm_streams_create(probe->session, &options, &streams, error);
  }
  if (status == OLSTM_STATUS_OK) {
    olstm_streams_info info = {.struct_size = sizeof info};
    olstm_streams_get_info(streams, &info);
    // A table compares bit for bit, which says nothing where bits may differ.
    if (exact && info.reason[0]) {
      status = olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "%s", info.reason);
    }
  }
  olstm_streams_destroy(streams);
  free(axes);
  free(step);
  return status;
}

// ---------------------------------------------------------------- which axis is the
// batch

/// Says which axis of every input would be the batch if `axis` were that of the first; -1
/// for an input that has no such axis. False when there is such an input.
static bool choose_axes(const olstm__triton_traits* traits, int32_t axis,
                        int32_t* out_axes) {
  const char* symbol = traits->inputs[0].dim_params[axis];
  bool all_have_one = true;
  for (size_t i = 0; i < traits->input_count; i++) {
    const olstm__triton_tensor* input = &traits->inputs[i];
    int32_t found = -1;
    for (int32_t d = 0; symbol && found < 0 && d < input->rank; d++) {
      if (input->dims[d] < 0 && input->dim_params[d] &&
          strcmp(input->dim_params[d], symbol) == 0) {
        found = d;
      }
    }
    if (found < 0 && axis < input->rank && input->dims[axis] < 0) found = axis;
    if (found < 0 && input->rank > 0 && input->dims[0] < 0) found = 0;
    out_axes[i] = found;
    all_have_one = all_have_one && found >= 0;
  }
  return all_have_one;
}

/// A node that may decide for all rows of a batch at once, or gives other numbers in
/// every run; NULL when there is none.
static const olstm_node* find_unstackable_node(const olstm_session* session) {
  static const char* const kTypes[] = {"If",
                                       "Loop",
                                       "Scan",
                                       "RandomNormal",
                                       "RandomNormalLike",
                                       "RandomUniform",
                                       "RandomUniformLike",
                                       "Bernoulli",
                                       "Multinomial"};
  for (size_t n = 0; n < olstm_session_node_count(session); n++) {
    const olstm_node* node = olstm_session_get_node(session, n);
    for (size_t i = 0; i < sizeof kTypes / sizeof kTypes[0]; i++) {
      if (strcmp(node->op_type, kTypes[i]) == 0) return node;
    }
  }
  return NULL;
}

static olstm_status find_batch(olstm__triton_traits* traits, olstm__triton_probe* probe,
                               bool exact, olstm_error* error) {
  const olstm_node* node = find_unstackable_node(probe->session);
  int32_t* axes = probe->axes;
  olstm_status status = OLSTM_STATUS_UNSUPPORTED;
  if (node) {
    return olstm_fail(error, status, "node '%s' (%s) may treat a batch as one",
                      node->name, node->op_type);
  }
  if (traits->input_count == 0 || traits->inputs[0].rank <= 0) {
    return olstm_fail(error, status, "its first input has no axis for a batch");
  }
  (void)olstm_fail(error, status, "its inputs have no open dimension for a batch");
  bool is_first = true;
  for (int32_t axis = 0; axis < traits->inputs[0].rank; axis++) {
    if (traits->inputs[0].dims[axis] >= 0 || !choose_axes(traits, axis, axes)) continue;
    probe->has_axes = true;
    olstm_error why;
    status = compare_scales(traits, probe, exact, &why);
    if (status == OLSTM_STATUS_OK) status = check_rules(traits, probe, exact, &why);
    if (status == OLSTM_STATUS_OK || status == OLSTM_STATUS_OUT_OF_MEMORY) break;
    // Keep the first axis' error: the first axis is the most likely batch.
    if (is_first) {
      (void)olstm_fail(error, status, "with axis %d of '%s' as the batch, %s", (int)axis,
                       traits->inputs[0].name, why.message);
    }
    is_first = false;
  }
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < traits->input_count; i++) {
    traits->inputs[i].batch_axis = axes[i];
  }
  traits->stackable = status == OLSTM_STATUS_OK;
  return status;
}

// ---------------------------------------------------------------- slots

/// Whether something of outputs or slots is open that trial runs could tell.
static bool is_unsettled(const olstm__triton_traits* traits, bool outputs) {
  for (size_t i = 0; outputs && i < traits->output_count; i++) {
    if (traits->outputs[i].rank < 0) return true;
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    if (traits->slots[s].rank < 0) return true;
    for (int32_t d = 0; d < traits->slots[s].rank; d++) {
      if (traits->slots[s].dims[d] < 0 && d != traits->slots[s].batch_axis) return true;
    }
  }
  return false;
}

/// Fills in dimensions of slots that the model leaves open and that are the same whatever
/// the length and the rows of a run.
static void settle_slots(olstm__triton_traits* traits, olstm__triton_probe* probe) {
  olstm__triton_trial trials[3] = {{0}};
  olstm_error ignored;
  const int64_t length = probe->length;
  bool ok = is_unsettled(traits, false);
  if (!ok) return;
  // One step; two; and two of another length and of more rows.
  for (int i = 0; ok && i < 3; i++) {
    probe->length = i == 2 ? length + 1 : length;
    ok = olstm__triton_probe_run(probe, 0, i == 2 ? 2 : 1, i == 0 ? 1 : 2, &trials[i],
                                 &ignored) == OLSTM_STATUS_OK;
  }
  for (size_t s = 0; ok && s < traits->slot_count; s++) {
    olstm__triton_tensor* slot = &traits->slots[s];
    const size_t t = traits->output_count + s;
    for (int32_t d = 0; d < slot->rank; d++) {
      const int64_t size = trials[0].tensors[t].desc.dims[d];
      if (slot->dims[d] < 0 && d != slot->batch_axis &&
          size == trials[1].tensors[t].desc.dims[d] &&
          size == trials[2].tensors[t].desc.dims[d]) {
        slot->dims[d] = size;
      }
    }
  }
  probe->length = length;
  for (int i = 0; i < 3; i++) olstm__triton_trial_deinit(&trials[i]);
}

/// Takes the start values of all slots, for one row. UNSUPPORTED, naming the slot, when
/// one grows, or only its own run tells what it starts from.
static olstm_status find_starts(olstm__triton_traits* traits, olstm__triton_probe* probe,
                                olstm_error* error) {
  if (traits->slot_count == 0) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__triton_probe_prepare(probe, error));
  for (size_t s = 0; s < traits->slot_count; s++) {
    olstm__triton_tensor* slot = &traits->slots[s];
    olstm_tensor_desc desc = {slot->dtype, slot->rank, {0}};
    olstm_error ignored;
    olstm_tensor value;
    size_t bytes = 0;
    for (int32_t d = 0; d < slot->rank; d++) {
      desc.dims[d] = d == slot->batch_axis ? 1 : slot->dims[d];
    }
    if (!olstm_tensor_desc_bytes(&desc, &bytes) ||
        olstm_context_get_state(probe->context, slot->name, &value, &ignored) !=
            OLSTM_STATUS_OK ||
        !olstm_tensor_desc_equal(&value.desc, &desc)) {
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "the start value or the shape of state '%s' is known by its own "
                        "run alone",
                        slot->name);
    }
    slot->start = malloc(bytes + 1);
    if (!slot->start) return no_memory(error);
    if (bytes) memcpy(slot->start, value.data, bytes);
    slot->start_bytes = bytes;
  }
  return OLSTM_STATUS_OK;
}

/// Finds out what can be found of a model that takes no batches: ranks of outputs.
static void observe(olstm__triton_traits* traits, olstm__triton_probe* probe) {
  olstm__triton_trial trial = {0};
  olstm_error ignored;
  if (traits->has_run && !is_unsettled(traits, true)) return;
  // What is open in front is most often the batch, which need not be long.
  probe->has_axes = traits->input_count > 0 && traits->inputs[0].rank > 0;
  if (probe->has_axes) (void)choose_axes(traits, 0, probe->axes);
  const olstm_status status = run_some_length(traits, probe, 1, &trial, &ignored);
  for (size_t i = 0; i < traits->output_count + traits->slot_count; i++) {
    olstm__triton_tensor* tensor = tensor_of_trial(traits, i);
    if (status != OLSTM_STATUS_OK || tensor->rank >= 0) continue;
    tensor->rank = trial.tensors[i].desc.rank;
    for (int32_t d = 0; d < tensor->rank; d++) tensor->dims[d] = -1;
  }
  olstm__triton_trial_deinit(&trial);
  if (status == OLSTM_STATUS_OK) settle_slots(traits, probe);
}

void olstm__triton_traits_unstack(olstm__triton_traits* traits, const char* why) {
  traits->stackable = false;
  (void)olstm_fail(&traits->why_not, OLSTM_STATUS_UNSUPPORTED, "%s", why);
  for (size_t i = 0; i < traits->input_count; i++) traits->inputs[i].batch_axis = -1;
  for (size_t i = 0; i < traits->output_count + traits->slot_count; i++) {
    tensor_of_trial(traits, i)->batch_axis = -1;
  }
}

static olstm_status find_all(olstm__triton_traits* traits, olstm__triton_probe* probe,
                             bool exact, olstm_error* error) {
  olstm_error why;
  olstm_status status = find_batch(traits, probe, exact, &why);
  if (status == OLSTM_STATUS_OK) {
    settle_slots(traits, probe);
    status = find_starts(traits, probe, &why);
    if (status == OLSTM_STATUS_OK) return OLSTM_STATUS_OK;
  }
  if (status == OLSTM_STATUS_OUT_OF_MEMORY) return no_memory(error);
  olstm__triton_traits_unstack(traits, why.message);
  observe(traits, probe);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__triton_traits_init(olstm__triton_traits* traits,
                                       olstm_session* session, bool exact,
                                       olstm_error* error) {
  olstm__triton_probe probe = {0};
  *traits = (olstm__triton_traits){0};
  olstm_status status = read_session(traits, session, error);
  if (status == OLSTM_STATUS_OK) {
    status = olstm__triton_probe_init(&probe, session, traits, error);
  }
  if (status == OLSTM_STATUS_OK) status = find_all(traits, &probe, exact, error);
  olstm__triton_probe_deinit(&probe);
  if (status != OLSTM_STATUS_OK) olstm__triton_traits_deinit(traits);
  return status;
}

void olstm__triton_traits_deinit(olstm__triton_traits* traits) {
  for (size_t s = 0; s < traits->slot_count; s++) {
    free(traits->slots[s].start);
    free(traits->slots[s].slot_name);
  }
  free(traits->inputs);
  free(traits->outputs);
  free(traits->slots);
  *traits = (olstm__triton_traits){0};
}
