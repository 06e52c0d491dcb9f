#include "op/op_support.h"

#include <stdio.h>
#include <string.h>

// The size of version 1 of a struct, which ends with field `last`.
#define BYTES_V1(type, last) (offsetof(type, last) + sizeof(((type*)0)->last))

static olstm_status check_struct_sizes(const olstm_create_args* args,
                                       olstm_error* error) {
  const struct {
    const char* name;
    size_t given, expected;
  } sizes[] = {
      {"olstm_create_args", args->struct_size, BYTES_V1(olstm_create_args, options)},
      {"olstm_host", args->host->struct_size, BYTES_V1(olstm_host, allocator)},
      {"olstm_node", args->node->struct_size, BYTES_V1(olstm_node, output_names)},
      {"olstm_operator_options", args->options->struct_size,
       BYTES_V1(olstm_operator_options, kernel)}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    if (sizes[i].given >= sizes[i].expected) continue;
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "%s '%s': struct_size of %s is %zu, expected at least %zu",
                      args->node->op_type, args->node->name, sizes[i].name,
                      sizes[i].given, sizes[i].expected);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status check_options(const olstm_create_args* args, olstm_error* error) {
  const olstm_operator_options* options = args->options;
  const bool knows_precision = options->precision >= OLSTM_PRECISION_F32 &&
                               options->precision <= OLSTM_PRECISION_INT8;
  if (options->thread_count >= 1 && knows_precision) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                    knows_precision ? "%s '%s': thread_count is %d, expected 1 or more"
                                    : "%s '%s': there is no precision %d",
                    args->node->op_type, args->node->name,
                    (int)(knows_precision ? options->thread_count : options->precision));
}

olstm_status olstm__op_create(const olstm_operator* self, const olstm_create_args* args,
                              size_t instance_bytes, void** out_instance,
                              olstm_error* error) {
  OLSTM_RETURN_IF_ERROR(check_struct_sizes(args, error));
  OLSTM_RETURN_IF_ERROR(check_options(args, error));
  olstm__op_base* base = olstm_allocate_zeroed(args->host->allocator, 1, instance_bytes);
  if (!base) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "%s '%s': no memory",
                      args->node->op_type, args->node->name);
  }
  base->self = self;
  base->node = args->node;
  base->host = args->host;
  base->allocator = *args->host->allocator;
  // An older host's has fewer fields; those that it lacks are zero.
  const size_t known = args->options->struct_size;
  memcpy(&base->options, args->options,
         known < sizeof base->options ? known : sizeof base->options);
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

static size_t count_required(const olstm_node* node, const olstm__op_arity* arity) {
  if (arity->required_inputs != OLSTM__OP_ANY) return arity->required_inputs;
  return node->input_count > 0 ? node->input_count : 1;
}

olstm_status olstm__op_check_arity(const olstm__op_base* base,
                                   const olstm__op_arity* arity, olstm_error* error) {
  const olstm_node* node = base->node;
  const size_t required = count_required(node, arity);
  for (size_t i = 0; i < required; i++) {
    if (!olstm_node_has_input(node, i)) {
      return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                            "input %zu is missing", i);
    }
  }
  // An absent one counts, too: a surplus output that nobody uses became absent on the
  // way.
  if (node->input_count > arity->max_inputs && arity->max_inputs != OLSTM__OP_ANY) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                          "has %zu inputs, expected at most %d", node->input_count,
                          (int)arity->max_inputs);
  }
  if (node->output_count > arity->max_outputs && arity->max_outputs != OLSTM__OP_ANY) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL,
                          "has %zu outputs, expected at most %d", node->output_count,
                          (int)arity->max_outputs);
  }
  if (node->output_count == 0) {
    return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_MODEL, "has no outputs");
  }
  return OLSTM_STATUS_OK;
}

static olstm_status check_schema(const olstm__op_base* base,
                                 const olstm__op_schema* schema, olstm_error* error) {
  size_t attribute_count = 0;
  while (schema->attributes && schema->attributes[attribute_count]) attribute_count++;
  OLSTM_RETURN_IF_ERROR(olstm_node_allow_attributes(base->node, schema->attributes,
                                                    attribute_count, error));
  return olstm__op_check_arity(base, &schema->arity, error);
}

