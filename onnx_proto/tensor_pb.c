// Reads and writes TensorProto files, the format of ONNX's test data.
#include "onnx_proto/budget.h"
#include "onnx_proto/file_guess.h"
#include "onnx_proto/model.h"
#include "onnx_proto/schema.h"
#include "onnx_proto/tensor_data.h"
#include "onnx_proto/wire_scan.h"

/// More than a TensorProto with external_data needs.
enum { kTensorDepth = 10 };

static olstm_status unpack_tensor(const void* bytes, size_t byte_count,
                                  const olstm_allocator* allocator, olstm__budget* budget,
                                  const olstm__tensor_proto** out_proto,
                                  olstm_error* error) {
  const ProtobufCMessageDescriptor* descriptor = &onnx__tensor_proto__descriptor;
  const ProtobufCMessage* message = NULL;
  if (byte_count == 0 || byte_count > INT32_MAX) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_MODEL,
                      "a TensorProto has 1 byte to 2 GB, not %zu bytes", byte_count);
  }
  const size_t limit = olstm__budget_default_limit(byte_count);
  olstm__budget_init(budget, allocator, limit);
  const olstm__wire_limits limits = {.max_depth = kTensorDepth, .max_memory = limit};
  OLSTM_RETURN_IF_ERROR(
      olstm__wire_scan(descriptor, bytes, byte_count, &limits, allocator, NULL, error));
  OLSTM_RETURN_IF_ERROR(
      olstm__budget_unpack(budget, descriptor, bytes, byte_count, &message, error));
  *out_proto = (const olstm__tensor_proto*)message;
  return OLSTM_STATUS_OK;
}

static olstm_status copy_tensor(const olstm__tensor_proto* proto,
                                const olstm_allocator* allocator,
                                olstm_tensor* out_tensor, olstm_error* error) {
  const olstm__tensor_label label = {.tensor_name = proto->name};
  olstm_tensor tensor = {0};
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__tensor_describe(proto, &label, &tensor.desc, &bytes, error));
  if (tensor.desc.dtype == OLSTM_DTYPE_STRING) {
    return olstm__tensor_fail(&label, error, OLSTM_STATUS_UNSUPPORTED,
                              "strings are not supported");
  }
  if (proto->n_external_data > 0 ||
      (proto->has_data_location &&
       proto->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT)) {
    return olstm__tensor_fail(&label, error, OLSTM_STATUS_UNSUPPORTED,
                              "external data is not supported here");
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__tensor_check_data(proto, &label, &tensor.desc, bytes, error));
  tensor.data = olstm_allocate(allocator, bytes, 1);
  if (!tensor.data) {
    return olstm__tensor_fail(&label, error, OLSTM_STATUS_OUT_OF_MEMORY,
                              "no memory for its %zu bytes", bytes);
  }
  const olstm_status status =
      olstm__tensor_copy_data(proto, &label, &tensor.desc, bytes, tensor.data, error);
  if (status != OLSTM_STATUS_OK) {
    olstm_release(allocator, tensor.data, bytes, 1);
    return status;
  }
  *out_tensor = tensor;
  return OLSTM_STATUS_OK;
}

/// Whether the bytes look like an ONNX model: one starts with its IR version, followed by
/// another of its own fields, usually the producer's name.
static bool is_model(const uint8_t* bytes, size_t byte_count) {
  return byte_count > 2 && bytes[0] == 0x08 && bytes[1] >= 3 && bytes[1] < 32 &&
         memchr("\x12\x1a\x22\x32\x3a\x42", bytes[2], 6) != NULL;
}

/// Fails for bytes that are no TensorProto; names the format when it is a known one.
static olstm_status explain(const void* bytes, size_t byte_count, olstm_status status,
                            olstm_error* error) {
  const char* guess = olstm__file_guess(bytes, byte_count);
  if (!guess && is_model(bytes, byte_count)) guess = "an ONNX model";
  return guess ? olstm_fail(error, status, "not a TensorProto: it is %s", guess) : status;
}

