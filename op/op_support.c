#include "op/op_support.h"

#include <stdio.h>

olstm_status olstm__op_create(const olstm_operator* self, const olstm_create_args* args,
                              size_t instance_bytes, void** out_instance,
                              olstm_error* error) {
  olstm__op_base* base = olstm_allocate_zeroed(args->host->allocator, 1, instance_bytes);
  if (!base) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "%s '%s': no memory",
                      args->node->op_type, args->node->name);
  }
  base->self = self;
  base->node = args->node;
  base->allocator = *args->host->allocator;
  base->options = *args->options;
  base->instance_bytes = instance_bytes;
  *out_instance = base;
  return OLSTM_STATUS_OK;
}

void olstm__op_destroy(void* instance) {
  olstm__op_base* base = instance;
  if (!base) return;
  const olstm_allocator allocator = base->allocator;
  olstm_release(&allocator, base, 1, base->instance_bytes);
}

olstm_status olstm__op_prepare_nothing(void* instance, const olstm_prepare_args* args,
                                       olstm_prepared* out_prepared, olstm_error* error) {
  (void)instance;
  (void)args;
  (void)out_prepared;
  (void)error;
  return OLSTM_STATUS_OK;
}

void olstm__op_release_nothing(void* instance, void* handle) {
  (void)instance;
  (void)handle;
}

olstm_status olstm__op_fail(const olstm__op_base* base, olstm_error* error,
                            olstm_status code, const char* format, ...) {
  char detail[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(detail, sizeof detail, format, arguments);
  va_end(arguments);
  return olstm_fail(error, code, "%s '%s': %s", base->node->op_type, base->node->name,
                    detail);
}

olstm_status olstm__op_check_arity(const olstm__op_base* base,
                                   const olstm__op_arity* arity, olstm_error* error) {
  const olstm_node* node = base->node;
  for (size_t i = 0; i < arity->required_inputs; i++) {
    if (!olstm_node_has_input(node, i)) {
      return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                            "input %zu is missing", i);
    }
  }
  for (size_t i = arity->max_inputs; i < node->input_count; i++) {
    if (olstm_node_has_input(node, i)) {
      return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                            "has %zu inputs, expected at most %zu", node->input_count,
                            arity->max_inputs);
    }
  }
  for (size_t i = arity->max_outputs; i < node->output_count; i++) {
    if (olstm_node_has_output(node, i)) {
      return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                            "has %zu outputs, expected at most %zu", node->output_count,
                            arity->max_outputs);
    }
  }
  if (node->output_count == 0) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL, "has no outputs");
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__op_normalize_axis(const olstm__op_base* base, const char* what,
                                      int64_t axis, int32_t rank, int32_t* out_axis,
                                      olstm_error* error) {
  if (axis < -(int64_t)rank || axis >= rank) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                          "%s is %" PRId64 ", expected %d..%d", what, axis, (int)-rank,
                          (int)rank - 1);
  }
  *out_axis = (int32_t)(axis < 0 ? axis + rank : axis);
  return OLSTM_STATUS_OK;
}

olstm_status olstm__op_check_dtype(const olstm__op_base* base,
                                   const olstm_infer_args* args, size_t index,
                                   uint64_t dtypes, olstm_error* error) {
  const olstm_dtype dtype = args->inputs[index]->desc.dtype;
  if (dtype > 0 && dtype < 64 && (dtypes & OLSTM_DTYPE_BIT(dtype))) {
    return OLSTM_STATUS_OK;
  }
  return olstm__op_fail(base, error, OLSTM_STATUS_DTYPE_MISMATCH,
                        "input '%s' has dtype %s, which opset %d has no meaning for",
                        base->node->input_names[index], olstm_dtype_name(dtype),
                        (int)base->node->opset_version);
}