olstm_status olstm__op_create_schema(const olstm_operator* self,
                                     const olstm_create_args* args, void** out_instance,
                                     olstm_error* error) {
  const olstm__op_schema* schema = self->variant;
  void* instance = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create(self, args, schema->instance_bytes, &instance, error));
  olstm_status status = check_schema(instance, schema, error);
  if (status == OLSTM_STATUS_OK && schema->parse) status = schema->parse(instance, error);
  if (status != OLSTM_STATUS_OK) {
    olstm__op_destroy(instance);
    return status;
  }
  *out_instance = instance;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__op_create_handle(const olstm__op_base* base, size_t bytes,
                                     void** out_handle, olstm_error* error) {
  olstm__op_handle* handle = olstm_allocate_zeroed(&base->allocator, 1, bytes);
  if (!handle) {
    return olstm__op_fail(base, error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  }
  handle->bytes = bytes;
  *out_handle = handle;
  return OLSTM_STATUS_OK;
}

void olstm__op_release_handle(void* instance, void* handle) {
  const olstm__op_base* base = instance;
  if (handle) {
    olstm_release(&base->allocator, handle, 1, ((olstm__op_handle*)handle)->bytes);
  }
}

bool olstm__op_add_part(size_t* total, size_t count, size_t size, size_t* out_offset) {
  size_t bytes = 0;
  *out_offset = *total;
  return olstm_size_multiply(count, size, &bytes) && olstm_size_align(bytes, &bytes) &&
         olstm_size_add(*total, bytes, total);
}

bool olstm__op_knows_input(const olstm_infer_args* args, size_t index) {
  if (index >= args->input_count || !args->inputs[index]) return false;
  return args->inputs[index]->data ||
         olstm_tensor_desc_count(&args->inputs[index]->desc) == 0;
}

olstm_status olstm__op_read_ints(const olstm__op_base* base, const olstm_infer_args* args,
                                 size_t index, size_t capacity, int64_t* out_values,
                                 size_t* out_count, olstm_error* error) {
  *out_count = 0;
  if (index >= args->input_count || !args->inputs[index]) return OLSTM_STATUS_OK;
  const olstm_tensor* tensor = args->inputs[index];
  const char* name = base->node->input_names[index];
  OLSTM_RETURN_IF_ERROR(olstm__op_check_dtype(
      base, args, index,
      OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64), error));
  const int64_t count = tensor->desc.rank == 0 ? 1 : tensor->desc.dims[0];
  if (tensor->desc.rank > 1 || count > (int64_t)capacity) {
    return olstm__op_fail(
        base, error, OLSTM_STATUS_SHAPE_MISMATCH,
        "input '%s' has shape %s, expected a list of at most %zu values", name,
        olstm_shape_text(&tensor->desc).text, capacity);
  }
  if (!olstm__op_knows_input(args, index)) {
    return olstm__op_fail(base, error, OLSTM_STATUS_NEEDS_DATA,
                          "the values of input '%s' are not known yet", name);
  }
  for (int64_t i = 0; i < count; i++) {
    out_values[i] = tensor->desc.dtype == OLSTM_DTYPE_INT64
                        ? ((const int64_t*)tensor->data)[i]
                        : ((const int32_t*)tensor->data)[i];
  }
  *out_count = (size_t)count;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__op_copy_ints(const olstm__op_base* base, const char* name,
                                 size_t capacity, int64_t* out_values, size_t* out_count,
                                 bool* out_given, olstm_error* error) {
  const int64_t* values = NULL;
  OLSTM_RETURN_IF_ERROR(olstm_node_get_ints(base->node, name, &values, out_count, error));
  *out_given = olstm_node_find_attribute(base->node, name) != NULL;
  if (*out_count > capacity) {
    return olstm__op_fail(base, error, OLSTM_STATUS_UNSUPPORTED,
                          "attribute %s has %zu values, olstm takes at most %zu", name,
                          *out_count, capacity);
  }
  for (size_t i = 0; i < *out_count; i++) out_values[i] = values[i];
  return OLSTM_STATUS_OK;
}

olstm_status olstm__op_check_output(const olstm__op_base* base,
                                    const olstm_tensor_desc* output, olstm_error* error) {
  size_t bytes = 0;
  if (output->rank > OLSTM_MAX_RANK) {
    return olstm__op_fail(base, error, OLSTM_STATUS_UNSUPPORTED,
                          "the output has rank %d, olstm runs at most %d",
                          (int)output->rank, (int)OLSTM_MAX_RANK);
  }
  if (olstm_tensor_desc_bytes(output, &bytes)) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_INVALID_VALUE,
                        "output shape %s is too large", olstm_shape_text(output).text);
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

olstm_status olstm__op_check_same_dtype(const olstm__op_base* base,
                                        const olstm_infer_args* args, size_t index,
                                        size_t as, olstm_error* error) {
  if (index >= args->input_count || !args->inputs[index]) return OLSTM_STATUS_OK;
  const olstm_dtype dtype = args->inputs[index]->desc.dtype;
  const olstm_dtype expected = args->inputs[as]->desc.dtype;
  if (dtype == expected) return OLSTM_STATUS_OK;
  return olstm__op_fail(base, error, OLSTM_STATUS_DTYPE_MISMATCH,
                        "input '%s' has dtype %s, expected %s as input '%s' has",
                        base->node->input_names[index], olstm_dtype_name(dtype),
                        olstm_dtype_name(expected), base->node->input_names[as]);
}

void olstm__op_give_parts(olstm_prepared* out_prepared, int32_t input,
                          const size_t* offsets) {
  const size_t known = offsetof(olstm_prepared, part_of_input) + sizeof(int32_t);
  if (out_prepared->struct_size < known) return;
  out_prepared->part_offsets = offsets;
  out_prepared->part_of_input = input;
}
