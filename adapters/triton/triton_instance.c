#include "triton_instance.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "triton_error.h"
#include "triton_request.h"
#include "triton_rows.h"

struct olstm__triton_instance {
  TRITONBACKEND_ModelInstance* handle;
  const olstm__triton_model* model;
  olstm_context* context;
  /// What a run takes and gives; data of inputs and states is in the buffers.
  olstm_tensor* inputs;
  olstm_tensor* outputs;
  olstm_tensor* slots;
  olstm__triton_buffer* input_buffers;
  olstm__triton_buffer* state_buffers;
  /// A request's rows before they are spread.
  olstm__triton_buffer scratch;
  /// Requests of an execute, and the sources of each.
  size_t capacity;
  olstm__triton_request* requests;
  olstm__triton_source* sources;
  /// Those that run together.
  olstm__triton_request** group;
};

/// Times of an execute, in nanoseconds.
typedef struct clock_times {
  uint64_t exec_start;
  uint64_t compute_start;
  uint64_t compute_end;
} clock_times;

static uint64_t now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static olstm_status no_memory(olstm_error* error) {
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "instance: no memory");
}

// ---------------------------------------------------------------- life

static olstm_status check_kind(TRITONBACKEND_ModelInstance* handle, olstm_error* error) {
  uint32_t kind = OLSTM__TRITON_KIND_CPU;
  OLSTM_RETURN_IF_ERROR(olstm__triton_check(
      TRITONBACKEND_ModelInstanceKind(handle, &kind), "instance kind", error));
  if (kind == OLSTM__TRITON_KIND_CPU || kind == OLSTM__TRITON_KIND_MODEL) {
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                    "instance_group kind %s: olstm runs on the CPU, write KIND_CPU",
                    TRITONSERVER_InstanceGroupKindString(kind));
}

olstm_status olstm__triton_instance_create(TRITONBACKEND_ModelInstance* handle,
                                           const olstm__triton_model* model,
                                           olstm__triton_instance** out_instance,
                                           olstm_error* error) {
  const olstm__triton_traits* traits = &model->traits;
  OLSTM_RETURN_IF_ERROR(check_kind(handle, error));
  olstm__triton_instance* instance = calloc(1, sizeof *instance);
  if (!instance) return no_memory(error);
  instance->handle = handle;
  instance->model = model;
  instance->inputs = calloc(traits->input_count + 1, sizeof(olstm_tensor));
  instance->outputs = calloc(traits->output_count + 1, sizeof(olstm_tensor));
  instance->slots = calloc(traits->slot_count + 1, sizeof(olstm_tensor));
  instance->input_buffers = calloc(traits->input_count + 1, sizeof(olstm__triton_buffer));
  instance->state_buffers = calloc(traits->slot_count + 1, sizeof(olstm__triton_buffer));
  const bool has_memory = instance->inputs && instance->outputs && instance->slots &&
                          instance->input_buffers && instance->state_buffers;
  const olstm_status status =
      has_memory ? olstm_context_create(model->session, &instance->context, error)
                 : no_memory(error);
  if (status != OLSTM_STATUS_OK) {
    olstm__triton_instance_destroy(instance);
    return status;
  }
  *out_instance = instance;
  return OLSTM_STATUS_OK;
}

static void deinit_buffers(olstm__triton_buffer* buffers, size_t count) {
  for (size_t i = 0; buffers && i < count; i++) {
    olstm__triton_buffer_deinit(&buffers[i]);
  }
  free(buffers);
}

void olstm__triton_instance_destroy(olstm__triton_instance* instance) {
  if (!instance) return;
  if (instance->context) olstm_context_destroy(instance->context);
  deinit_buffers(instance->input_buffers, instance->model->traits.input_count);
  deinit_buffers(instance->state_buffers, instance->model->traits.slot_count);
  olstm__triton_buffer_deinit(&instance->scratch);
  free(instance->inputs);
  free(instance->outputs);
  free(instance->slots);
  free(instance->requests);
  free(instance->sources);
  free(instance->group);
  free(instance);
}

