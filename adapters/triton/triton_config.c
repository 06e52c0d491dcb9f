// olstm__triton_config_init: what the configuration says, checked against the model.
#include "triton_config.h"

#include <stdlib.h>
#include <string.h>

#include "triton_dtype.h"

static bool dims_fit(const int64_t* a, int32_t a_rank, const int64_t* b, int32_t b_rank) {
  bool fit = a_rank == b_rank;
  for (int32_t d = 0; fit && d < a_rank; d++) {
    fit = a[d] < 0 || b[d] < 0 || a[d] == b[d];
  }
  return fit;
}

static olstm_status check_type(const cJSON* object, const char* what, const char* name,
                               olstm_dtype dtype, olstm_error* error) {
  const char* type = olstm__triton_json_text(object, "data_type");
  if (strcmp(type, olstm__triton_type_name(dtype)) == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                    "the configuration's %s '%s' is %s, the model's %s", what, name, type,
                    olstm__triton_type_name(dtype));
}

// ---------------------------------------------------------------- inputs and outputs

/// What of a listed tensor this backend has no way to do.
static olstm_status check_fields(const cJSON* object, const char* what, const char* name,
                                 olstm_error* error) {
  static const char* const kFields[] = {"is_shape_tensor", "is_non_linear_format_io",
                                        "optional"};
  for (int i = 0; i < 3; i++) {
    if (!olstm__triton_json_is_true(object, kFields[i])) continue;
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "the configuration's %s '%s': this backend does not know %s", what,
                      name, kFields[i]);
  }
  return OLSTM_STATUS_OK;
}

/// What is said behind dims that lack the batch.
static const char* without_batch(int64_t max_batch_size) {
  return max_batch_size > 0 ? " without the batch, which max_batch_size stands for" : "";
}

static olstm_status check_tensor(const cJSON* object, const char* what,
                                 const olstm__triton_tensor* tensor,
                                 const olstm__triton_traits* traits,
                                 int64_t max_batch_size, olstm_error* error) {
  const cJSON* reshape = olstm__triton_json_get(object, "reshape");
  const cJSON* listed = reshape ? olstm__triton_json_get(reshape, "shape")
                                : olstm__triton_json_get(object, "dims");
  int64_t given[OLSTM_MAX_RANK];
  int64_t expected[OLSTM_MAX_RANK];
  int32_t given_rank = 0;
  int32_t expected_rank = 0;
  OLSTM_RETURN_IF_ERROR(check_fields(object, what, tensor->name, error));
  OLSTM_RETURN_IF_ERROR(check_type(object, what, tensor->name, tensor->dtype, error));
  const bool short_enough = olstm__triton_json_dims(listed, given, &given_rank);
  if (tensor->rank < 0 && short_enough) return OLSTM_STATUS_OK;
  olstm__triton_config_dims(tensor, traits, max_batch_size, expected, &expected_rank);
  if (short_enough && dims_fit(given, given_rank, expected, expected_rank)) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(
      error, OLSTM_STATUS_SHAPE_MISMATCH,
      "the configuration's %s '%s' has dims %s, the model's are %s%s", what, tensor->name,
      olstm_dims_text(given, short_enough ? given_rank : OLSTM_MAX_RANK + 1).text,
      olstm_dims_text(expected, expected_rank).text, without_batch(max_batch_size));
}

static const olstm__triton_tensor* find_tensor(const olstm__triton_tensor* tensors,
                                               size_t count, const char* name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(tensors[i].name, name) == 0) return &tensors[i];
  }
  return NULL;
}

static olstm_status check_tensors(const cJSON* array, const char* what,
                                  const olstm__triton_tensor* tensors, size_t count,
                                  const olstm__triton_traits* traits,
                                  int64_t max_batch_size, olstm_error* error) {
  const cJSON* object = NULL;
  cJSON_ArrayForEach(object, array) {
    const char* name = olstm__triton_json_text(object, "name");
    const olstm__triton_tensor* tensor = find_tensor(tensors, count, name);
    if (!tensor) {
      return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                        "the configuration's %s '%s' is no %s of the model", what, name,
                        what);
    }
    OLSTM_RETURN_IF_ERROR(
        check_tensor(object, what, tensor, traits, max_batch_size, error));
  }
  return OLSTM_STATUS_OK;
}

