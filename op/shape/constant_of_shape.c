// ConstantOfShape: a tensor of one value, 0.0f unless told otherwise.
#include <string.h>

#include "op/shape/move_bytes.h"
#include "op/shape/shape_ops.h"

typedef struct constant_op {
  olstm__op_base base;
  olstm_dtype dtype;
  /// The element's bytes.
  _Alignas(uint64_t) uint8_t value[8];
} constant_op;

typedef struct constant_handle {
  olstm__op_handle head;
  size_t count;
  size_t element_bytes;
} constant_handle;

static olstm_status parse_constant(void* instance, olstm_error* error) {
  constant_op* op = instance;
  const olstm_attribute* value = olstm_node_find_attribute(op->base.node, "value");
  op->dtype = OLSTM_DTYPE_FLOAT;
  if (!value) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm_node_check_attribute(op->base.node, value, OLSTM_ATTRIBUTE_TENSOR, error));
  const olstm_tensor_desc* desc = &value->tensor->desc;
  if (olstm_tensor_desc_count(desc) != 1) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_MODEL,
                          "attribute value has shape %s, expected one element",
                          olstm_shape_text(desc).text);
  }
  op->dtype = desc->dtype;
  if (!(OLSTM__DTYPES_ALL & OLSTM_DTYPE_BIT(op->dtype))) {
    return olstm__op_fail(&op->base, error, OLSTM_STATUS_UNSUPPORTED,
                          "attribute value of dtype %s is not supported",
                          olstm_dtype_name(op->dtype));
  }
  memcpy(op->value, value->tensor->data, olstm_dtype_size(op->dtype));
  return OLSTM_STATUS_OK;
}

olstm_status olstm__constant_of_shape_infer(const void* instance,
                                            const olstm_infer_args* args,
                                            olstm_tensor_desc* out_outputs,
                                            olstm_error* error) {
  const constant_op* op = instance;
  olstm_tensor_desc output = {.dtype = op->dtype};
  size_t rank = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_check_dtype(&op->base, args, 0, op->base.self->dtypes, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__op_read_ints(&op->base, args, 0, OLSTM_MAX_RANK, output.dims, &rank, error));
  output.rank = (int32_t)rank;
  for (size_t d = 0; d < rank; d++) {
    if (output.dims[d] < 0) {
      return olstm__op_fail(&op->base, error, OLSTM_STATUS_INVALID_VALUE,
                            "shape %s has a negative dimension",
                            olstm_shape_text(&output).text);
    }
  }
  OLSTM_RETURN_IF_ERROR(olstm__op_check_output(&op->base, &output, error));
  out_outputs[0] = output;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__constant_of_shape_prepare(void* instance,
                                              const olstm_prepare_args* args,
                                              olstm_prepared* out_prepared,
                                              olstm_error* error) {
  const constant_op* op = instance;
  void* memory = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__op_create_handle(&op->base, sizeof(constant_handle), &memory, error));
  constant_handle* handle = memory;
  handle->count = (size_t)olstm_tensor_desc_count(&args->outputs[0]);
  handle->element_bytes = olstm_dtype_size(op->dtype);
  out_prepared->handle = handle;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__constant_of_shape_run(const void* instance, const void* handle,
                                          const olstm_run_args* args,
                                          olstm_error* error) {
  const constant_op* op = instance;
  const constant_handle* constant = handle;
  (void)error;
  olstm__fill_elements(args->outputs[0], constant->count, constant->element_bytes,
                       op->value);
  return OLSTM_STATUS_OK;
}

static const char* const kValue[] = {"value", NULL};

const olstm__op_schema olstm__constant_of_shape_schema = {
    .arity = {1, 1, 1},
    .attributes = kValue,
    .instance_bytes = sizeof(constant_op),
    .parse = parse_constant};
