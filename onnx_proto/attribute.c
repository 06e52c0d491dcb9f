#include "onnx_proto/attribute.h"

#include "onnx_proto/external_data.h"
#include "onnx_proto/tensor_data.h"

/// Values of AttributeProto.AttributeType that olstm_attribute has no kind for.
enum {
  kKindTensors = 9,
  kKindGraphs = 10,
  kKindSparseTensor = 11,
  kKindSparseTensors = 12,
  kKindTypeProto = 13,
  kKindTypeProtos = 14,
  kKindCount = 15
};

static const char* const kKindNames[kKindCount] = {
    "UNDEFINED",      "FLOAT",      "INT",        "STRING",  "TENSOR", "GRAPH",
    "FLOATS",         "INTS",       "STRINGS",    "TENSORS", "GRAPHS", "SPARSE_TENSOR",
    "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"};

static bool is_filled(const olstm__attribute_proto* proto, int32_t kind) {
  switch (kind) {
    case OLSTM_ATTRIBUTE_FLOAT:
      return proto->has_f;
    case OLSTM_ATTRIBUTE_INT:
      return proto->has_i;
    case OLSTM_ATTRIBUTE_STRING:
      return proto->has_s;
    case OLSTM_ATTRIBUTE_TENSOR:
      return proto->t != NULL;
    case OLSTM_ATTRIBUTE_GRAPH:
      return proto->g != NULL;
    case OLSTM_ATTRIBUTE_FLOATS:
      return proto->n_floats > 0;
    case OLSTM_ATTRIBUTE_INTS:
      return proto->n_ints > 0;
    case OLSTM_ATTRIBUTE_STRINGS:
      return proto->n_strings > 0;
    case kKindTensors:
      return proto->n_tensors > 0;
    case kKindGraphs:
      return proto->n_graphs > 0;
    case kKindSparseTensor:
      return proto->sparse_tensor != NULL;
    case kKindSparseTensors:
      return proto->n_sparse_tensors > 0;
    case kKindTypeProto:
      return proto->tp != NULL;
    case kKindTypeProtos:
      return proto->n_type_protos > 0;
    default:
      return false;
  }
}

olstm_status olstm__attribute_kind(olstm__decoder* decoder, const olstm__node_proto* node,
                                   const olstm__attribute_proto* proto,
                                   int32_t* out_kind) {
  const char* name = olstm__text(proto->name);
  int32_t kind = proto->has_type ? (int32_t)proto->type : OLSTM_ATTRIBUTE_UNDEFINED;
  for (int32_t k = 1; k < kKindCount; k++) {
    if (!is_filled(proto, k) || k == kind) continue;
    if (kind != OLSTM_ATTRIBUTE_UNDEFINED) {
      return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                              "attribute '%.100s' holds %s, expected %s alone", name,
                              kKindNames[k],
                              kind > 0 && kind < kKindCount ? kKindNames[kind] : "?");
    }
    kind = k;
  }
  if (kind == OLSTM_ATTRIBUTE_UNDEFINED) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                            "attribute '%.100s' has no value", name);
  }
  if (kind < 0 || kind > OLSTM_ATTRIBUTE_STRINGS) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_UNSUPPORTED,
                            "attribute '%.100s' has type %d (%s), which is not supported",
                            name, (int)kind,
                            kind > 0 && kind < kKindCount ? kKindNames[kind] : "unknown");
  }
  if ((kind == OLSTM_ATTRIBUTE_TENSOR || kind == OLSTM_ATTRIBUTE_GRAPH) &&
      !is_filled(proto, kind)) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                            "attribute '%.100s' has type %s, but no value", name,
                            kKindNames[kind]);
  }
  *out_kind = kind;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__attribute_resolve(olstm__decoder* decoder,
                                      const olstm__call_frame* frame,
                                      const olstm__node_proto* node,
                                      const olstm__attribute_proto* proto,
                                      const olstm__attribute_proto** out_proto) {
  const char* reference = olstm__text(proto->ref_attr_name);
  *out_proto = proto;
  if (reference[0] == '\0') return OLSTM_STATUS_OK;
  if (!frame) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                            "attribute '%.100s' refers to '%.100s', but stands in no "
                            "function",
                            olstm__text(proto->name), reference);
  }
  for (int32_t k = 1; k < kKindCount; k++) {
    if (is_filled(proto, k)) {
      return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                              "attribute '%.100s' has both a value and a reference",
                              olstm__text(proto->name));
    }
  }
  *out_proto = NULL;
  for (size_t a = 0; a < frame->attribute_count && !*out_proto; a++) {
    if (strcmp(frame->attributes[a].name, reference) == 0) {
      *out_proto = frame->attributes[a].proto;
    }
  }
  if (!*out_proto) return OLSTM_STATUS_OK;
  int32_t kind = OLSTM_ATTRIBUTE_UNDEFINED;
  OLSTM_RETURN_IF_ERROR(olstm__attribute_kind(decoder, node, *out_proto, &kind));
  if (kind == OLSTM_ATTRIBUTE_GRAPH) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_UNSUPPORTED,
                            "attribute '%.100s' refers to a graph of the function's "
                            "call, which is not supported",
                            olstm__text(proto->name));
  }
  if (proto->has_type && proto->type != 0 && (int32_t)proto->type != kind) {
    return olstm__node_fail(
        decoder, node, OLSTM_STATUS_INVALID_MODEL,
        "attribute '%.100s' refers to '%.100s' of type %s, which the "
        "call gives as %s",
        olstm__text(proto->name), reference,
        (uint32_t)proto->type < kKindCount ? kKindNames[proto->type] : "?",
        kKindNames[kind]);
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__attributes_check(olstm__decoder* decoder,
                                     const olstm__node_proto* node) {
  if (node->n_attribute > OLSTM__MAX_ATTRIBUTES) {
    return olstm__node_fail(decoder, node, OLSTM_STATUS_LIMIT_EXCEEDED,
                            "has %zu attributes, at most %d are supported",
                            node->n_attribute, OLSTM__MAX_ATTRIBUTES);
  }
  for (size_t a = 0; a < node->n_attribute; a++) {
    const char* name = olstm__text(node->attribute[a]->name);
    if (name[0] == '\0') {
      return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                              "attribute %zu has no name", a);
    }
    for (size_t b = 0; b < a; b++) {
      if (strcmp(olstm__text(node->attribute[b]->name), name) == 0) {
        return olstm__node_fail(decoder, node, OLSTM_STATUS_INVALID_MODEL,
                                "attribute '%.100s' is given twice", name);
      }
    }
  }
  return OLSTM_STATUS_OK;
}