static const cJSON* get_controls(const cJSON* config) {
  return olstm__triton_json_get(olstm__triton_json_get(config, "sequence_batching"),
                                "control_input");
}

bool olstm__triton_config_is_control(const cJSON* config, const char* name) {
  return olstm__triton_json_find(get_controls(config), "name", name) != NULL;
}

/// The data_type that a control has: that of its two values, or a correlation id's own.
static const char* control_type(const cJSON* control) {
  static const char* const kValues[][2] = {{"int32_false_true", "TYPE_INT32"},
                                           {"fp32_false_true", "TYPE_FP32"},
                                           {"bool_false_true", "TYPE_BOOL"}};
  for (int i = 0; i < 3; i++) {
    if (cJSON_GetArraySize(olstm__triton_json_get(control, kValues[i][0])) > 0) {
      return kValues[i][1];
    }
  }
  return olstm__triton_json_text(control, "data_type");
}

/// A control comes as one element a row.
static olstm_status check_control(const cJSON* object, const char* name,
                                  const olstm__triton_tensor* tensor,
                                  const olstm__triton_traits* traits,
                                  int64_t max_batch_size, olstm_error* error) {
  static const int64_t kOne[] = {1};
  const cJSON* control = NULL;
  int64_t dims[OLSTM_MAX_RANK];
  int32_t rank = 0;
  cJSON_ArrayForEach(control, olstm__triton_json_get(object, "control")) {
    const char* type = control_type(control);
    if (strcmp(type, olstm__triton_type_name(tensor->dtype)) == 0) continue;
    return olstm_fail(error, OLSTM_STATUS_DTYPE_MISMATCH,
                      "the configuration's control input '%s' is %s, the model's %s",
                      name, type, olstm__triton_type_name(tensor->dtype));
  }
  olstm__triton_config_dims(tensor, traits, max_batch_size, dims, &rank);
  if (tensor->rank < 0 || dims_fit(kOne, 1, dims, rank)) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "the configuration's control input '%s' comes with dims [1], the "
                    "model's are %s%s",
                    name, olstm_dims_text(dims, rank).text,
                    without_batch(max_batch_size));
}

/// Checks the inputs that the server itself fills: START, READY and their like.
static olstm_status check_controls(const cJSON* config,
                                   const olstm__triton_traits* traits,
                                   int64_t max_batch_size, olstm_error* error) {
  const cJSON* object = NULL;
  cJSON_ArrayForEach(object, get_controls(config)) {
    const char* name = olstm__triton_json_text(object, "name");
    const olstm__triton_tensor* tensor =
        find_tensor(traits->inputs, traits->input_count, name);
    if (!tensor) {
      return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                        "the configuration's control input '%s' is no input of the "
                        "model: olstm needs none, leave it out",
                        name);
    }
    OLSTM_RETURN_IF_ERROR(
        check_control(object, name, tensor, traits, max_batch_size, error));
  }
  return OLSTM_STATUS_OK;
}