olstm_status olstm_tensor_read_pb(const void* bytes, size_t byte_count,
                                  const olstm_allocator* allocator,
                                  olstm_tensor* out_tensor,
                                  char out_name[OLSTM_ERROR_CAPACITY],
                                  olstm_error* error) {
  if ((!bytes && byte_count > 0) || !out_tensor) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "bytes or out_tensor is NULL");
  }
  const olstm_allocator source = olstm_allocator_or_default(allocator);
  const olstm__tensor_proto* proto = NULL;
  olstm__budget budget = {.used = 0};
  memset(out_tensor, 0, sizeof *out_tensor);
  if (out_name) out_name[0] = '\0';
  olstm_status status = unpack_tensor(bytes, byte_count, &source, &budget, &proto, error);
  if (status == OLSTM_STATUS_OK && proto)
    status = copy_tensor(proto, &source, out_tensor, error);
  if (status == OLSTM_STATUS_OK && out_name && proto && proto->name) {
    (void)snprintf(out_name, OLSTM_ERROR_CAPACITY, "%s", proto->name);
  }
  olstm__budget_deinit(&budget);
  return status == OLSTM_STATUS_INVALID_MODEL ? explain(bytes, byte_count, status, error)
                                              : status;
}

void olstm_tensor_deinit(olstm_tensor* tensor, const olstm_allocator* allocator) {
  size_t bytes = 0;
  if (!tensor) return;
  const olstm_allocator source = olstm_allocator_or_default(allocator);
  if (tensor->data && olstm_tensor_desc_bytes(&tensor->desc, &bytes)) {
    olstm_release(&source, tensor->data, bytes, 1);
  }
  memset(tensor, 0, sizeof *tensor);
}

olstm_status olstm_tensor_write_pb(const olstm_tensor* tensor, const char* name,
                                   const olstm_allocator* allocator, void** out_bytes,
                                   size_t* out_byte_count, olstm_error* error) {
  olstm__tensor_proto proto = ONNX__TENSOR_PROTO__INIT;
  int64_t dims[OLSTM_MAX_RANK];
  size_t bytes = 0;
  if (!tensor || !out_bytes || !out_byte_count) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "tensor, out_bytes or out_byte_count is NULL");
  }
  *out_bytes = NULL;
  *out_byte_count = 0;
  if (!olstm__dtype_is_known(tensor->desc.dtype) ||
      tensor->desc.dtype == OLSTM_DTYPE_STRING ||
      !olstm_tensor_desc_bytes(&tensor->desc, &bytes) || bytes > INT32_MAX ||
      (!tensor->data && bytes > 0)) {
    return olstm_fail(error, OLSTM_STATUS_INVALID_ARGUMENT,
                      "a tensor of %s and rank %d cannot be written",
                      olstm_dtype_name(tensor->desc.dtype), (int)tensor->desc.rank);
  }
  memcpy(dims, tensor->desc.dims, sizeof dims);
  proto.n_dims = (size_t)tensor->desc.rank;
  proto.dims = dims;
  proto.has_data_type = true;
  proto.data_type = tensor->desc.dtype;
  proto.has_raw_data = true;
  proto.raw_data.len = bytes;
  proto.raw_data.data = tensor->data;
  // protobuf-c does not write to it.
  proto.name = (char*)(uintptr_t)(name ? name : "");
  const size_t byte_count = onnx__tensor_proto__get_packed_size(&proto);
  const olstm_allocator source = olstm_allocator_or_default(allocator);
  uint8_t* packed = olstm_allocate(&source, byte_count, 1);
  if (!packed) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY,
                      "no memory for the %zu bytes of a TensorProto", byte_count);
  }
  (void)onnx__tensor_proto__pack(&proto, packed);
  *out_bytes = packed;
  *out_byte_count = byte_count;
  return OLSTM_STATUS_OK;
}