olstm_status olstm__decode_string(olstm__decoder* decoder,
                                  const ProtobufCBinaryData* data,
                                  olstm_string* out_string) {
  out_string->bytes =
      olstm__arena_copy(decoder->arena, (const char*)data->data, data->len);
  out_string->byte_count = data->len;
  return out_string->bytes ? OLSTM_STATUS_OK
                           : olstm__memory_fail(decoder->arena, decoder->error);
}

static olstm_status decode_strings(olstm__decoder* decoder,
                                   const ProtobufCBinaryData* data, size_t count,
                                   const olstm_string** out_strings) {
  olstm_string* strings = olstm__arena_allocate(decoder->arena, count, sizeof *strings);
  if (!strings) return olstm__memory_fail(decoder->arena, decoder->error);
  for (size_t i = 0; i < count; i++) {
    OLSTM_RETURN_IF_ERROR(olstm__decode_string(decoder, &data[i], &strings[i]));
  }
  *out_strings = strings;
  return OLSTM_STATUS_OK;
}

static bool is_external(const olstm__tensor_proto* proto) {
  return proto->has_data_location &&
         proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

olstm_status olstm__decode_tensor(olstm__decoder* decoder,
                                  const olstm__tensor_proto* proto,
                                  const olstm__node_proto* node,
                                  const char* attribute_name,
                                  const olstm_tensor** out_tensor) {
  const olstm__tensor_label label = {
      .tensor_name = proto->name,
      .op_type = node ? olstm__text(node->op_type) : NULL,
      .node_name = node ? olstm__text(node->name) : NULL,
      .attribute_name = attribute_name,
  };
  olstm_tensor tensor = {0};
  size_t bytes = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__tensor_describe(proto, &label, &tensor.desc, &bytes, decoder->error));
  if (is_external(proto)) {
    OLSTM_RETURN_IF_ERROR(olstm__external_read(decoder->external, decoder->arena, proto,
                                               &label, &tensor.desc, bytes, &tensor.data,
                                               decoder->error));
  } else if (proto->n_external_data > 0) {
    return olstm__tensor_fail(&label, decoder->error, OLSTM_STATUS_INVALID_MODEL,
                              "has external_data, but its data_location is not EXTERNAL");
  } else {
    OLSTM_RETURN_IF_ERROR(
        olstm__tensor_check_data(proto, &label, &tensor.desc, bytes, decoder->error));
    if (tensor.desc.dtype == OLSTM_DTYPE_STRING) {
      const olstm_string* strings = NULL;
      OLSTM_RETURN_IF_ERROR(
          decode_strings(decoder, proto->string_data, proto->n_string_data, &strings));
      tensor.data = (void*)(uintptr_t)strings;
    } else {
      tensor.data = olstm__arena_allocate_data(decoder->arena, bytes);
      if (!tensor.data) return olstm__memory_fail(decoder->arena, decoder->error);
      OLSTM_RETURN_IF_ERROR(olstm__tensor_copy_data(proto, &label, &tensor.desc, bytes,
                                                    tensor.data, decoder->error));
    }
  }
  olstm_tensor* kept = olstm__arena_allocate(decoder->arena, 1, sizeof *kept);
  if (!kept) return olstm__memory_fail(decoder->arena, decoder->error);
  *kept = tensor;
  *out_tensor = kept;
  return OLSTM_STATUS_OK;
}

