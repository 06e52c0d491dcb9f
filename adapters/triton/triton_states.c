#include "triton_states.h"

#include <string.h>

#include "triton_dtype.h"
#include "triton_error.h"
#include "triton_rows.h"

/// What follows the elements of a labelled value.
typedef struct label {
  char magic[4];
  uint32_t slot;
} label;

static const char kMagic[4] = {'o', 'l', 's', 't'};

// ---------------------------------------------------------------- reading

/// The shape of a slot's value: as the model says it, with what it leaves open from the
/// shape that came or, where the server kept another one, from the number of bytes.
static olstm_status shape_state(const olstm__triton_tensor* slot,
                                olstm__triton_source* source, olstm_error* error) {
  olstm_tensor_desc* desc = &source->desc;
  // Of the dimensions that came, these are the server's batch.
  const int32_t skipped = (int32_t)source->rank - slot->rank;
  size_t bytes = 0;
  int32_t open = -1;
  *desc = (olstm_tensor_desc){slot->dtype, slot->rank, {0}};
  for (int32_t d = 0; d < slot->rank; d++) {
    if (d == slot->batch_axis) {
      desc->dims[d] = 1;
    } else if (slot->dims[d] >= 0) {
      desc->dims[d] = slot->dims[d];
    } else {
      open = d;
      desc->dims[d] =
          skipped >= 0 && slot->batch_axis < 0 ? source->dims[skipped + d] : 1;
    }
  }
  if (olstm_tensor_desc_bytes(desc, &bytes) && bytes == source->bytes) {
    return OLSTM_STATUS_OK;
  }
  if (open >= 0) {
    desc->dims[open] = 1;
    if (olstm_tensor_desc_bytes(desc, &bytes) && bytes > 0) {
      desc->dims[open] = (int64_t)(source->bytes / bytes);
    }
    if (olstm_tensor_desc_bytes(desc, &bytes) && bytes == source->bytes) {
      return OLSTM_STATUS_OK;
    }
  }
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "state '%s' has %zu bytes, expected %s of shape %s", slot->name,
                    source->bytes, olstm_dtype_name(slot->dtype),
                    olstm_dims_text(slot->dims, slot->rank).text);
}

/// Finds which slot a state that came is of, and takes its label off.
static olstm_status read_label(olstm__triton_source* source, const char* name,
                               size_t slot_count, size_t* slot, olstm_error* error) {
  label found;
  if (source->bytes < sizeof found) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__triton_source_read_part(
      source, name, source->bytes - sizeof found, sizeof found, &found, error));
  if (memcmp(found.magic, kMagic, sizeof kMagic) != 0 || found.slot >= slot_count) {
    return OLSTM_STATUS_OK;
  }
  source->bytes -= sizeof found;
  *slot = found.slot;
  return OLSTM_STATUS_OK;
}