static olstm_status check_all_inputs(const cJSON* config,
                                     const olstm__triton_traits* traits,
                                     olstm_error* error) {
  const cJSON* inputs = olstm__triton_json_get(config, "input");
  for (size_t i = 0; i < traits->input_count; i++) {
    const char* name = traits->inputs[i].name;
    if (olstm__triton_json_find(inputs, "name", name) ||
        olstm__triton_config_is_control(config, name)) {
      continue;
    }
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "the model's input '%s' is missing in the configuration", name);
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- states

/// Whether dims fit, dimensions of 1 left out.
static bool same_elements(const int64_t* a, int32_t a_rank, const int64_t* b,
                          int32_t b_rank) {
  int64_t left[2][OLSTM_MAX_RANK];
  int32_t ranks[2] = {0, 0};
  if (dims_fit(a, a_rank, b, b_rank)) return true;
  for (int32_t d = 0; d < a_rank; d++) {
    if (a[d] != 1) left[0][ranks[0]++] = a[d];
  }
  for (int32_t d = 0; d < b_rank; d++) {
    if (b[d] != 1) left[1][ranks[1]++] = b[d];
  }
  return dims_fit(left[0], ranks[0], left[1], ranks[1]);
}

static bool shares_buffer(const cJSON* state) {
  return olstm__triton_json_is_true(state, "use_same_buffer_for_input_output");
}

/// Servers pair the input and the output of states by the order of their names, and not
/// as they are configured, unless both share a buffer. Says in `labels` whether two
/// states would be mixed up. UNSUPPORTED when one of them shares its buffer: its value is
/// lost then, whoever the other one is given to.
static olstm_status check_order(const cJSON* states, const cJSON* state, bool* labels,
                                olstm_error* error) {
  const char* input = olstm__triton_json_text(state, "input_name");
  const char* output = olstm__triton_json_text(state, "output_name");
  const cJSON* other = NULL;
  if (shares_buffer(state)) return OLSTM_STATUS_OK;
  cJSON_ArrayForEach(other, states) {
    const char* other_input = olstm__triton_json_text(other, "input_name");
    const int by_input = strcmp(input, other_input);
    const int by_output = strcmp(output, olstm__triton_json_text(other, "output_name"));
    if (other == state || (by_input < 0) == (by_output < 0)) continue;
    *labels = true;
    if (!shares_buffer(other)) continue;
    return olstm_fail(
        error, OLSTM_STATUS_UNSUPPORTED,
        "the configuration's states '%s' and '%s': servers pair input_name and "
        "output_name by their order, which differs: give both sides the same name, or "
        "both states use_same_buffer_for_input_output: true",
        input, other_input);
  }
  return OLSTM_STATUS_OK;
}

/// Servers keep one of two states that have a name in common.
static olstm_status check_names(const cJSON* states, const cJSON* state,
                                olstm_error* error) {
  static const char* const kSides[] = {"input_name", "output_name"};
  const cJSON* other = NULL;
  for (int i = 0; i < 2; i++) {
    const char* name = olstm__triton_json_text(state, kSides[i]);
    cJSON_ArrayForEach(other, states) {
      if (other == state ||
          strcmp(olstm__triton_json_text(other, kSides[i]), name) != 0) {
        continue;
      }
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "the configuration has two states of %s '%s'", kSides[i], name);
    }
  }
  return OLSTM_STATUS_OK;
}

/// Of a shared buffer the server keeps the size alone, from which one open dimension can
/// be told.
static olstm_status check_buffer(const cJSON* state, const char* name,
                                 const int64_t* dims, int32_t rank, olstm_error* error) {
  int open_count = 0;
  for (int32_t d = 0; d < rank; d++) open_count += dims[d] < 0 ? 1 : 0;
  if (open_count < 2 || !shares_buffer(state)) return OLSTM_STATUS_OK;
  return olstm_fail(
      error, OLSTM_STATUS_UNSUPPORTED,
      "the configuration's state '%s' of dims %s cannot have "
      "use_same_buffer_for_input_output: servers do not keep its shape then",
      name, olstm_dims_text(dims, rank).text);
}

static olstm_status read_state(const cJSON* states, const char* name, olstm_dtype dtype,
                               const int64_t* dims, int32_t rank,
                               olstm__triton_state* out_state, bool* labels,
                               olstm_error* error) {
  const cJSON* state = olstm__triton_json_find(states, "input_name", name);
  int64_t given[OLSTM_MAX_RANK];
  int32_t given_rank = 0;
  if (!state) {
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "sequence_batching lacks state { input_name: \"%s\" output_name: "
                      "\"%s\" data_type: %s dims: %s use_same_buffer_for_input_output: "
                      "true }",
                      name, name, olstm__triton_type_name(dtype),
                      olstm_dims_text(dims, rank).text);
  }
  OLSTM_RETURN_IF_ERROR(check_type(state, "state", name, dtype, error));
  if (!olstm__triton_json_dims(olstm__triton_json_get(state, "dims"), given,
                               &given_rank) ||
      !same_elements(given, given_rank, dims, rank)) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "the configuration's state '%s' has dims %s, the model's are %s",
                      name, olstm_dims_text(given, given_rank).text,
                      olstm_dims_text(dims, rank).text);
  }
  OLSTM_RETURN_IF_ERROR(check_names(states, state, error));
  OLSTM_RETURN_IF_ERROR(check_order(states, state, labels, error));
  OLSTM_RETURN_IF_ERROR(check_buffer(state, name, dims, rank, error));
  out_state->input_name = olstm__triton_json_text(state, "input_name");
  out_state->output_name = olstm__triton_json_text(state, "output_name");
  out_state->has_initial =
      cJSON_GetArraySize(olstm__triton_json_get(state, "initial_state")) > 0;
  return OLSTM_STATUS_OK;
}