static olstm_status copy_array(olstm__decoder* decoder, const void* items, size_t count,
                               size_t item_bytes, const void** out_copy) {
  void* copy = olstm__arena_allocate(decoder->arena, count, item_bytes);
  if (!copy) return olstm__memory_fail(decoder->arena, decoder->error);
  if (count > 0) memcpy(copy, items, count * item_bytes);
  *out_copy = copy;
  return OLSTM_STATUS_OK;
}

/// Copies the value of a resolved attribute.
static olstm_status decode_value(olstm__decoder* decoder, olstm__scope* scope,
                                 const olstm__node_proto* node,
                                 const olstm__attribute_proto* proto,
                                 olstm_attribute* out) {
  const void* copy = NULL;
  switch (out->kind) {
    case OLSTM_ATTRIBUTE_FLOAT:
      out->f = proto->has_f ? proto->f : 0.0f;
      return OLSTM_STATUS_OK;
    case OLSTM_ATTRIBUTE_INT:
      out->i = proto->has_i ? proto->i : 0;
      return OLSTM_STATUS_OK;
    case OLSTM_ATTRIBUTE_STRING:
      out->count = 1;
      return decode_strings(decoder, &proto->s, 1, &out->strings);
    case OLSTM_ATTRIBUTE_TENSOR:
      return olstm__decode_tensor(decoder, proto->t, node, out->name, &out->tensor);
    case OLSTM_ATTRIBUTE_GRAPH: {
      const olstm__decoded_graph* graph = NULL;
      OLSTM_RETURN_IF_ERROR(olstm__decode_graph(decoder, proto->g, scope, &graph));
      out->graph = graph;
      return OLSTM_STATUS_OK;
    }
    case OLSTM_ATTRIBUTE_FLOATS:
      out->count = proto->n_floats;
      OLSTM_RETURN_IF_ERROR(copy_array(decoder, proto->floats, proto->n_floats,
                                       sizeof *proto->floats, &copy));
      out->floats = copy;
      return OLSTM_STATUS_OK;
    case OLSTM_ATTRIBUTE_INTS:
      out->count = proto->n_ints;
      OLSTM_RETURN_IF_ERROR(
          copy_array(decoder, proto->ints, proto->n_ints, sizeof *proto->ints, &copy));
      out->ints = copy;
      return OLSTM_STATUS_OK;
    default:
      out->count = proto->n_strings;
      return decode_strings(decoder, proto->strings, proto->n_strings, &out->strings);
  }
}

olstm_status olstm__attributes_decode(olstm__decoder* decoder, olstm__scope* scope,
                                      const olstm__node_proto* node,
                                      const olstm_attribute** out_attributes,
                                      size_t* out_count) {
  OLSTM_RETURN_IF_ERROR(olstm__attributes_check(decoder, node));
  olstm_attribute* attributes =
      olstm__arena_allocate(decoder->arena, node->n_attribute, sizeof *attributes);
  if (!attributes) return olstm__memory_fail(decoder->arena, decoder->error);
  size_t count = 0;
  for (size_t a = 0; a < node->n_attribute; a++) {
    const olstm__attribute_proto* proto = NULL;
    OLSTM_RETURN_IF_ERROR(olstm__attribute_resolve(decoder, scope->frame, node,
                                                   node->attribute[a], &proto));
    if (!proto) continue;
    olstm_attribute* out = &attributes[count];
    const char* name = node->attribute[a]->name;
    out->name = olstm__arena_copy(decoder->arena, name, strlen(name));
    if (!out->name) return olstm__memory_fail(decoder->arena, decoder->error);
    OLSTM_RETURN_IF_ERROR(olstm__attribute_kind(decoder, node, proto, &out->kind));
    OLSTM_RETURN_IF_ERROR(decode_value(decoder, scope, node, proto, out));
    count++;
  }
  *out_attributes = attributes;
  *out_count = count;
  return OLSTM_STATUS_OK;
}