static olstm_status reserve_requests(olstm__triton_instance* instance, size_t count,
                                     olstm_error* error) {
  const olstm__triton_traits* traits = &instance->model->traits;
  const size_t sources = traits->input_count + traits->slot_count;
  if (count <= instance->capacity) return OLSTM_STATUS_OK;
  instance->capacity = 0;
  free(instance->requests);
  free(instance->sources);
  free(instance->group);
  instance->requests = calloc(count, sizeof *instance->requests);
  instance->sources = calloc(count * sources + 1, sizeof *instance->sources);
  instance->group = calloc(count, sizeof(olstm__triton_request*));
  if (!instance->requests || !instance->sources || !instance->group) {
    return no_memory(error);
  }
  for (size_t r = 0; r < count; r++) {
    instance->requests[r].inputs = instance->sources + r * sources;
    instance->requests[r].states = instance->requests[r].inputs + traits->input_count;
  }
  instance->capacity = count;
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- gathering

/// Copies what a request has for a tensor to its rows, from first_row on.
static olstm_status put_source(olstm__triton_instance* instance,
                               const olstm__triton_source* source, const char* name,
                               const olstm__triton_rows* rows, size_t first_row,
                               size_t row_count, void* tensor, olstm_error* error) {
  const size_t bytes = olstm__triton_row_bytes(rows);
  if (rows->piece_count == 1) {
    return olstm__triton_source_read(source, name, (char*)tensor + first_row * bytes,
                                     error);
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_buffer_reserve(&instance->scratch, source->bytes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_source_read(source, name, instance->scratch.data, error));
  for (size_t r = 0; r < row_count; r++) {
    olstm__triton_put_row(rows, tensor, first_row + r,
                          (const char*)instance->scratch.data + r * bytes);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status gather_input(olstm__triton_instance* instance, size_t index,
                                 size_t group_count, size_t row_count,
                                 olstm_error* error) {
  const olstm__triton_model* model = instance->model;
  const olstm__triton_tensor* info = &model->traits.inputs[index];
  const int32_t axis = model->config.stacks ? info->batch_axis : -1;
  olstm_tensor* input = &instance->inputs[index];
  size_t first_row = 0;
  size_t bytes = 0;
  input->desc = instance->group[0]->inputs[index].desc;
  if (axis >= 0) input->desc.dims[axis] = (int64_t)row_count;
  if (!olstm_tensor_desc_bytes(&input->desc, &bytes)) {
    return olstm_fail(error, OLSTM_STATUS_SHAPE_MISMATCH, "input '%s' is too large",
                      info->name);
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__triton_buffer_reserve(&instance->input_buffers[index], bytes, error));
  input->data = instance->input_buffers[index].data;
  const olstm__triton_rows rows = olstm__triton_rows_of(&input->desc, axis);
  for (size_t g = 0; g < group_count; g++) {
    const olstm__triton_request* request = instance->group[g];
    OLSTM_RETURN_IF_ERROR(put_source(instance, &request->inputs[index], info->name, &rows,
                                     first_row, request->row_count, input->data, error));
    first_row += request->row_count;
  }
  return OLSTM_STATUS_OK;
}

/// Sets a slot for all requests: from what the server keeps, or to its start value.
static olstm_status gather_state(olstm__triton_instance* instance, size_t index,
                                 size_t group_count, olstm_error* error) {
  const olstm__triton_tensor* slot = &instance->model->traits.slots[index];
  olstm__triton_buffer* buffer = &instance->state_buffers[index];
  olstm_tensor value = {{slot->dtype, slot->rank, {0}}, NULL};
  size_t bytes = 0;
  if (slot->batch_axis < 0) {
    // One request: a slot without a value stays reset.
    if (!instance->group[0]->states[index].is_set) return OLSTM_STATUS_OK;
    value.desc = instance->group[0]->states[index].desc;
  } else {
    for (int32_t d = 0; d < slot->rank; d++) {
      value.desc.dims[d] = d == slot->batch_axis ? (int64_t)group_count : slot->dims[d];
    }
  }
  (void)olstm_tensor_desc_bytes(&value.desc, &bytes);
  OLSTM_RETURN_IF_ERROR(olstm__triton_buffer_reserve(buffer, bytes, error));
  value.data = buffer->data;
  const olstm__triton_rows rows = olstm__triton_rows_of(&value.desc, slot->batch_axis);
  for (size_t g = 0; g < group_count; g++) {
    const olstm__triton_source* source = &instance->group[g]->states[index];
    if (source->is_set) {
      OLSTM_RETURN_IF_ERROR(
          put_source(instance, source, slot->name, &rows, g, 1, value.data, error));
    } else {
      olstm__triton_put_row(&rows, value.data, g, slot->start);
    }
  }
  return olstm_context_set_state(instance->context, slot->name, &value, error);
}

// ---------------------------------------------------------------- running

static olstm_status read_slots(olstm__triton_instance* instance, olstm_error* error) {
  for (size_t s = 0; s < instance->model->traits.slot_count; s++) {
    olstm_state_info info = {.struct_size = sizeof info};
    instance->slots[s] = (olstm_tensor){{OLSTM_DTYPE_UNDEFINED, -1, {0}}, NULL};
    OLSTM_RETURN_IF_ERROR(
        olstm_context_get_state_info(instance->context, s, &info, error));
    if (!info.is_set) continue;
    OLSTM_RETURN_IF_ERROR(olstm_context_get_state(instance->context, info.name,
                                                  &instance->slots[s], error));
  }
  return OLSTM_STATUS_OK;
}

/// Runs the requests of the group together. Nothing of them has changed when it fails.
static olstm_status run_group(olstm__triton_instance* instance, size_t group_count,
                              olstm_error* error) {
  const olstm__triton_traits* traits = &instance->model->traits;
  size_t row_count = 0;
  for (size_t g = 0; g < group_count; g++) row_count += instance->group[g]->row_count;
  for (size_t i = 0; i < traits->input_count; i++) {
    OLSTM_RETURN_IF_ERROR(gather_input(instance, i, group_count, row_count, error));
  }
  OLSTM_RETURN_IF_ERROR(olstm_context_reset(instance->context, error));
  for (size_t s = 0; s < traits->slot_count; s++) {
    OLSTM_RETURN_IF_ERROR(gather_state(instance, s, group_count, error));
  }
  for (size_t i = 0; i < traits->output_count; i++) {
    instance->outputs[i] = (olstm_tensor){0};
  }
  OLSTM_RETURN_IF_ERROR(olstm_context_run(instance->context, instance->inputs,
                                          traits->input_count, instance->outputs,
                                          traits->output_count, error));
  return read_slots(instance, error);
}

static void answer_group(olstm__triton_instance* instance, size_t group_count) {
  const olstm__triton_results results = {instance->outputs, instance->slots};
  size_t first_row = 0;
  for (size_t g = 0; g < group_count; g++) {
    olstm__triton_request* request = instance->group[g];
    olstm__triton_request_answer(request, instance->model, &results, first_row);
    first_row += request->row_count;
  }
}

/// Whether two requests can run together.
static bool go_together(const olstm__triton_model* model, const olstm__triton_request* a,
                        const olstm__triton_request* b) {
  if (!model->config.stacks) return false;
  for (size_t i = 0; i < model->traits.input_count; i++) {
    olstm_tensor_desc other = b->inputs[i].desc;
    const int32_t axis = model->traits.inputs[i].batch_axis;
    other.dims[axis] = a->inputs[i].desc.dims[axis];
    if (!olstm_tensor_desc_equal(&a->inputs[i].desc, &other)) return false;
  }
  return true;
}

/// Runs the first request that is not done, and all that go together with it.
static void run_next(olstm__triton_instance* instance, size_t first, size_t count) {
  olstm__triton_request* requests = instance->requests;
  olstm_error error = {""};
  size_t group_count = 0;
  for (size_t r = first; r < count; r++) {
    if (requests[r].is_done) continue;
    if (r > first && !go_together(instance->model, &requests[first], &requests[r])) {
      continue;
    }
    instance->group[group_count++] = &requests[r];
  }
  olstm_status status = run_group(instance, group_count, &error);
  if (status == OLSTM_STATUS_OK) {
    answer_group(instance, group_count);
    return;
  }
  if (group_count == 1) {
    olstm__triton_request_fail(&requests[first], status, &error);
    return;
  }
  // One of the requests is invalid: run each alone, so that only that one fails.
  for (size_t g = 0; g < group_count; g++) {
    olstm__triton_request* alone = instance->group[g];
    instance->group[0] = alone;
    status = run_group(instance, 1, &error);
    if (status == OLSTM_STATUS_OK) {
      answer_group(instance, 1);
    } else {
      olstm__triton_request_fail(alone, status, &error);
    }
  }
}

// ---------------------------------------------------------------- executing

static void ignore(TRITONSERVER_Error* error) {
  if (error) TRITONSERVER_ErrorDelete(error);
}

/// Sends all responses, reports, and gives the requests back.
static void finish(olstm__triton_instance* instance, size_t count,
                   const clock_times* times) {
  uint64_t row_count = 0;
  for (size_t r = 0; r < count; r++) {
    olstm__triton_request_send(&instance->requests[r], instance->model);
  }
  const uint64_t exec_end = now();
  for (size_t r = 0; r < count; r++) {
    olstm__triton_request* request = &instance->requests[r];
    const bool success = request->status == OLSTM_STATUS_OK;
    if (success && !request->is_null) row_count += request->row_count;
    ignore(TRITONBACKEND_ModelInstanceReportStatistics(
        instance->handle, request->handle, success, times->exec_start,
        times->compute_start, times->compute_end, exec_end));
    olstm__triton_request_release(request);
  }
  if (row_count == 0) return;
  ignore(TRITONBACKEND_ModelInstanceReportBatchStatistics(
      instance->handle, row_count, times->exec_start, times->compute_start,
      times->compute_end, exec_end));
}

olstm_status olstm__triton_instance_execute(olstm__triton_instance* instance,
                                            TRITONBACKEND_Request** requests,
                                            uint32_t request_count, olstm_error* error) {
  clock_times times = {now(), 0, 0};
  OLSTM_RETURN_IF_ERROR(reserve_requests(instance, request_count, error));
  for (size_t r = 0; r < request_count; r++) {
    olstm__triton_request_take(&instance->requests[r], instance->model, requests[r]);
  }
  times.compute_start = now();
  for (size_t r = 0; r < request_count; r++) {
    if (!instance->requests[r].is_done) run_next(instance, r, request_count);
  }
  times.compute_end = now();
  finish(instance, request_count, &times);
  return OLSTM_STATUS_OK;
}
