// olstm__triton_config_complete: writes what the user left out.
#include <string.h>

#include "triton_config.h"
#include "triton_dtype.h"

static olstm_status no_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "configuration: no memory");
}

void olstm__triton_config_dims(const olstm__triton_tensor* tensor,
                               const olstm__triton_traits* traits, int64_t max_batch_size,
                               int64_t* out_dims, int32_t* out_rank) {
  // A model that takes no batches can have a max_batch_size of the user's all the same:
  // the batch is the first dimension then.
  const int32_t batch_axis = traits->stackable ? tensor->batch_axis : 0;
  *out_rank = 0;
  for (int32_t d = 0; d < tensor->rank; d++) {
    if (max_batch_size > 0 && d == batch_axis) continue;
    out_dims[(*out_rank)++] = tensor->dims[d];
  }
  // Servers support tensors without dimensions only behind a batch dimension.
  if (tensor->rank == 0 && max_batch_size == 0) out_dims[(*out_rank)++] = 1;
}

void olstm__triton_config_slot_dims(const olstm__triton_tensor* slot, int64_t* out_dims,
                                    int32_t* out_rank) {
  *out_rank = 0;
  for (int32_t d = 0; d < slot->rank; d++) {
    if (d != slot->batch_axis) out_dims[(*out_rank)++] = slot->dims[d];
  }
}

// ---------------------------------------------------------------- inputs and outputs

static bool put_text(cJSON* object, const char* name, const char* text) {
  return olstm__triton_json_put(object, name, cJSON_CreateString(text));
}

/// Adds an object to an array.
static cJSON* add_object(cJSON* array) {
  cJSON* object = cJSON_CreateObject();
  if (object && cJSON_AddItemToArray(array, object)) return object;
  cJSON_Delete(object);
  return NULL;
}

/// The array of that name, made where there is none.
static cJSON* get_array(cJSON* config, const char* name) {
  cJSON* array = olstm__triton_json_get(config, name);
  if (array) return array;
  array = cJSON_CreateArray();
  return olstm__triton_json_put(config, name, array) ? array : NULL;
}

/// Clients cannot send tensors without dimensions: they send [1] for a scalar.
static bool put_dims(cJSON* object, const int64_t* dims, int32_t rank) {
  static const int64_t kOne[] = {1};
  if (rank > 0) {
    return olstm__triton_json_put(object, "dims",
                                  olstm__triton_json_new_dims(dims, rank));
  }
  cJSON* reshape = cJSON_CreateObject();
  if (!olstm__triton_json_put(object, "reshape", reshape)) return false;
  return olstm__triton_json_put(reshape, "shape", cJSON_CreateArray()) &&
         olstm__triton_json_put(object, "dims", olstm__triton_json_new_dims(kOne, 1));
}

static olstm_status complete_tensor(cJSON* object, const char* what,
                                    const olstm__triton_tensor* tensor,
                                    const olstm__triton_traits* traits,
                                    int64_t max_batch_size, olstm_error* error) {
  const char* type = olstm__triton_json_text(object, "data_type");
  int64_t dims[OLSTM_MAX_RANK];
  int32_t rank = 0;
  if (!type[0] || strcmp(type, "TYPE_INVALID") == 0) {
    if (!put_text(object, "data_type", olstm__triton_type_name(tensor->dtype))) {
      return no_memory(error);
    }
  }
  if (cJSON_GetArraySize(olstm__triton_json_get(object, "dims")) > 0) {
    return OLSTM_STATUS_OK;
  }
  if (tensor->rank < 0) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "the model does not say the rank of %s '%s', and it could not be "
                      "found out: write its dims in the configuration",
                      what, tensor->name);
  }
  olstm__triton_config_dims(tensor, traits, max_batch_size, dims, &rank);
  return put_dims(object, dims, rank) ? OLSTM_STATUS_OK : no_memory(error);
}

/// All of them when none is listed or `all`, else those that are.
static olstm_status complete_tensors(cJSON* config, const char* what,
                                     const olstm__triton_tensor* tensors, size_t count,
                                     const olstm__triton_traits* traits, bool all,
                                     olstm_error* error) {
  cJSON* array = get_array(config, what);
  const int64_t max_batch_size =
      olstm__triton_json_number(olstm__triton_json_get(config, "max_batch_size"));
  if (!array) return no_memory(error);
  all = all || cJSON_GetArraySize(array) == 0;
  for (size_t i = 0; i < count; i++) {
    cJSON* object = olstm__triton_json_find(array, "name", tensors[i].name);
    // What the server fills is not asked of clients.
    if (!object && (!all || olstm__triton_config_is_control(config, tensors[i].name))) {
      continue;
    }
    if (!object) {
      object = add_object(array);
      if (!object || !put_text(object, "name", tensors[i].name)) return no_memory(error);
    }
    OLSTM_RETURN_IF_ERROR(
        complete_tensor(object, what, &tensors[i], traits, max_batch_size, error));
  }
  return OLSTM_STATUS_OK;
}