static olstm_status check_known_states(const cJSON* states,
                                       const olstm__triton_traits* traits,
                                       olstm_error* error) {
  const cJSON* state = NULL;
  cJSON_ArrayForEach(state, states) {
    const char* name = olstm__triton_json_text(state, "input_name");
    if (find_tensor(traits->slots, traits->slot_count, name)) continue;
    return olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                      "the configuration's state '%s' is no state slot of the model%s%s",
                      name, traits->slot_count ? ", whose first is " : "",
                      traits->slot_count ? traits->slots[0].name : "");
  }
  return OLSTM_STATUS_OK;
}

static olstm_status read_states(olstm__triton_config* result, const cJSON* config,
                                const olstm__triton_traits* traits, olstm_error* error) {
  const cJSON* batching = olstm__triton_json_get(config, "sequence_batching");
  const cJSON* states = olstm__triton_json_get(batching, "state");
  OLSTM_RETURN_IF_ERROR(check_known_states(states, traits, error));
  if (traits->slot_count == 0) return OLSTM_STATUS_OK;
  if (!batching) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "the model keeps state, '%s' and %zu more, and the configuration "
                      "has no sequence_batching: write it, or parameter stateful: "
                      "\"none\"",
                      traits->slots[0].name, traits->slot_count - 1);
  }
  result->states = calloc(traits->slot_count, sizeof *result->states);
  if (!result->states) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "configuration: no memory");
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    const olstm__triton_tensor* slot = &traits->slots[s];
    int64_t dims[OLSTM_MAX_RANK];
    int32_t rank = 0;
    olstm__triton_config_slot_dims(slot, dims, &rank);
    OLSTM_RETURN_IF_ERROR(read_state(states, slot->name, slot->dtype, dims, rank,
                                     &result->states[s], &result->labels, error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- all of it

static olstm_status check_whole(const cJSON* config, olstm_error* error) {
  static const char* const kFields[] = {"batch_input", "batch_output",
                                        "ensemble_scheduling"};
  for (int i = 0; i < 3; i++) {
    const cJSON* field = olstm__triton_json_get(config, kFields[i]);
    if (!field || (cJSON_IsArray(field) && cJSON_GetArraySize(field) == 0)) continue;
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "the configuration has %s, which this backend does not know",
                      kFields[i]);
  }
  // Its sequencer makes a sequence of each request, which the backend would have to ask
  // for again and again.
  if (olstm__triton_json_is_true(olstm__triton_json_get(config, "sequence_batching"),
                                 "iterative_sequence")) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "the configuration has iterative_sequence, which this backend does "
                      "not know");
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__triton_config_init(olstm__triton_config* result, const cJSON* config,
                                       const olstm__triton_traits* traits,
                                       olstm_error* error) {
  *result = (olstm__triton_config){
      .max_batch_size =
          olstm__triton_json_number(olstm__triton_json_get(config, "max_batch_size")),
      .has_sequences = olstm__triton_json_get(config, "sequence_batching") != NULL};
  result->stacks = traits->stackable && result->max_batch_size > 0;
  OLSTM_RETURN_IF_ERROR(check_whole(config, error));
  OLSTM_RETURN_IF_ERROR(check_tensors(olstm__triton_json_get(config, "input"), "input",
                                      traits->inputs, traits->input_count, traits,
                                      result->max_batch_size, error));
  OLSTM_RETURN_IF_ERROR(check_tensors(olstm__triton_json_get(config, "output"), "output",
                                      traits->outputs, traits->output_count, traits,
                                      result->max_batch_size, error));
  OLSTM_RETURN_IF_ERROR(check_controls(config, traits, result->max_batch_size, error));
  OLSTM_RETURN_IF_ERROR(check_all_inputs(config, traits, error));
  const olstm_status status = read_states(result, config, traits, error);
  if (status != OLSTM_STATUS_OK) olstm__triton_config_deinit(result);
  return status;
}

void olstm__triton_config_deinit(olstm__triton_config* config) {
  free(config->states);
  *config = (olstm__triton_config){0};
}
