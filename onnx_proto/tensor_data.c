#include "onnx_proto/tensor_data.h"

/// The data fields of a TensorProto.
typedef enum data_field {
  kFieldRaw,
  kFieldFloat,
  kFieldInt32,
  kFieldInt64,
  kFieldDouble,
  kFieldUint64,
  kFieldString,
  kFieldCount
} data_field;

static const char* const kFieldNames[kFieldCount] = {
    "raw_data",    "float_data",  "int32_data", "int64_data",
    "double_data", "uint64_data", "string_data"};

olstm_status olstm__tensor_fail(const olstm__tensor_label* label, olstm_error* error,
                                olstm_status code, const char* format, ...) {
  if (!error) return code;
  char text[OLSTM_ERROR_CAPACITY];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (label->op_type) {
    return olstm_fail(error, code, "%s '%.100s': attribute '%.100s': %s", label->op_type,
                      label->node_name, label->attribute_name, text);
  }
  return olstm_fail(error, code, "tensor '%.200s': %s",
                    label->tensor_name ? label->tensor_name : "", text);
}

bool olstm__dtype_is_known(int32_t dtype) {
  return dtype > OLSTM_DTYPE_UNDEFINED && dtype <= OLSTM_DTYPE_BFLOAT16 &&
         dtype != OLSTM_DTYPE_COMPLEX64 && dtype != OLSTM_DTYPE_COMPLEX128;
}

const char* olstm__dtype_proto_name(int32_t dtype) {
  static const char* const kNewer[] = {
      "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4",
      "int4",         "float4e2m1",     "float8e8m0", "uint2",          "int2"};
  enum { kFirstNewer = OLSTM_DTYPE_BFLOAT16 + 1 };
  if (dtype < kFirstNewer) return olstm_dtype_name(dtype);
  const size_t newer = (size_t)dtype - kFirstNewer;
  return newer < sizeof kNewer / sizeof kNewer[0] ? kNewer[newer] : "unknown";
}

olstm_status olstm__tensor_describe(const olstm__tensor_proto* proto,
                                    const olstm__tensor_label* label,
                                    olstm_tensor_desc* out_desc, size_t* out_bytes,
                                    olstm_error* error) {
  if (!proto->has_data_type || proto->data_type == OLSTM_DTYPE_UNDEFINED) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "has no element type");
  }
  if (!olstm__dtype_is_known(proto->data_type)) {
    return olstm__tensor_fail(
        label, error, OLSTM_STATUS_UNSUPPORTED, "element type %d (%s) is not supported",
        (int)proto->data_type, olstm__dtype_proto_name(proto->data_type));
  }
  if (proto->segment) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_UNSUPPORTED,
                              "tensors in segments are not supported");
  }
  if (proto->n_dims > OLSTM_MAX_RANK) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_UNSUPPORTED,
                              "has rank %zu, at most %d is supported", proto->n_dims,
                              OLSTM_MAX_RANK);
  }
  memset(out_desc, 0, sizeof *out_desc);
  out_desc->dtype = proto->data_type;
  out_desc->rank = (int32_t)proto->n_dims;
  for (size_t d = 0; d < proto->n_dims; d++) out_desc->dims[d] = proto->dims[d];
  if (!olstm_tensor_desc_bytes(out_desc, out_bytes)) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "has the impossible shape %s",
                              olstm_shape_text(out_desc).text);
  }
  return OLSTM_STATUS_OK;
}

/// The number of elements in a typed field; of bytes in raw_data.
static size_t field_count(const olstm__tensor_proto* proto, data_field field) {
  switch (field) {
    case kFieldRaw:
      return proto->has_raw_data ? proto->raw_data.len : 0;
    case kFieldFloat:
      return proto->n_float_data;
    case kFieldInt32:
      return proto->n_int32_data;
    case kFieldInt64:
      return proto->n_int64_data;
    case kFieldDouble:
      return proto->n_double_data;
    case kFieldUint64:
      return proto->n_uint64_data;
    default:
      return proto->n_string_data;
  }
}

/// The typed field that holds a dtype.
static data_field field_for(olstm_dtype dtype) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      return kFieldFloat;
    case OLSTM_DTYPE_DOUBLE:
      return kFieldDouble;
    case OLSTM_DTYPE_INT64:
      return kFieldInt64;
    case OLSTM_DTYPE_UINT32:
    case OLSTM_DTYPE_UINT64:
      return kFieldUint64;
    case OLSTM_DTYPE_STRING:
      return kFieldString;
    default:
      return kFieldInt32;
  }
}

