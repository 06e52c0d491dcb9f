#include "ort_node.h"

#include <stdlib.h>

olstm_status olstm__ort_check(const OrtApi* api, OrtStatus* status, olstm_error* error) {
  if (!status) return OLSTM_STATUS_OK;
  const olstm_status code = olstm_fail(error, OLSTM_STATUS_BACKEND_ERROR,
                                       "ONNX Runtime: %s", api->GetErrorMessage(status));
  api->ReleaseStatus(status);
  return code;
}

OrtStatus* olstm__ort_status(const OrtApi* api, olstm_status status,
                             const olstm_error* error) {
  switch (status) {
    case OLSTM_STATUS_OK:
      return NULL;
    case OLSTM_STATUS_UNSUPPORTED:
      return api->CreateStatus(ORT_NOT_IMPLEMENTED, error->message);
    case OLSTM_STATUS_INVALID_MODEL:
      return api->CreateStatus(ORT_INVALID_GRAPH, error->message);
    case OLSTM_STATUS_INVALID_ARGUMENT:
    case OLSTM_STATUS_SHAPE_MISMATCH:
    case OLSTM_STATUS_DTYPE_MISMATCH:
    case OLSTM_STATUS_INVALID_VALUE:
      return api->CreateStatus(ORT_INVALID_ARGUMENT, error->message);
    default:
      return api->CreateStatus(ORT_FAIL, error->message);
  }
}

olstm_status olstm__ort_tensor_view(const OrtApi* api, const OrtValue* value,
                                    olstm_tensor* out_tensor, olstm_error* error) {
  OrtTensorTypeAndShapeInfo* info = NULL;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  const void* data = NULL;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->GetTensorTypeAndShape(value, &info), error));
  OrtStatus* failure = api->GetTensorElementType(info, &type);
  if (!failure) failure = api->GetDimensionsCount(info, &rank);
  if (!failure && rank <= OLSTM_MAX_RANK) {
    failure = api->GetDimensions(info, out_tensor->desc.dims, rank);
  }
  api->ReleaseTensorTypeAndShapeInfo(info);
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(api, failure, error));
  if (rank > OLSTM_MAX_RANK) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "a tensor has rank %zu, the most is %d", rank, (int)OLSTM_MAX_RANK);
  }
  // Both number element types as ONNX's TensorProto.DataType does.
  out_tensor->desc.dtype = (olstm_dtype)type;
  out_tensor->desc.rank = (int32_t)rank;
  // The API hands data out for writing only.
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(
      api,
      api->GetTensorMutableData((OrtValue*)(uintptr_t)value, (void**)(uintptr_t)&data),
      error));
  out_tensor->data = (void*)(uintptr_t)data;
  return OLSTM_STATUS_OK;
}

/// Reads a list attribute's bytes into memory of our own: asked with no room, ONNX
/// Runtime says how much it takes.
static olstm_status read_bytes(const OrtApi* api, const OrtOpAttr* source,
                               OrtOpAttrType type, char** out_bytes, size_t* out_count,
                               olstm_error* error) {
  size_t needed = 0;
  char none = 0;
  OrtStatus* status = api->ReadOpAttr(source, type, &none, 0, &needed);
  if (status) api->ReleaseStatus(status);
  *out_bytes = calloc(needed + 1, 1);
  if (!*out_bytes) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  *out_count = 0;
  if (needed == 0) return OLSTM_STATUS_OK;
  return olstm__ort_check(
      api, api->ReadOpAttr(source, type, *out_bytes, needed, out_count), error);
}

