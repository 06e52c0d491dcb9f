#include "runtime/execute/control_body.h"

#include <string.h>

#include "base/tensor_size.h"

// ---------------------------------------------------------------- outputs and work

olstm_status olstm__control_give_output(const olstm__control_call* call, size_t index,
                                        const olstm_tensor* value, olstm_error* error) {
  const size_t bytes = olstm__desc_bytes(&value->desc);
  OLSTM_RETURN_IF_ERROR(olstm__control_allocate_output(call, index, &value->desc, error));
  if (bytes) memcpy(call->outputs[index].data, value->data, bytes);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_count_work(const olstm__control_call* call, uint64_t work,
                                       olstm_error* error) {
  return olstm__run_limits_count(call->limits, work, call->node->node.op_type,
                                 call->node->node.name, error);
}

// ---------------------------------------------------------------- cache

void olstm__control_cache_destroy(const olstm_allocator* allocator,
                                  olstm__control_cache* cache) {
  for (size_t b = 0; cache->buffers && b < cache->buffer_count; b++) {
    olstm_release(allocator, cache->buffers[b].memory, 1, cache->buffers[b].bytes);
  }
  olstm_release(allocator, cache->buffers, cache->buffer_count, sizeof *cache->buffers);
  olstm_release(allocator, cache->inputs, cache->input_capacity, sizeof *cache->inputs);
  olstm_release(allocator, cache->is_constant, cache->input_capacity, 1);
  olstm_release(allocator, cache->outputs, cache->output_capacity,
                sizeof *cache->outputs);
  olstm_release(allocator, cache->rows, cache->output_capacity, sizeof *cache->rows);
  olstm_release(allocator, cache, 1, sizeof *cache);
}

olstm_status olstm__control_get_cache(const olstm__control_call* call,
                                      size_t buffer_count,
                                      olstm__control_cache** out_cache,
                                      olstm_error* error) {
  const olstm__program_node* node = call->node;
  *out_cache = *call->cache;
  if (*out_cache) {
    (*out_cache)->max_bytes = call->limits->max_memory;
    return OLSTM_STATUS_OK;
  }
  olstm__control_cache* cache = olstm_allocate_zeroed(call->allocator, 1, sizeof *cache);
  if (!cache) {
    return olstm__control_fail(node, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  cache->max_bytes = call->limits->max_memory;
  cache->buffer_count = buffer_count;
  for (size_t b = 0; b < node->body_count; b++) {
    const olstm__program* program = node->bodies[b].program;
    if (program->input_count > cache->input_capacity) {
      cache->input_capacity = program->input_count;
    }
    if (program->output_count > cache->output_capacity) {
      cache->output_capacity = program->output_count;
    }
  }
  cache->buffers =
      olstm_allocate_zeroed(call->allocator, buffer_count, sizeof *cache->buffers);
  cache->inputs = olstm_allocate_zeroed(call->allocator, cache->input_capacity,
                                        sizeof *cache->inputs);
  cache->is_constant = olstm_allocate_zeroed(call->allocator, cache->input_capacity, 1);
  cache->outputs = olstm_allocate_zeroed(call->allocator, cache->output_capacity,
                                         sizeof *cache->outputs);
  cache->rows =
      olstm_allocate_zeroed(call->allocator, cache->output_capacity, sizeof *cache->rows);
  if (!cache->buffers || !cache->inputs || !cache->is_constant || !cache->outputs ||
      !cache->rows) {
    olstm__control_cache_destroy(call->allocator, cache);
    return olstm__control_fail(node, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  *call->cache = cache;
  *out_cache = cache;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__control_reserve(const olstm__control_call* call,
                                    olstm__control_cache* cache, size_t index,
                                    size_t bytes, size_t kept_bytes, olstm_error* error) {
  olstm__control_buffer* buffer = &cache->buffers[index];
  if (bytes <= buffer->bytes) return OLSTM_STATUS_OK;
  const size_t others = cache->bytes - buffer->bytes;
  if (bytes > cache->max_bytes || others > cache->max_bytes - bytes) {
    return olstm__control_fail(
        call->node, error, OLSTM_STATUS_LIMIT_EXCEEDED,
        "needs %zu bytes more than max_memory, which is %zu",
        bytes > cache->max_bytes - others ? bytes - (cache->max_bytes - others) : 0,
        cache->max_bytes);
  }
  void* memory = olstm_allocate(call->allocator, 1, bytes);
  if (!memory) {
    return olstm__control_fail(call->node, error, OLSTM_STATUS_OUT_OF_MEMORY,
                               "no memory for %zu bytes", bytes);
  }
  if (kept_bytes) memcpy(memory, buffer->memory, kept_bytes);
  olstm_release(call->allocator, buffer->memory, 1, buffer->bytes);
  cache->bytes = others + bytes;
  *buffer = (olstm__control_buffer){memory, bytes};
  return OLSTM_STATUS_OK;
}

// ---------------------------------------------------------------- a body

void olstm__body_run_init(olstm__body_run* run, const olstm__control_call* call,
                          olstm__control_cache* cache) {
  const olstm__program_body* body = &call->node->bodies[0];
  const size_t own_count = body->program->input_count - body->capture_count;
  run->call = call;
  run->body = body;
  run->executor = call->executors[0];
  run->cache = cache;
  run->side = 0;
  run->plan = NULL;
  for (size_t i = 0; i < own_count; i++) cache->is_constant[i] = false;
  for (size_t c = 0; c < body->capture_count; c++) {
    cache->inputs[own_count + c] = *call->inputs[body->first_capture + c];
    cache->is_constant[own_count + c] = call->is_constant[body->first_capture + c];
  }
}

olstm_status olstm__body_run_prepare(olstm__body_run* run, olstm_error* error) {
  olstm__control_cache* cache = run->cache;
  OLSTM_RETURN_IF_ERROR(run->call->bodies->prepare(run->executor, cache->inputs,
                                                   cache->is_constant, error));
  run->plan = run->call->bodies->plan(run->executor);
  for (size_t o = 0; o < run->plan->output_count; o++) {
    cache->outputs[o] = (olstm_tensor){0};
  }
  for (size_t k = 0; k < run->carried_count; k++) {
    const size_t o = run->first_carried_output + k;
    const olstm__plan_output* output = &run->plan->outputs[o];
    const size_t bytes = output->is_known ? olstm__desc_bytes(&output->desc) : 0;
    if (bytes == 0) continue;
    const size_t index = 2 * k + run->side;
    OLSTM_RETURN_IF_ERROR(
        olstm__control_reserve(run->call, cache, index, bytes, 0, error));
    cache->outputs[o] = (olstm_tensor){output->desc, cache->buffers[index].memory};
  }
  return OLSTM_STATUS_OK;
}

/// Fails unless a carried value has the dtype it started with.
static olstm_status check_carried(const olstm__body_run* run, size_t k,
                                  const olstm_tensor_desc* desc, olstm_error* error) {
  const olstm_dtype expected =
      run->cache->inputs[run->first_carried_input + k].desc.dtype;
  if (desc->dtype == expected) return OLSTM_STATUS_OK;
  const olstm__program* program = run->body->program;
  const int32_t value = program->outputs[run->first_carried_output + k];
  return olstm__control_fail(run->call->node, error, OLSTM_STATUS_DTYPE_MISMATCH,
                             "its body gives '%s' dtype %s, expected %s",
                             program->graph->values[value].info.name,
                             olstm_dtype_name(desc->dtype), olstm_dtype_name(expected));
}

/// Copies a carried value out of the executor's buffer, which its next run overwrites,
/// into a buffer of the node.
static olstm_status keep_carried(olstm__body_run* run, size_t k, olstm_tensor* value,
                                 olstm_error* error) {
  const size_t index = 2 * k + run->side;
  const size_t bytes = olstm__desc_bytes(&value->desc);
  if (bytes == 0 || value->data == run->cache->buffers[index].memory) {
    return OLSTM_STATUS_OK;
  }
  OLSTM_RETURN_IF_ERROR(olstm__control_count_work(run->call, bytes / 2, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__control_reserve(run->call, run->cache, index, bytes, 0, error));
  memcpy(run->cache->buffers[index].memory, value->data, bytes);
  value->data = run->cache->buffers[index].memory;
  return OLSTM_STATUS_OK;
}

/// The number of the trip `count`, from 1, of a loop in trip `outer` of others.
static uint64_t trip_inside(uint64_t outer, uint64_t count) {
  return outer * UINT64_C(0x9e3779b97f4a7c15) + count;
}

olstm_status olstm__body_run_step(olstm__body_run* run, olstm_error* error) {
  olstm__control_cache* cache = run->cache;
  olstm__run_limits* limits = run->call->limits;
  const uint64_t outer = limits->trip;
  limits->trip = trip_inside(outer, ++run->trip_count);
  const olstm_status status = run->call->bodies->run(
      run->executor, cache->inputs, cache->outputs, run->call->parallel, error);
  limits->trip = outer;
  OLSTM_RETURN_IF_ERROR(status);
  for (size_t k = 0; k < run->carried_count; k++) {
    olstm_tensor* value = &cache->outputs[run->first_carried_output + k];
    OLSTM_RETURN_IF_ERROR(check_carried(run, k, &value->desc, error));
    OLSTM_RETURN_IF_ERROR(keep_carried(run, k, value, error));
  }
  for (size_t k = 0; k < run->carried_count; k++) {
    cache->inputs[run->first_carried_input + k] =
        cache->outputs[run->first_carried_output + k];
  }
  run->side = 1 - run->side;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__body_run_foresee(const olstm__body_run* run, size_t output,
                                     olstm_tensor_desc* out_desc, olstm_error* error) {
  const olstm__program* program = run->body->program;
  const olstm_value_info* info = &program->graph->values[program->outputs[output]].info;
  if (run->plan && run->plan->outputs[output].is_known) {
    *out_desc = run->plan->outputs[output].desc;
    return OLSTM_STATUS_OK;
  }
  if (info->dtype == OLSTM_DTYPE_UNDEFINED || info->rank < 0) {
    return olstm__control_fail(
        run->call->node, error, OLSTM_STATUS_UNSUPPORTED,
        "its body does not run, and nothing says what '%s' would be", info->name);
  }
  *out_desc = (olstm_tensor_desc){.dtype = info->dtype, .rank = info->rank};
  for (int32_t d = 0; d < out_desc->rank; d++) {
    out_desc->dims[d] = info->dims[d] < 0 ? 0 : info->dims[d];
  }
  return OLSTM_STATUS_OK;
}
