#include "onnx_proto/constant_node.h"

#include "onnx_proto/attribute.h"
#include "onnx_proto/scope.h"
#include "onnx_proto/sparse_tensor.h"

/// One of the attributes that a Constant may have: its name and kind, and the dtype and
/// rank of the tensor it makes.
typedef struct constant_attribute {
  const char* attribute;
  int32_t kind;
  olstm_dtype dtype;
  int32_t rank;
} constant_attribute;

static const constant_attribute kAttributes[] = {
    {"value", OLSTM_ATTRIBUTE_TENSOR, OLSTM_DTYPE_UNDEFINED, 0},
    {"value_float", OLSTM_ATTRIBUTE_FLOAT, OLSTM_DTYPE_FLOAT, 0},
    {"value_floats", OLSTM_ATTRIBUTE_FLOATS, OLSTM_DTYPE_FLOAT, 1},
    {"value_int", OLSTM_ATTRIBUTE_INT, OLSTM_DTYPE_INT64, 0},
    {"value_ints", OLSTM_ATTRIBUTE_INTS, OLSTM_DTYPE_INT64, 1},
    {"value_string", OLSTM_ATTRIBUTE_STRING, OLSTM_DTYPE_STRING, 0},
    {"value_strings", OLSTM_ATTRIBUTE_STRINGS, OLSTM_DTYPE_STRING, 1},
};

bool olstm__is_constant_node(const olstm__node_proto* node) {
  return strcmp(olstm__text(node->op_type), "Constant") == 0 &&
         olstm__domain(node->domain)[0] == '\0';
}

static const constant_attribute* find_attribute(const char* name) {
  for (size_t i = 0; i < sizeof kAttributes / sizeof kAttributes[0]; i++) {
    if (strcmp(kAttributes[i].attribute, name) == 0) return &kAttributes[i];
  }
  return NULL;
}

/// The elements of an attribute other than `value`.
static const void* attribute_elements(const constant_attribute* spec,
                                      const olstm__attribute_proto* proto,
                                      size_t* out_count) {
  *out_count = 1;
  switch (spec->kind) {
    case OLSTM_ATTRIBUTE_FLOAT:
      return &proto->f;
    case OLSTM_ATTRIBUTE_INT:
      return &proto->i;
    case OLSTM_ATTRIBUTE_STRING:
      return &proto->s;
    case OLSTM_ATTRIBUTE_FLOATS:
      *out_count = proto->n_floats;
      return proto->floats;
    case OLSTM_ATTRIBUTE_INTS:
      *out_count = proto->n_ints;
      return proto->ints;
    default:
      *out_count = proto->n_strings;
      return proto->strings;
  }
}

static olstm_status make_tensor(olstm__decoder* decoder, const constant_attribute* spec,
                                const olstm__attribute_proto* proto,
                                const olstm_tensor** out_tensor) {
  const size_t size = olstm_dtype_size(spec->dtype);
  size_t count = 0;
  size_t bytes = 0;
  const void* source = attribute_elements(spec, proto, &count);
  olstm_tensor* tensor = olstm__arena_allocate(decoder->arena, 1, sizeof *tensor);
  if (!tensor) return olstm__memory_fail(decoder->arena, decoder->error);
  tensor->desc.dtype = spec->dtype;
  tensor->desc.rank = spec->rank;
  if (spec->rank == 1) tensor->desc.dims[0] = (int64_t)count;
  if (!olstm_size_multiply(count, size, &bytes)) bytes = SIZE_MAX;
  tensor->data = olstm__arena_allocate_data(decoder->arena, bytes);
  if (!tensor->data) return olstm__memory_fail(decoder->arena, decoder->error);
  if (spec->dtype == OLSTM_DTYPE_STRING) {
    for (size_t i = 0; i < count; i++) {
      OLSTM_RETURN_IF_ERROR(olstm__decode_string(decoder,
                                                 (const ProtobufCBinaryData*)source + i,
                                                 (olstm_string*)tensor->data + i));
    }
  } else if (bytes > 0) {
    memcpy(tensor->data, source, bytes);
  }
  *out_tensor = tensor;
  return OLSTM_STATUS_OK;
}

static const char kSparseValue[] = "sparse_value";

static olstm_status decode_sparse_value(olstm__decoder* decoder,
                                        const olstm__node_proto* node,
                                        const olstm__attribute_proto* proto,
                                        const olstm_tensor** out_tensor) {
  if (!proto->sparse_tensor ||
      (proto->has_type &&
       proto->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR)) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                            "attribute %s is no sparse tensor", kSparseValue);
  }
  return olstm__decode_sparse_tensor(decoder, proto->sparse_tensor, node, out_tensor);
}

static olstm_status decode_value(olstm__decoder* decoder, const olstm__scope* scope,
                                 const olstm__node_proto* node,
                                 const olstm_tensor** out_tensor) {
  OLSTM_RETURN_IF_ERROR(olstm__attributes_check(decoder, node));
  const olstm__attribute_proto* given = NULL;
  const constant_attribute* spec = NULL;
  for (size_t a = 0; a < node->n_attribute; a++) {
    const char* name = node->attribute[a]->name;
    const olstm__attribute_proto* proto = NULL;
    OLSTM_RETURN_IF_ERROR(olstm__attribute_resolve(decoder, scope->frame, node,
                                                   node->attribute[a], &proto));
    if (!proto) continue;
    if (given) {
      return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                              "has both '%.100s' and '%.100s', expected one value",
                              given->name, name);
    }
    spec = find_attribute(name);
    given = proto;
    if (!spec && strcmp(name, kSparseValue) != 0) {
      return olstm__node_fail(decoder, node, OLSTM_STATUS_UNSUPPORTED,
                              "attribute '%.100s' is not supported", name);
    }
  }
  if (!given) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL, "has no value");
  }
  if (!spec) return decode_sparse_value(decoder, node, given, out_tensor);
  int32_t kind = OLSTM_ATTRIBUTE_UNDEFINED;
  OLSTM_RETURN_IF_ERROR(olstm__attribute_kind(decoder, node, given, &kind));
  if (kind != spec->kind) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                            "attribute %s is %s, expected %s", spec->attribute,
                            olstm_attribute_kind_name(kind),
                            olstm_attribute_kind_name(spec->kind));
  }
  if (kind == OLSTM_ATTRIBUTE_TENSOR) {
    return olstm__decode_tensor(decoder, given->t, node, spec->attribute, out_tensor);
  }
  return make_tensor(decoder, spec, given, out_tensor);
}

olstm_status olstm__decode_constant_node(olstm__decoder* decoder, olstm__scope* scope,
                                         const olstm__node_proto* node) {
  if (node->n_input != 0 || node->n_output != 1) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                            "has %zu inputs and %zu outputs, expected 0 and 1",
                            node->n_input, node->n_output);
  }
  const olstm_tensor* tensor = NULL;
  OLSTM_RETURN_IF_ERROR(decode_value(decoder, scope, node, &tensor));
  if (node->output[0][0] == '\0') return OLSTM_STATUS_OK;
  int32_t index = OLSTM__NO_VALUE;
  bool found = false;
  OLSTM_RETURN_IF_ERROR(
      olstm__scope_find(scope, decoder, node->output[0], &index, &found));
  scope->builder->values[index].constant = tensor;
  return OLSTM_STATUS_OK;
}
