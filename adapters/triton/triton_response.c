// The way out of a request: outputs, states, the response and the release.
#include <string.h>

#include "triton_dtype.h"
#include "triton_error.h"
#include "triton_request.h"
#include "triton_rows.h"

/// Copies some rows of a tensor to where the server wants them, one behind the other.
static void copy_rows(const olstm_tensor* tensor, int32_t batch_axis, size_t first_row,
                      size_t row_count, void* out_data) {
  const olstm__triton_rows rows = olstm__triton_rows_of(&tensor->desc, batch_axis);
  const size_t bytes = olstm__triton_row_bytes(&rows);
  for (size_t r = 0; bytes && r < row_count; r++) {
    olstm__triton_get_row(&rows, tensor->data, first_row + r,
                          (char*)out_data + r * bytes);
  }
}

static olstm_status check_host_memory(const char* name, const void* data, uint64_t bytes,
                                      uint32_t memory_type, olstm_error* error) {
  if (memory_type == OLSTM__TRITON_MEMORY_GPU) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "'%s' is wanted in a GPU's memory: olstm runs on the CPU", name);
  }
  if (data || bytes == 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                    "the server has no buffer for '%s'", name);
}

// ---------------------------------------------------------------- outputs

static olstm_status write_output(olstm__triton_request* request,
                                 const olstm__triton_model* model, size_t index,
                                 const olstm_tensor* result, size_t first_row,
                                 olstm_error* error) {
  const olstm__triton_tensor* tensor = &model->traits.outputs[index];
  const int32_t axis = model->config.stacks ? tensor->batch_axis : -1;
  TRITONBACKEND_Output* output = NULL;
  olstm_tensor_desc desc = result->desc;
  int64_t dims[OLSTM_MAX_RANK] = {1};
  void* data = NULL;
  size_t bytes = 0;
  uint32_t memory_type = OLSTM__TRITON_MEMORY_CPU;
  int64_t memory_id = 0;
  if (axis >= 0) desc.dims[axis] = (int64_t)request->row_count;
  // A scalar goes as [1].
  olstm__triton_batch_to_front(desc.dims, desc.rank, axis, dims);
  (void)olstm_tensor_desc_bytes(&desc, &bytes);
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_ResponseOutput(request->response, &output, tensor->name,
                                   olstm__triton_type_of(desc.dtype), dims,
                                   desc.rank > 0 ? (uint32_t)desc.rank : 1),
      tensor->name, error));
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_OutputBuffer(output, &data, bytes, &memory_type, &memory_id),
      tensor->name, error));
  OLSTM_RETURN_IF_ERROR(check_host_memory(tensor->name, data, bytes, memory_type, error));
  copy_rows(result, axis, first_row, request->row_count, data);
  return OLSTM_STATUS_OK;
}

