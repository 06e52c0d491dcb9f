#include "triton_request.h"

#include "triton_error.h"
#include "triton_rows.h"
#include "triton_states.h"

static olstm_status read_input(olstm__triton_request* request,
                               const olstm__triton_model* model, size_t index,
                               olstm_error* error) {
  const olstm__triton_tensor* tensor = &model->traits.inputs[index];
  olstm__triton_source* source = &request->inputs[index];
  const int32_t axis = model->config.stacks ? tensor->batch_axis : -1;
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_source_find(request->handle, "input", tensor->name, source, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_source_check(source, "input", tensor->name, tensor->dtype, error));
  const int64_t* dims = source->dims;
  uint32_t rank = source->rank;
  source->desc = (olstm_tensor_desc){tensor->dtype, tensor->rank, {0}};
  // A scalar comes as [1].
  if (tensor->rank == 0 && rank == 1 && dims[0] == 1) rank = 0;
  if (rank > OLSTM_MAX_RANK || (tensor->rank >= 0 && (int32_t)rank != tensor->rank)) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "input '%s' has %u dimensions, expected %d", tensor->name,
                      (unsigned)rank, (int)tensor->rank);
  }
  source->desc.rank = (int32_t)rank;
  olstm__triton_batch_from_front(dims, (int32_t)rank, axis, source->desc.dims);
  if (!olstm_tensor_desc_bytes(&source->desc, &bytes) || bytes != source->bytes) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "input '%s' has %zu bytes, expected %zu for %s of shape %s",
                      tensor->name, source->bytes, bytes, olstm_dtype_name(tensor->dtype),
                      olstm_dims_text(dims, (int32_t)rank).text);
  }
  if (axis < 0) return OLSTM_STATUS_OK;
  const size_t row_count = (size_t)source->desc.dims[axis];
  if (index == 0) request->row_count = row_count;
  if (row_count == request->row_count && row_count > 0) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                    "input '%s' has a batch of %zu, expected %zu", tensor->name,
                    row_count, request->row_count ? request->row_count : 1);
}

/// Whether it is a filler of the direct strategy, for a sequence slot without a request:
/// those have no correlation id (0, or an empty text).
static bool is_null_request(const olstm__triton_request* request,
                            const olstm__triton_model* model, uint32_t flags) {
  uint64_t id = 0;
  const char* text = NULL;
  if (flags != 0 || !model->config.has_sequences) return false;
  TRITONSERVER_Error* other = TRITONBACKEND_RequestCorrelationId(request->handle, &id);
  if (!other) return id == 0;
  TRITONSERVER_ErrorDelete(other);
  if (!model->newer.request_id_string) return false;
  other = model->newer.request_id_string(request->handle, &text);
  if (!other) return !text || !text[0];
  TRITONSERVER_ErrorDelete(other);
  return false;
}

static olstm_status read_request(olstm__triton_request* request,
                                 const olstm__triton_model* model, olstm_error* error) {
  uint32_t flags = 0;
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      model->newer.request_flags(request->handle, &flags), "request flags", error));
  request->is_start = (flags & OLSTM__TRITON_SEQUENCE_START) != 0;
  request->is_null = is_null_request(request, model, flags);
  if (request->is_null) return OLSTM_STATUS_OK;
  for (size_t i = 0; i < model->traits.input_count; i++) {
    OLSTM_RETURN_IF_ERROR(read_input(request, model, i, error));
  }
  if (model->traits.slot_count > 0 && request->row_count != 1) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH,
                      "a request of a sequence has a batch of %zu, expected 1",
                      request->row_count);
  }
  return olstm__triton_states_read(request, model, error);
}

void olstm__triton_request_fail(olstm__triton_request* request, olstm_status status,
                                const olstm_error* error) {
  request->is_done = true;
  request->status = status;
  request->error = *error;
}

void olstm__triton_request_take(olstm__triton_request* request,
                                const olstm__triton_model* model,
                                TRITONBACKEND_Request* handle) {
  olstm_error error = {""};
  request->handle = handle;
  request->response = NULL;
  request->is_null = request->is_start = request->is_done = false;
  request->status = OLSTM_STATUS_OK;
  request->row_count = 1;
  olstm_status status = olstm__triton_check(
      TRITONBACKEND_ResponseNew(&request->response, handle), "response", &error);
  if (status == OLSTM_STATUS_OK) status = read_request(request, model, &error);
  if (status != OLSTM_STATUS_OK) {
    olstm__triton_request_fail(request, status, &error);
  } else if (request->is_null) {
    request->is_done = true;
  }
}