/// Whether the user listed a tensor with all of its dimensions, batch included.
static bool lists_whole_shapes(const cJSON* config, const olstm__triton_traits* traits) {
  const cJSON* inputs = olstm__triton_json_get(config, "input");
  for (size_t i = 0; i < traits->input_count; i++) {
    const cJSON* input = olstm__triton_json_find(inputs, "name", traits->inputs[i].name);
    const int rank = cJSON_GetArraySize(olstm__triton_json_get(input, "dims"));
    if (rank > 0 && rank == traits->inputs[i].rank) return true;
  }
  return false;
}

// ---------------------------------------------------------------- schedulers

static bool put_state(cJSON* states, const char* name, const char* type,
                      const int64_t* dims, int32_t rank, bool same_buffer) {
  static const int64_t kOne[] = {1};
  cJSON* state = add_object(states);
  // One name for both sides: servers pair the two sides by the order of their names.
  return state && put_text(state, "input_name", name) &&
         put_text(state, "output_name", name) && put_text(state, "data_type", type) &&
         olstm__triton_json_put(state, "dims",
                                rank > 0 ? olstm__triton_json_new_dims(dims, rank)
                                         : olstm__triton_json_new_dims(kOne, 1)) &&
         (!same_buffer ||
          olstm__triton_json_put(state, "use_same_buffer_for_input_output",
                                 cJSON_CreateTrue()));
}

static int open_dims(const int64_t* dims, int32_t rank) {
  int count = 0;
  for (int32_t d = 0; d < rank; d++) count += dims[d] < 0 ? 1 : 0;
  return count;
}

static bool put_states(cJSON* batching, const olstm__triton_traits* traits,
                       bool same_buffer) {
  cJSON* states = get_array(batching, "state");
  bool ok = states != NULL;
  for (size_t s = 0; ok && s < traits->slot_count; s++) {
    const olstm__triton_tensor* slot = &traits->slots[s];
    int64_t dims[OLSTM_MAX_RANK];
    int32_t rank = 0;
    olstm__triton_config_slot_dims(slot, dims, &rank);
    // Of a shared buffer the server keeps the size alone, from which one open dimension
    // can be told.
    ok = put_state(states, slot->name, olstm__triton_type_name(slot->dtype), dims, rank,
                   same_buffer && open_dims(dims, rank) < 2);
  }
  return ok;
}

static olstm_status complete_scheduler(cJSON* config, const olstm__triton_traits* traits,
                                       bool same_buffer, olstm_error* error) {
  static const char* const kSchedulers[] = {"sequence_batching", "dynamic_batching",
                                            "ensemble_scheduling"};
  for (int i = 0; i < 3; i++) {
    if (olstm__triton_json_get(config, kSchedulers[i])) return OLSTM_STATUS_OK;
  }
  const int64_t max_batch_size =
      olstm__triton_json_number(olstm__triton_json_get(config, "max_batch_size"));
  cJSON* scheduler = NULL;
  if (traits->slot_count == 0) {
    if (max_batch_size < 2) return OLSTM_STATUS_OK;
    scheduler = cJSON_CreateObject();
    return olstm__triton_json_put(config, "dynamic_batching", scheduler)
               ? OLSTM_STATUS_OK
               : no_memory(error);
  }
  scheduler = cJSON_CreateObject();
  if (!olstm__triton_json_put(config, "sequence_batching", scheduler)) {
    return no_memory(error);
  }
  cJSON* oldest = cJSON_CreateObject();
  if (!olstm__triton_json_put(scheduler, "oldest", oldest) ||
      !olstm__triton_json_put(oldest, "max_candidate_sequences",
                              cJSON_CreateNumber(OLSTM__TRITON_MAX_SEQUENCES)) ||
      !olstm__triton_json_put(scheduler, "max_sequence_idle_microseconds",
                              cJSON_CreateNumber(OLSTM__TRITON_IDLE_MICROSECONDS)) ||
      !put_states(scheduler, traits, same_buffer)) {
    return no_memory(error);
  }
  return OLSTM_STATUS_OK;
}

bool olstm__triton_config_wants_batches(const cJSON* config,
                                        const olstm__triton_traits* traits,
                                        bool completes) {
  const int64_t given =
      olstm__triton_json_number(olstm__triton_json_get(config, "max_batch_size"));
  return given > 0 || (completes && !lists_whole_shapes(config, traits));
}

olstm_status olstm__triton_config_complete(cJSON* config,
                                           const olstm__triton_traits* traits,
                                           bool same_buffer, olstm_error* error) {
  const int64_t given =
      olstm__triton_json_number(olstm__triton_json_get(config, "max_batch_size"));
  const int64_t max_batch_size = given > 0           ? given
                                 : traits->stackable ? OLSTM__TRITON_MAX_BATCH
                                                     : 0;
  if (!olstm__triton_json_put(config, "max_batch_size",
                              cJSON_CreateNumber((double)max_batch_size))) {
    return no_memory(error);
  }
  OLSTM_RETURN_IF_ERROR(complete_tensors(config, "input", traits->inputs,
                                         traits->input_count, traits, true, error));
  OLSTM_RETURN_IF_ERROR(complete_tensors(config, "output", traits->outputs,
                                         traits->output_count, traits, false, error));
  return complete_scheduler(config, traits, same_buffer, error);
}
