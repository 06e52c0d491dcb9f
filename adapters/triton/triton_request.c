#include "triton_request.h"

#include <stdlib.h>
#include <string.h>

#include "triton_dtype.h"
#include "triton_error.h"
#include "triton_rows.h"

// ---------------------------------------------------------------- memory

olstm_status olstm__triton_buffer_reserve(olstm__triton_buffer* buffer, size_t bytes,
                                          olstm_error* error) {
  size_t aligned = 0;
  if (buffer->capacity > 0 && bytes <= buffer->capacity) return OLSTM_STATUS_OK;
  olstm__triton_buffer_deinit(buffer);
  if (olstm_size_align(bytes + 1, &aligned)) {
    buffer->data = aligned_alloc(OLSTM_ALIGNMENT, aligned);
  }
  if (!buffer->data) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for %zu bytes",
                      bytes);
  }
  buffer->capacity = aligned;
  return OLSTM_STATUS_OK;
}

void olstm__triton_buffer_deinit(olstm__triton_buffer* buffer) {
  free(buffer->data);
  *buffer = (olstm__triton_buffer){0};
}

/// Whether olstm can read and write there.
static olstm_status check_memory(const char* name, uint32_t memory_type,
                                 olstm_error* error) {
  if (memory_type != OLSTM__TRITON_MEMORY_GPU) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "'%s' lies in a GPU's memory: olstm runs on the CPU", name);
}

olstm_status olstm__triton_source_read(const olstm__triton_source* source,
                                       const char* name, void* out_data,
                                       olstm_error* error) {
  size_t done = 0;
  for (uint32_t b = 0; done < source->bytes && b < source->buffer_count; b++) {
    const void* piece = NULL;
    uint64_t bytes = 0;
    uint32_t memory_type = OLSTM__TRITON_MEMORY_CPU;
    int64_t memory_id = 0;
    OLSTM_RETURN_IF_ERROR(
        olstm__triton_check(TRITONBACKEND_InputBuffer(source->handle, b, &piece, &bytes,
                                                      &memory_type, &memory_id),
                            name, error));
    OLSTM_RETURN_IF_ERROR(check_memory(name, memory_type, error));
    if (bytes > source->bytes - done) bytes = source->bytes - done;
    if (bytes) memcpy((char*)out_data + done, piece, bytes);
    done += bytes;
  }
  if (done == source->bytes) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_VALUE, "'%s' has %zu bytes, expected %zu",
                    name, done, source->bytes);
}

// ---------------------------------------------------------------- what comes in

static olstm_status find_source(const olstm__triton_request* request, const char* what,
                                const olstm__triton_tensor* tensor, const char* name,
                                olstm__triton_source* source, const int64_t** out_dims,
                                uint32_t* out_rank, olstm_error* error) {
  uint32_t type = OLSTM__TRITON_TYPE_INVALID;
  uint64_t bytes = 0;
  *source = (olstm__triton_source){0};
  TRITONSERVER_Error* absent =
      TRITONBACKEND_RequestInput(request->handle, name, &source->handle);
  if (absent || !source->handle) {
    if (absent) TRITONSERVER_ErrorDelete(absent);
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT, "the request has no %s '%s'",
                      what, name);
  }
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_InputProperties(source->handle, NULL, &type, out_dims, out_rank,
                                    &bytes, &source->buffer_count),
      name, error));
  source->bytes = (size_t)bytes;
  if (olstm__triton_dtype_of(type) == tensor->dtype) return OLSTM_STATUS_OK;
  return olstm_fail(
      error, OLSTM_STATUS_DTYPE_MISMATCH, "%s '%s' has dtype %s, expected %s", what, name,
      olstm_dtype_name(olstm__triton_dtype_of(type)), olstm_dtype_name(tensor->dtype));
}

static olstm_status read_input(olstm__triton_request* request,
                               const olstm__triton_model* model, size_t index,
                               olstm_error* error) {
  const olstm__triton_tensor* tensor = &model->traits.inputs[index];
  olstm__triton_source* source = &request->inputs[index];
  const int32_t axis = model->config.stacks ? tensor->batch_axis : -1;
  const int64_t* dims = NULL;
  uint32_t rank = 0;
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      find_source(request, "input", tensor, tensor->name, source, &dims, &rank, error));
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

/// The shape of a slot's value: as the model says it, with what it leaves open from the
/// shape that came or, where the server kept another one, from the number of bytes.
static olstm_status shape_state(const olstm__triton_tensor* slot, const int64_t* dims,
                                uint32_t rank, olstm__triton_source* source,
                                olstm_error* error) {
  olstm_tensor_desc* desc = &source->desc;
  const int32_t skipped = (int32_t)rank - slot->rank;
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
      desc->dims[d] = skipped >= 0 && slot->batch_axis < 0 ? dims[skipped + d] : 1;
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

static olstm_status read_state(olstm__triton_request* request,
                               const olstm__triton_model* model, size_t index,
                               olstm_error* error) {
  const olstm__triton_tensor* slot = &model->traits.slots[index];
  const olstm__triton_state* state = &model->config.states[index];
  olstm__triton_source* source = &request->states[index];
  const int64_t* dims = NULL;
  uint32_t rank = 0;
  *source = (olstm__triton_source){0};
  // What the server holds at the start of a sequence is nothing, unless the user said
  // what it is.
  if (request->is_start && !state->has_initial) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(find_source(request, "state", slot, state->input_name, source,
                                    &dims, &rank, error));
  // Emptied since the sequence's first request failed, or never set.
  if (source->bytes == 0) return OLSTM_STATUS_OK;
  source->is_set = true;
  return shape_state(slot, dims, rank, source, error);
}

/// Requests of the direct strategy for sequences that have nothing to say have no
/// correlation id: 0, or an empty text.
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
  for (size_t s = 0; s < model->traits.slot_count; s++) {
    OLSTM_RETURN_IF_ERROR(read_state(request, model, s, error));
  }
  return OLSTM_STATUS_OK;
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