static olstm_status write_outputs(olstm__triton_request* request,
                                  const olstm__triton_model* model,
                                  const olstm_tensor* results, size_t first_row,
                                  olstm_error* error) {
  uint32_t count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_check(TRITONBACKEND_RequestOutputCount(request->handle, &count),
                          "requested outputs", error));
  for (uint32_t i = 0; i < count; i++) {
    const char* name = NULL;
    size_t index = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__triton_check(TRITONBACKEND_RequestOutputName(request->handle, i, &name),
                            "requested outputs", error));
    while (index < model->traits.output_count &&
           strcmp(model->traits.outputs[index].name, name) != 0) {
      index++;
    }
    if (index == model->traits.output_count) {
      return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                        "the model has no output '%s'", name);
    }
    OLSTM_RETURN_IF_ERROR(
        write_output(request, model, index, &results[index], first_row, error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- states

static olstm_status open_state(olstm__triton_request* request,
                               const olstm__triton_model* model, size_t index,
                               const olstm_tensor_desc* desc, olstm_error* error) {
  const olstm__triton_tensor* slot = &model->traits.slots[index];
  olstm__triton_source* state = &request->states[index];
  const char* name = model->config.states[index].output_name;
  int64_t dims[OLSTM_MAX_RANK + 1] = {0};
  uint32_t rank = 0;
  size_t bytes = 0;
  uint32_t memory_type = OLSTM__TRITON_MEMORY_CPU;
  int64_t memory_id = 0;
  // Without a value it has no bytes.
  if (desc) {
    olstm_tensor_desc row = *desc;
    if (slot->batch_axis >= 0) row.dims[slot->batch_axis] = 1;
    (void)olstm_tensor_desc_bytes(&row, &bytes);
    if (model->config.max_batch_size > 0) dims[rank++] = 1;
    for (int32_t d = 0; d < row.rank; d++) {
      if (d != slot->batch_axis) dims[rank++] = row.dims[d];
    }
  }
  if (rank == 0) dims[rank++] = desc ? 1 : 0;
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_StateNew(&state->target, request->handle, name,
                             olstm__triton_type_of(slot->dtype), dims, rank),
      name, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_check(TRITONBACKEND_StateBuffer(state->target, &state->target_data,
                                                    bytes, &memory_type, &memory_id),
                          name, error));
  return check_host_memory(name, state->target_data, bytes, memory_type, error);
}

/// Writes all states or, when one cannot be had, none: the server's buffer may be the one
/// that holds the value before this run. results NULL: empties those that the server does
/// not start itself.
static olstm_status write_states(olstm__triton_request* request,
                                 const olstm__triton_model* model,
                                 const olstm_tensor* results, size_t first_row,
                                 olstm_error* error) {
  olstm__triton_source* states = request->states;
  const olstm__triton_traits* traits = &model->traits;
  for (size_t s = 0; s < traits->slot_count; s++) {
    const bool has_value = results && results[s].desc.rank >= 0;
    states[s].target = NULL;
    if (!results && model->config.states[s].has_initial) continue;
    OLSTM_RETURN_IF_ERROR(
        open_state(request, model, s, has_value ? &results[s].desc : NULL, error));
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    if (!states[s].target || !results || results[s].desc.rank < 0) continue;
    copy_rows(&results[s], traits->slots[s].batch_axis, first_row, 1,
              states[s].target_data);
  }
  for (size_t s = 0; s < traits->slot_count; s++) {
    if (!states[s].target) continue;
    OLSTM_RETURN_IF_ERROR(olstm__triton_check(TRITONBACKEND_StateUpdate(states[s].target),
                                              model->config.states[s].output_name,
                                              error));
  }
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- the response

void olstm__triton_request_answer(olstm__triton_request* request,
                                  const olstm__triton_model* model,
                                  const olstm__triton_results* results,
                                  size_t first_row) {
  olstm_error error = {""};
  olstm_status status =
      write_outputs(request, model, results->outputs, first_row, &error);
  if (status == OLSTM_STATUS_OK) {
    status = write_states(request, model, results->slots, first_row, &error);
  }
  if (status != OLSTM_STATUS_OK) olstm__triton_request_fail(request, status, &error);
  request->is_done = true;
}

static void log_failure(olstm_status status, const olstm_error* error) {
  if (status != OLSTM_STATUS_OK) {
    olstm__triton_log(OLSTM__TRITON_LOG_ERROR, "%s", error->message);
  }
}

void olstm__triton_request_send(olstm__triton_request* request,
                                const olstm__triton_model* model) {
  olstm_error error;
  if (request->status != OLSTM_STATUS_OK && request->is_start) {
    log_failure(write_states(request, model, NULL, 0, &error), &error);
  }
  if (!request->response) {
    log_failure(request->status, &request->error);
    return;
  }
  TRITONSERVER_Error* failure = olstm__triton_error(request->status, &request->error);
  log_failure(
      olstm__triton_check(TRITONBACKEND_ResponseSend(
                              request->response, OLSTM__TRITON_RESPONSE_FINAL, failure),
                          "response", &error),
      &error);
  if (failure) TRITONSERVER_ErrorDelete(failure);
}

void olstm__triton_request_release(olstm__triton_request* request) {
  olstm_error error;
  log_failure(olstm__triton_check(TRITONBACKEND_RequestRelease(request->handle,
                                                               OLSTM__TRITON_RELEASE_ALL),
                                  "release", &error),
              &error);
}
