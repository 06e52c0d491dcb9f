// The end of a request: its outputs, its response and its release.
#include <string.h>

#include "triton_dtype.h"
#include "triton_error.h"
#include "triton_request.h"
#include "triton_rows.h"
#include "triton_states.h"

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
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_check_target(tensor->name, data, bytes, memory_type, error));
  olstm__triton_copy_rows(result, axis, first_row, request->row_count, data);
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

// ---------------------------------------------------------------- the response

void olstm__triton_request_answer(olstm__triton_request* request,
                                  const olstm__triton_model* model,
                                  const olstm__triton_results* results,
                                  size_t first_row) {
  olstm_error error = {""};
  olstm_status status =
      write_outputs(request, model, results->outputs, first_row, &error);
  if (status == OLSTM_STATUS_OK) {
    status =
        olstm__triton_states_write(request, model, results->slots, first_row, &error);
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
    log_failure(olstm__triton_states_write(request, model, NULL, 0, &error), &error);
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
