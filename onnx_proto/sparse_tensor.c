#include "onnx_proto/sparse_tensor.h"

#include "onnx_proto/attribute.h"
#include "onnx_proto/tensor_data.h"

static const char kAttribute[] = "sparse_value";

static olstm__tensor_label make_label(const olstm__sparse_tensor_proto* proto,
                                      const olstm__node_proto* node) {
  return (olstm__tensor_label){
      .tensor_name = proto->values ? proto->values->name : NULL,
      .op_type = node ? olstm__text(node->op_type) : NULL,
      .node_name = node ? olstm__text(node->name) : NULL,
      .attribute_name = node ? kAttribute : NULL,
  };
}

/// A sparse tensor while it is spread out.
typedef struct sparse {
  olstm__tensor_label label;
  const olstm_tensor* values;
  const olstm_tensor* indices;
  olstm_error* error;
} sparse;

static olstm_status read_parts(olstm__decoder* decoder,
                               const olstm__sparse_tensor_proto* proto,
                               const olstm__node_proto* node, sparse* parts) {
  const char* attribute = node ? kAttribute : NULL;
  if (!proto->values || !proto->indices) {
    return olstm__tensor_fail(&parts->label, decoder->error, OLSTM_STATUS_INVALID_MODEL,
                              "is sparse, but has no %s",
                              proto->values ? "indices" : "values");
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__decode_tensor(decoder, proto->values, node, attribute, &parts->values));
  OLSTM_RETURN_IF_ERROR(
      olstm__decode_tensor(decoder, proto->indices, node, attribute, &parts->indices));
  if (parts->values->desc.dtype != OLSTM_DTYPE_STRING) return OLSTM_STATUS_OK;
  return olstm__tensor_fail(&parts->label, decoder->error, OLSTM_STATUS_UNSUPPORTED,
                            "strings are not supported in sparse tensors");
}

/// values [NNZ]; indices [NNZ], of elements as they lie in memory, or [NNZ,rank].
static olstm_status check_parts(const sparse* parts, int32_t rank) {
  const olstm_tensor_desc* values = &parts->values->desc;
  const olstm_tensor_desc* indices = &parts->indices->desc;
  const bool fits =
      values->rank == 1 && indices->dtype == OLSTM_DTYPE_INT64 &&
      (indices->rank == 1 || (indices->rank == 2 && indices->dims[1] == rank)) &&
      indices->dims[0] == values->dims[0];
  if (fits) return OLSTM_STATUS_OK;
  return olstm__tensor_fail(
      &parts->label, parts->error, OLSTM_STATUS_INVALID_MODEL,
      "is sparse with %s values of shape %s and %s indices of shape %s: expected [N] and "
      "int64 [N] or [N,%d]",
      olstm_dtype_name(values->dtype), olstm_shape_text(values).text,
      olstm_dtype_name(indices->dtype), olstm_shape_text(indices).text, (int)rank);
}

/// Where element `k` lies; -1 when outside the shape.
static int64_t find_element(const sparse* parts, const olstm_tensor_desc* desc,
                            int64_t k) {
  const int64_t* indices = parts->indices->data;
  int64_t at = 0;
  if (parts->indices->desc.rank == 1) {
    const bool is_inside = indices[k] >= 0 && indices[k] < olstm_tensor_desc_count(desc);
    return is_inside ? indices[k] : -1;
  }
  for (int32_t d = 0; d < desc->rank; d++) {
    const int64_t index = indices[k * desc->rank + d];
    if (index < 0 || index >= desc->dims[d]) return -1;
    at = at * desc->dims[d] + index;
  }
  return at;
}

static olstm_status spread(const sparse* parts, olstm_tensor* tensor) {
  const size_t size = olstm_dtype_size(tensor->desc.dtype);
  int64_t last = -1;
  for (int64_t k = 0; k < parts->values->desc.dims[0]; k++) {
    const int64_t at = find_element(parts, &tensor->desc, k);
    if (at <= last) {
      return olstm__tensor_fail(
          &parts->label, parts->error, OLSTM_STATUS_INVALID_MODEL,
          "index %" PRId64 " of the sparse tensor is %s", k,
          at < 0 ? "outside its shape" : "not behind the one before it");
    }
    memcpy((char*)tensor->data + (size_t)at * size,
           (const char*)parts->values->data + (size_t)k * size, size);
    last = at;
  }
  return OLSTM_STATUS_OK;
}

static olstm_status describe(const olstm__sparse_tensor_proto* proto, const sparse* parts,
                             olstm_tensor_desc* out_desc, size_t* out_bytes) {
  out_desc->dtype = parts->values->desc.dtype;
  if (proto->n_dims > OLSTM_MAX_RANK) {
    return olstm__tensor_fail(&parts->label, parts->error, OLSTM_STATUS_UNSUPPORTED,
                              "has rank %zu, at most %d is supported", proto->n_dims,
                              OLSTM_MAX_RANK);
  }
  out_desc->rank = (int32_t)proto->n_dims;
  if (proto->n_dims > 0) {
    memcpy(out_desc->dims, proto->dims, proto->n_dims * sizeof *proto->dims);
  }
  if (olstm_tensor_desc_bytes(out_desc, out_bytes)) return OLSTM_STATUS_OK;
  return olstm__tensor_fail(&parts->label, parts->error, OLSTM_STATUS_INVALID_MODEL,
                            "has shape %s, which is none that fits into memory",
                            olstm_shape_text(out_desc).text);
}

olstm_status olstm__decode_sparse_tensor(olstm__decoder* decoder,
                                         const olstm__sparse_tensor_proto* proto,
                                         const olstm__node_proto* node,
                                         const olstm_tensor** out_tensor) {
  sparse parts = {.label = make_label(proto, node), .error = decoder->error};
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(read_parts(decoder, proto, node, &parts));
  OLSTM_RETURN_IF_ERROR(check_parts(&parts, (int32_t)proto->n_dims));
  olstm_tensor* tensor = olstm__arena_allocate(decoder->arena, 1, sizeof *tensor);
  if (!tensor) return olstm__memory_fail(decoder->arena, decoder->error);
  OLSTM_RETURN_IF_ERROR(describe(proto, &parts, &tensor->desc, &bytes));
  tensor->data = olstm__arena_allocate_data(decoder->arena, bytes);
  if (!tensor->data) return olstm__memory_fail(decoder->arena, decoder->error);
  memset(tensor->data, 0, bytes);
  OLSTM_RETURN_IF_ERROR(spread(&parts, tensor));
  *out_tensor = tensor;
  return OLSTM_STATUS_OK;
}