olstm_status olstm__tensor_check_data(const olstm__tensor_proto* proto,
                                      const olstm__tensor_label* label,
                                      const olstm_tensor_desc* desc, size_t bytes,
                                      olstm_error* error) {
  const data_field typed = field_for(desc->dtype);
  const size_t element_count = (size_t)olstm_tensor_desc_count(desc);
  for (int f = 0; f < kFieldCount; f++) {
    const data_field field = (data_field)f;
    const bool allowed = field == typed || (field == kFieldRaw && typed != kFieldString);
    if (!allowed && field_count(proto, field) > 0) {
      return olstm__tensor_fail(
          label, error, OLSTM_STATUS_INVALID_MODEL, "has %s, expected %s%s for %s",
          kFieldNames[field], kFieldNames[typed],
          typed == kFieldString ? "" : " or raw_data", olstm_dtype_name(desc->dtype));
    }
  }
  const size_t raw_bytes = field_count(proto, kFieldRaw);
  const size_t typed_count = field_count(proto, typed);
  if (raw_bytes > 0 && typed_count > 0) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "has both raw_data and %s", kFieldNames[typed]);
  }
  if (typed_count > 0 ? typed_count == element_count
                      : raw_bytes == (typed == kFieldString ? element_count : bytes)) {
    return OLSTM_STATUS_OK;
  }
  if (typed_count > 0 || typed == kFieldString) {
    return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                              "%s has %zu elements, expected %zu for %s %s",
                              kFieldNames[typed], typed_count, element_count,
                              olstm_dtype_name(desc->dtype), olstm_shape_text(desc).text);
  }
  return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                            "raw_data has %zu bytes, expected %zu for %s %s", raw_bytes,
                            bytes, olstm_dtype_name(desc->dtype),
                            olstm_shape_text(desc).text);
}

void olstm__tensor_normalize_bools(const olstm_tensor_desc* desc, size_t bytes,
                                   void* elements) {
  unsigned char* values = elements;
  if (desc->dtype != OLSTM_DTYPE_BOOL) return;
  for (size_t i = 0; i < bytes; i++) values[i] = values[i] != 0;
}

/// The range of the elements of int32_data for a dtype.
static void int32_range(olstm_dtype dtype, int32_t* out_low, int32_t* out_high) {
  *out_low = INT32_MIN;
  *out_high = INT32_MAX;
  switch (dtype) {
    case OLSTM_DTYPE_INT8:
      *out_low = INT8_MIN;
      *out_high = INT8_MAX;
      break;
    case OLSTM_DTYPE_INT16:
      *out_low = INT16_MIN;
      *out_high = INT16_MAX;
      break;
    case OLSTM_DTYPE_BOOL:
    case OLSTM_DTYPE_UINT8:
      *out_low = 0;
      *out_high = dtype == OLSTM_DTYPE_BOOL ? 1 : UINT8_MAX;
      break;
    case OLSTM_DTYPE_UINT16:
    case OLSTM_DTYPE_FLOAT16:
    case OLSTM_DTYPE_BFLOAT16:
      *out_low = 0;
      *out_high = UINT16_MAX;
      break;
    default:
      break;
  }
}

/// Narrows int32_data: 8- and 16-bit integers, bools, and the bits of 16-bit floats.
static olstm_status copy_int32(const olstm__tensor_proto* proto,
                               const olstm__tensor_label* label, olstm_dtype dtype,
                               unsigned char* elements, olstm_error* error) {
  const size_t size = olstm_dtype_size(dtype);
  int32_t low = 0;
  int32_t high = 0;
  int32_range(dtype, &low, &high);
  for (size_t i = 0; i < proto->n_int32_data; i++) {
    const int32_t value = proto->int32_data[i];
    if (value < low || value > high) {
      return olstm__tensor_fail(label, error, OLSTM_STATUS_INVALID_MODEL,
                                "int32_data[%zu] is %" PRId32 ", expected %" PRId32
                                "..%" PRId32 " for %s",
                                i, value, low, high, olstm_dtype_name(dtype));
    }
    // Little-endian: schema.h refuses big-endian hosts.
    memcpy(elements + i * size, &value, size);
  }
  return OLSTM_STATUS_OK;
}

static olstm_status copy_uint32(const olstm__tensor_proto* proto,
                                const olstm__tensor_label* label, unsigned char* elements,
                                olstm_error* error) {
  for (size_t i = 0; i < proto->n_uint64_data; i++) {
    const uint64_t value = proto->uint64_data[i];
    if (value > UINT32_MAX) {
      return olstm__tensor_fail(
          label, error, OLSTM_STATUS_INVALID_MODEL,
          "uint64_data[%zu] is %" PRIu64 ", more than a uint32 holds", i, value);
    }
    const uint32_t narrow = (uint32_t)value;
    memcpy(elements + i * sizeof narrow, &narrow, sizeof narrow);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__tensor_copy_data(const olstm__tensor_proto* proto,
                                     const olstm__tensor_label* label,
                                     const olstm_tensor_desc* desc, size_t bytes,
                                     void* elements, olstm_error* error) {
  if (bytes == 0) return OLSTM_STATUS_OK;
  if (field_count(proto, kFieldRaw) > 0) {
    memcpy(elements, proto->raw_data.data, bytes);
    olstm__tensor_normalize_bools(desc, bytes, elements);
    return OLSTM_STATUS_OK;
  }
  switch (desc->dtype) {
    case OLSTM_DTYPE_FLOAT:
      memcpy(elements, proto->float_data, bytes);
      return OLSTM_STATUS_OK;
    case OLSTM_DTYPE_DOUBLE:
      memcpy(elements, proto->double_data, bytes);
      return OLSTM_STATUS_OK;
    case OLSTM_DTYPE_INT64:
      memcpy(elements, proto->int64_data, bytes);
      return OLSTM_STATUS_OK;
    case OLSTM_DTYPE_UINT64:
      memcpy(elements, proto->uint64_data, bytes);
      return OLSTM_STATUS_OK;
    case OLSTM_DTYPE_UINT32:
      return copy_uint32(proto, label, elements, error);
    default:
      return copy_int32(proto, label, desc->dtype, elements, error);
  }
}