/// ONNX Runtime gives a list of texts as one text after the other, each terminated. Their
/// olstm_string entries go behind the bytes.
static olstm_status split_texts(char** bytes, size_t byte_count, olstm_attribute* out,
                                olstm_error* error) {
  size_t count = 0;
  for (size_t i = 0; i < byte_count; i++) count += (*bytes)[i] == '\0';
  const size_t text_bytes = (byte_count + 1 + 15) & ~(size_t)15;
  char* grown = realloc(*bytes, text_bytes + (count + 1) * sizeof(olstm_string));
  if (!grown) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  *bytes = grown;
  olstm_string* strings = (olstm_string*)(void*)(grown + text_bytes);
  const char* text = grown;
  for (size_t i = 0; i < count; i++) {
    strings[i] = (olstm_string){text, strlen(text)};
    text += strings[i].byte_count + 1;
  }
  out->strings = strings;
  out->count = count;
  return OLSTM_STATUS_OK;
}

static olstm_status read_text(char** bytes, size_t byte_count, olstm_attribute* out,
                              olstm_error* error) {
  // One text need not be terminated; read_bytes left room for it.
  const size_t length = strnlen(*bytes, byte_count);
  (*bytes)[length] = '\0';
  OLSTM_RETURN_IF_ERROR(split_texts(bytes, length + 1, out, error));
  return OLSTM_STATUS_OK;
}

static olstm_status read_attribute(const OrtApi* api, const OrtOpAttr* source,
                                   olstm_attribute* out, char** list,
                                   olstm_error* error) {
  OrtOpAttrType type = ORT_OP_ATTR_UNDEFINED;
  size_t used = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->OpAttr_GetName(source, &out->name), error));
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(api, api->OpAttr_GetType(source, &type), error));
  switch (type) {
    case ORT_OP_ATTR_INT:
      out->kind = OLSTM_ATTRIBUTE_INT;
      return olstm__ort_check(
          api, api->ReadOpAttr(source, type, &out->i, sizeof out->i, &used), error);
    case ORT_OP_ATTR_FLOAT:
      out->kind = OLSTM_ATTRIBUTE_FLOAT;
      return olstm__ort_check(
          api, api->ReadOpAttr(source, type, &out->f, sizeof out->f, &used), error);
    case ORT_OP_ATTR_INTS:
    case ORT_OP_ATTR_FLOATS:
    case ORT_OP_ATTR_STRING:
    case ORT_OP_ATTR_STRINGS:
      break;
    default:
      return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                        "attribute '%s' has kind %d, which recurrent operators lack",
                        out->name, (int)type);
  }
  OLSTM_RETURN_IF_ERROR(read_bytes(api, source, type, list, &used, error));
  switch (type) {
    case ORT_OP_ATTR_INTS:
      out->kind = OLSTM_ATTRIBUTE_INTS;
      out->ints = (const int64_t*)(const void*)*list;
      out->count = used / sizeof(int64_t);
      return OLSTM_STATUS_OK;
    case ORT_OP_ATTR_FLOATS:
      out->kind = OLSTM_ATTRIBUTE_FLOATS;
      out->floats = (const float*)(const void*)*list;
      out->count = used / sizeof(float);
      return OLSTM_STATUS_OK;
    case ORT_OP_ATTR_STRING:
      out->kind = OLSTM_ATTRIBUTE_STRING;
      return read_text(list, used, out, error);
    default:
      out->kind = OLSTM_ATTRIBUTE_STRINGS;
      return split_texts(list, used, out, error);
  }
}

static olstm_status read_attributes(const OrtApi* api, const OrtNode* source,
                                    olstm__ort_node* out, olstm_error* error) {
  const OrtOpAttr* attributes[OLSTM__ORT_MAX_ATTRIBUTES] = {NULL};
  size_t count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetNumAttributes(source, &count), error));
  if (count > OLSTM__ORT_MAX_ATTRIBUTES) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED, "a node has %zu attributes",
                      count);
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetAttributes(source, attributes, count), error));
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    // ONNX Runtime lists optional attributes that are not set as empty ones.
    if (!attributes[i]) continue;
    OLSTM_RETURN_IF_ERROR(read_attribute(api, attributes[i], &out->attributes[used],
                                         &out->lists[used], error));
    used++;
  }
  out->node.attribute_count = used;
  return OLSTM_STATUS_OK;
}

