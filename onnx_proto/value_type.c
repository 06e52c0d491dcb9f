#include "onnx_proto/value_type.h"

#include "onnx_proto/tensor_data.h"

typedef Onnx__TensorShapeProto shape_proto;
typedef Onnx__TensorShapeProto__Dimension dimension_proto;

olstm_value_info olstm__value_type_unknown(const char* name) {
  olstm_value_info info;
  memset(&info, 0, sizeof info);
  info.name = name;
  info.rank = -1;
  return info;
}

static olstm_status decode_dimension(olstm__decoder* decoder, const char* name, size_t d,
                                     const dimension_proto* proto,
                                     olstm_value_info* info) {
  info->dims[d] = -1;
  if (proto->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM) {
    const char* param = olstm__text(proto->dim_param);
    if (param[0] == '\0') return OLSTM_STATUS_OK;
    info->dim_params[d] = olstm__arena_copy(decoder->arena, param, strlen(param));
    return info->dim_params[d] ? OLSTM_STATUS_OK
                               : olstm__memory_fail(decoder->arena, decoder->error);
  }
  if (proto->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE) {
    // Many exporters write -1 for an unknown dimension.
    if (proto->dim_value < -1) {
      return olstm_fail(decoder->error, OLSTM_STATUS_INVALID_MODEL,
                        "value '%.200s': dimension %zu is %" PRId64, name, d,
                        proto->dim_value);
    }
    info->dims[d] = proto->dim_value;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status decode_tensor_type(olstm__decoder* decoder, const char* name,
                                       const Onnx__TypeProto__Tensor* proto,
                                       olstm_value_info* info) {
  const int32_t dtype = proto->has_elem_type ? proto->elem_type : OLSTM_DTYPE_UNDEFINED;
  const shape_proto* shape = proto->shape;
  if (dtype != OLSTM_DTYPE_UNDEFINED && !olstm__dtype_is_known(dtype)) {
    return olstm_fail(decoder->error, OLSTM_STATUS_UNSUPPORTED,
                      "value '%.200s': element type %d (%s) is not supported", name,
                      (int)dtype, olstm__dtype_proto_name(dtype));
  }
  info->dtype = dtype;
  if (!shape) return OLSTM_STATUS_OK;
  if (shape->n_dim > OLSTM_MAX_RANK) {
    return olstm_fail(decoder->error, OLSTM_STATUS_UNSUPPORTED,
                      "value '%.200s' has rank %zu, at most %d is supported", name,
                      shape->n_dim, OLSTM_MAX_RANK);
  }
  info->rank = (int32_t)shape->n_dim;
  for (size_t d = 0; d < shape->n_dim; d++) {
    OLSTM_RETURN_IF_ERROR(decode_dimension(decoder, name, d, shape->dim[d], info));
  }
  return OLSTM_STATUS_OK;
}

bool olstm__value_type_is_sequence(const olstm__value_info_proto* proto) {
  return proto->type && proto->type->value_case == ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
}

olstm_status olstm__value_type_decode(olstm__decoder* decoder,
                                      const olstm__value_info_proto* proto,
                                      olstm_value_info* out_info) {
  const char* name = olstm__text(proto->name);
  const olstm__type_proto* type = proto->type;
  const char* what = NULL;
  const char* kept_name = out_info->name;
  *out_info = olstm__value_type_unknown(kept_name);
  if (!type) return OLSTM_STATUS_OK;
  switch (type->value_case) {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      return decode_tensor_type(decoder, name, type->tensor_type, out_info);
    case ONNX__TYPE_PROTO__VALUE__NOT_SET:
      if (type->base.n_unknown_fields == 0) return OLSTM_STATUS_OK;
      what = "a type that olstm does not know";
      break;
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
      what = "a sequence";
      break;
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
      what = "a map";
      break;
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
      what = "an optional";
      break;
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
      what = "a sparse tensor";
      break;
    default:
      what = "a type that olstm does not know";
      break;
  }
  return olstm_fail(decoder->error, OLSTM_STATUS_UNSUPPORTED,
                    "value '%.200s' is %s: only tensors are supported", name, what);
}