static olstm_status find_state(olstm__triton_request* request,
                               const olstm__triton_model* model, size_t index,
                               olstm_error* error) {
  const char* name = model->config.states[index].input_name;
  olstm__triton_source source;
  size_t slot = index;
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_source_find(request->handle, "state", name, &source, error));
  if (model->config.labels && !request->is_start) {
    OLSTM_RETURN_IF_ERROR(
        read_label(&source, name, model->traits.slot_count, &slot, error));
  }
  // Emptied since the sequence's first request failed, or never set.
  source.is_set = source.bytes > 0;
  request->states[slot] = source;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__triton_states_read(olstm__triton_request* request,
                                       const olstm__triton_model* model,
                                       olstm_error* error) {
  const olstm__triton_traits* traits = &model->traits;
  for (size_t s = 0; s < traits->slot_count; s++) {
    request->states[s] = (olstm__triton_source){0};
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    // What the server holds at the start of a sequence is nothing, unless the user said
    // what it is.
    if (request->is_start && !model->config.states[s].has_initial) continue;
    OLSTM_RETURN_IF_ERROR(find_state(request, model, s, error));
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    const olstm__triton_tensor* slot = &traits->slots[s];
    if (!request->states[s].is_set) continue;
    OLSTM_RETURN_IF_ERROR(olstm__triton_source_check(&request->states[s], "state",
                                                     slot->name, slot->dtype, error));
    OLSTM_RETURN_IF_ERROR(shape_state(slot, &request->states[s], error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- writing

/// Sets the shape in which the server gets a slot's value, and its bytes. value NULL:
/// none.
static void shape_target(const olstm__triton_model* model, size_t index,
                         const olstm_tensor_desc* value, int64_t* out_dims,
                         uint32_t* out_rank, size_t* out_bytes) {
  const int32_t batch_axis = model->traits.slots[index].batch_axis;
  *out_rank = 0;
  *out_bytes = 0;
  if (value) {
    olstm_tensor_desc row = *value;
    if (batch_axis >= 0) row.dims[batch_axis] = 1;
    (void)olstm_tensor_desc_bytes(&row, out_bytes);
    if (model->config.max_batch_size > 0) out_dims[(*out_rank)++] = 1;
    for (int32_t d = 0; d < row.rank; d++) {
      if (d != batch_axis) out_dims[(*out_rank)++] = row.dims[d];
    }
  }
  if (*out_rank == 0) out_dims[(*out_rank)++] = value ? 1 : 0;
}

static olstm_status open_state(olstm__triton_request* request,
                               const olstm__triton_model* model, size_t index,
                               const olstm_tensor_desc* value, olstm_error* error) {
  olstm__triton_source* state = &request->states[index];
  const char* name = model->config.states[index].output_name;
  int64_t dims[OLSTM_MAX_RANK + 1];
  uint32_t rank = 0;
  uint32_t memory_type = OLSTM__TRITON_MEMORY_CPU;
  int64_t memory_id = 0;
  shape_target(model, index, value, dims, &rank, &state->target_bytes);
  const size_t bytes = state->target_bytes + (model->config.labels ? sizeof(label) : 0);
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_StateNew(&state->target, request->handle, name,
                             olstm__triton_type_of(model->traits.slots[index].dtype),
                             dims, rank),
      name, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_check(TRITONBACKEND_StateBuffer(state->target, &state->target_data,
                                                    bytes, &memory_type, &memory_id),
                          name, error));
  return olstm__triton_check_target(name, state->target_data, bytes, memory_type, error);
}

olstm_status olstm__triton_states_write(olstm__triton_request* request,
                                        const olstm__triton_model* model,
                                        const olstm_tensor* slots, size_t row,
                                        olstm_error* error) {
  olstm__triton_source* states = request->states;
  const olstm__triton_traits* traits = &model->traits;
  for (size_t s = 0; s < traits->slot_count; s++) {
    const bool has_value = slots && slots[s].desc.rank >= 0;
    states[s].target = NULL;
    if (!slots && model->config.states[s].has_initial) continue;
    OLSTM_RETURN_IF_ERROR(
        open_state(request, model, s, has_value ? &slots[s].desc : NULL, error));
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    label mark = {{0}, (uint32_t)s};
    if (!states[s].target) continue;
    if (slots && slots[s].desc.rank >= 0) {
      olstm__triton_copy_rows(&slots[s], traits->slots[s].batch_axis, row, 1,
                              states[s].target_data);
    }
    memcpy(mark.magic, kMagic, sizeof kMagic);
    if (model->config.labels) {
      memcpy((char*)states[s].target_data + states[s].target_bytes, &mark, sizeof mark);
    }
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    if (!states[s].target) continue;
    OLSTM_RETURN_IF_ERROR(olstm__triton_check(TRITONBACKEND_StateUpdate(states[s].target),
                                              model->config.states[s].output_name,
                                              error));
  }
  return OLSTM_STATUS_OK;
}