static olstm_status read_constant(const OrtApi* api, const OrtValueInfo* value,
                                  olstm__ort_node* out, size_t index,
                                  olstm_error* error) {
  bool is_constant = false;
  const OrtValue* initializer = NULL;
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(
      api, api->ValueInfo_IsConstantInitializer(value, &is_constant), error));
  if (!is_constant) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(olstm__ort_check(
      api, api->ValueInfo_GetInitializerValue(value, &initializer), error));
  if (!initializer) return OLSTM_STATUS_OK;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_tensor_view(api, initializer, &out->constant_tensors[index], error));
  out->constants[index] = &out->constant_tensors[index];
  return OLSTM_STATUS_OK;
}

static olstm_status value_name(const OrtApi* api, const OrtValueInfo* value,
                               const char** out_name, olstm_error* error) {
  *out_name = "";
  if (!value) return OLSTM_STATUS_OK;
  return olstm__ort_check(api, api->GetValueInfoName(value, out_name), error);
}

static olstm_status read_values(const OrtApi* api, const OrtNode* source,
                                bool with_constants, olstm__ort_node* out,
                                olstm_error* error) {
  const OrtValueInfo* inputs[OLSTM__ORT_MAX_INPUTS] = {NULL};
  const OrtValueInfo* outputs[OLSTM__ORT_MAX_OUTPUTS] = {NULL};
  size_t input_count = 0;
  size_t output_count = 0;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetNumInputs(source, &input_count), error));
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetNumOutputs(source, &output_count), error));
  if (input_count > OLSTM__ORT_MAX_INPUTS || output_count > OLSTM__ORT_MAX_OUTPUTS) {
    return olstm_fail(error, OLSTM_STATUS_UNSUPPORTED,
                      "a node has %zu inputs and %zu outputs", input_count, output_count);
  }
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetInputs(source, inputs, input_count), error));
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetOutputs(source, outputs, output_count), error));
  for (size_t i = 0; i < input_count; i++) {
    OLSTM_RETURN_IF_ERROR(value_name(api, inputs[i], &out->input_names[i], error));
    if (inputs[i] && with_constants) {
      OLSTM_RETURN_IF_ERROR(read_constant(api, inputs[i], out, i, error));
    }
  }
  for (size_t i = 0; i < output_count; i++) {
    OLSTM_RETURN_IF_ERROR(value_name(api, outputs[i], &out->output_names[i], error));
  }
  out->node.input_count = input_count;
  out->node.output_count = output_count;
  return OLSTM_STATUS_OK;
}

olstm_status olstm__ort_node_init(const OrtApi* api, const OrtNode* source,
                                  bool with_constants, olstm__ort_node* out_node,
                                  olstm_error* error) {
  olstm_node* node = &out_node->node;
  int opset = 0;
  memset(out_node, 0, sizeof *out_node);
  node->struct_size = sizeof *node;
  node->attributes = out_node->attributes;
  node->input_names = out_node->input_names;
  node->constants = out_node->constants;
  node->output_names = out_node->output_names;
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetName(source, &node->name), error));
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetOperatorType(source, &node->op_type), error));
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetDomain(source, &node->domain), error));
  OLSTM_RETURN_IF_ERROR(
      olstm__ort_check(api, api->Node_GetSinceVersion(source, &opset), error));
  node->opset_version = opset;
  if (strcmp(node->domain, "ai.onnx") == 0) node->domain = "";
  OLSTM_RETURN_IF_ERROR(read_attributes(api, source, out_node, error));
  return read_values(api, source, with_constants, out_node, error);
}

void olstm__ort_node_deinit(olstm__ort_node* node) {
  for (size_t i = 0; i < OLSTM__ORT_MAX_ATTRIBUTES; i++) {
    free(node->lists[i]);
    node->lists[i] = NULL;
  }
}
