#include "runtime/host/operator_call.h"

#include "base/tensor_size.h"
#include "runtime/host/shape_hint.h"

void olstm__call_begin(olstm_error* error) {
  if (error) error->message[0] = '\0';
}

olstm_status olstm__call_end(const olstm_node* node, const char* callback,
                             olstm_status status, olstm_error* error) {
  if (status == OLSTM_STATUS_OK || !error || error->message[0] != '\0') return status;
  return olstm_fail(error, status, "%s '%s': %s failed with status %d and no message",
                    node->op_type, node->name, callback, (int)status);
}

olstm_status olstm__call_create(const olstm_operator* callbacks,
                                const olstm_create_args* args,
                                olstm__operator_memory* memory, void** out_instance,
                                olstm_error* error) {
  olstm__call_begin(error);
  const olstm_status status =
      olstm__call_end(args->node, "create",
                      callbacks->create(callbacks, args, out_instance, error), error);
  return olstm__operator_memory_explain(memory, args->node, status, error);
}

olstm_status olstm__call_infer(const olstm__operator_instance* of,
                               const olstm_infer_args* args,
                               olstm_tensor_desc* out_outputs, olstm_error* error) {
  olstm__call_begin(error);
  const olstm_status status =
      of->callbacks->infer(of->instance, args, out_outputs, error);
  // Not a failure: the caller retries with more data.
  if (status == OLSTM_STATUS_NEEDS_DATA) return status;
  if (status == OLSTM_STATUS_SHAPE_MISMATCH) {
    olstm__shape_hint_add(of->node, args->inputs, error);
  }
  return olstm__call_end(of->node, "infer", status, error);
}

olstm_status olstm__call_prepare(const olstm__operator_instance* of,
                                 const olstm_prepare_args* args,
                                 olstm__operator_memory* memory,
                                 olstm_prepared* out_prepared, olstm_error* error) {
  olstm__call_begin(error);
  const olstm_status status = olstm__call_end(
      of->node, "prepare",
      of->callbacks->prepare(of->instance, args, out_prepared, error), error);
  return olstm__operator_memory_explain(memory, of->node, status, error);
}

olstm_status olstm__call_run(const olstm__operator_instance* of, const void* handle,
                             const olstm_run_args* args, olstm_error* error) {
  olstm__call_begin(error);
  return olstm__call_end(of->node, "run",
                         of->callbacks->run(of->instance, handle, args, error), error);
}

static bool is_valid(const olstm_tensor_desc* desc) {
  if (olstm_dtype_size(desc->dtype) == 0 || desc->rank < 0 ||
      desc->rank > OLSTM_MAX_RANK) {
    return false;
  }
  for (int32_t d = 0; d < desc->rank; d++) {
    if (desc->dims[d] < 0) return false;
  }
  return true;
}

size_t olstm__call_output_limit(size_t max_memory, const olstm_tensor* const* inputs,
                                size_t count) {
  size_t most = max_memory;
  for (size_t i = 0; i < count; i++) {
    const size_t bytes = inputs[i] ? olstm__desc_bytes(&inputs[i]->desc) : 0;
    if (bytes > most) most = bytes;
  }
  return most;
}

olstm_status olstm__call_check_output(const olstm_node* node, size_t o,
                                      const olstm_tensor_desc* desc, size_t most,
                                      size_t* out_bytes, olstm_error* error) {
  if (olstm_tensor_desc_bytes(desc, out_bytes) && *out_bytes <= most) {
    return OLSTM_STATUS_OK;
  }
  if (!is_valid(desc)) {
    return olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                      "%s '%s': output '%s' is said to have dtype %s and shape %s",
                      node->op_type, node->name, node->output_names[o],
                      olstm_dtype_name(desc->dtype), olstm_shape_text(desc).text);
  }
  return olstm_fail(error, OLSTM_STATUS_LIMIT_EXCEEDED,
                    "%s '%s': output '%s' has shape %s, which is too large",
                    node->op_type, node->name, node->output_names[o],
                    olstm_shape_text(desc).text);
}
