#include "tests/support/onnx_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kWireVarint = 0, kWireLength = 2, kWire32bit = 5 };

void pb_deinit(pb_bytes* pb) {
  free(pb->bytes);
  *pb = (pb_bytes){0};
}

void pb_append(pb_bytes* pb, const void* bytes, size_t count) {
  if (pb->count + count > pb->capacity) {
    pb->capacity = (pb->count + count) * 2 + 64;
    pb->bytes = realloc(pb->bytes, pb->capacity);
    if (!pb->bytes) abort();
  }
  if (count > 0) memcpy(pb->bytes + pb->count, bytes, count);
  pb->count += count;
}

void pb_varint(pb_bytes* pb, uint64_t value) {
  do {
    const uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    pb_append(pb, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

static void put_tag(pb_bytes* pb, uint32_t field, uint32_t wire_type) {
  pb_varint(pb, (uint64_t)field << 3 | wire_type);
}

void pb_int(pb_bytes* pb, uint32_t field, int64_t value) {
  put_tag(pb, field, kWireVarint);
  pb_varint(pb, (uint64_t)value);
}

void pb_float(pb_bytes* pb, uint32_t field, float value) {
  put_tag(pb, field, kWire32bit);
  pb_append(pb, &value, sizeof value);
}

void pb_data(pb_bytes* pb, uint32_t field, const void* bytes, size_t count) {
  put_tag(pb, field, kWireLength);
  pb_varint(pb, count);
  pb_append(pb, bytes, count);
}

void pb_text(pb_bytes* pb, uint32_t field, const char* text) {
  pb_data(pb, field, text, strlen(text));
}

void pb_message(pb_bytes* pb, uint32_t field, pb_bytes* inner) {
  pb_data(pb, field, inner->bytes, inner->count);
  pb_deinit(inner);
}

void pb_packed(pb_bytes* pb, uint32_t field, const int64_t* values, size_t count) {
  pb_bytes packed = {0};
  for (size_t i = 0; i < count; i++) pb_varint(&packed, (uint64_t)values[i]);
  pb_message(pb, field, &packed);
}

/// Calls `put` for each part of a list with commas.
static void for_each_part(pb_bytes* pb, const char* list,
                          void (*put)(pb_bytes* pb, const char* part)) {
  if (!list || list[0] == '\0') return;
  for (const char* part = list; part;) {
    char text[256];
    const char* comma = strchr(part, ',');
    const size_t length = comma ? (size_t)(comma - part) : strlen(part);
    if (length >= sizeof text) abort();
    memcpy(text, part, length);
    text[length] = '\0';
    put(pb, text);
    part = comma ? comma + 1 : NULL;
  }
}

static void put_input(pb_bytes* pb, const char* name) {
  pb_text(pb, NODE_INPUT, name);
}
static void put_output(pb_bytes* pb, const char* name) {
  pb_text(pb, NODE_OUTPUT, name);
}

pb_bytes onnx_node(const char* op_type, const char* name, const char* inputs,
                   const char* outputs) {
  pb_bytes node = {0};
  for_each_part(&node, inputs, put_input);
  for_each_part(&node, outputs, put_output);
  if (name) pb_text(&node, NODE_NAME, name);
  pb_text(&node, NODE_OP_TYPE, op_type);
  return node;
}

static pb_bytes start_attribute(const char* name, int32_t type) {
  pb_bytes attribute = {0};
  pb_text(&attribute, ATTRIBUTE_NAME, name);
  pb_int(&attribute, ATTRIBUTE_TYPE, type);
  return attribute;
}

void onnx_attribute_int(pb_bytes* node, const char* name, int64_t value) {
  pb_bytes attribute = start_attribute(name, OLSTM_ATTRIBUTE_INT);
  pb_int(&attribute, ATTRIBUTE_I, value);
  pb_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_attribute_float(pb_bytes* node, const char* name, float value) {
  pb_bytes attribute = start_attribute(name, OLSTM_ATTRIBUTE_FLOAT);
  pb_float(&attribute, ATTRIBUTE_F, value);
  pb_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_attribute_text(pb_bytes* node, const char* name, const char* value) {
  pb_bytes attribute = start_attribute(name, OLSTM_ATTRIBUTE_STRING);
  pb_text(&attribute, ATTRIBUTE_S, value);
  pb_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_attribute_tensor(pb_bytes* node, const char* name, pb_bytes* tensor) {
  pb_bytes attribute = start_attribute(name, OLSTM_ATTRIBUTE_TENSOR);
  pb_message(&attribute, ATTRIBUTE_T, tensor);
  pb_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_attribute_graph(pb_bytes* node, const char* name, pb_bytes* graph) {
  pb_bytes attribute = start_attribute(name, OLSTM_ATTRIBUTE_GRAPH);
  pb_message(&attribute, ATTRIBUTE_G, graph);
  pb_message(node, NODE_ATTRIBUTE, &attribute);
}

void onnx_attribute_reference(pb_bytes* node, const char* name, int32_t type,
                              const char* reference) {
  pb_bytes attribute = start_attribute(name, type);
  pb_text(&attribute, ATTRIBUTE_REFERENCE, reference);
  pb_message(node, NODE_ATTRIBUTE, &attribute);
}

static void put_tensor_dim(pb_bytes* pb, const char* dim) {
  pb_int(pb, TENSOR_DIMS, strtoll(dim, NULL, 10));
}

pb_bytes onnx_tensor(const char* name, int32_t dtype, const char* dims) {
  pb_bytes tensor = {0};
  for_each_part(&tensor, dims, put_tensor_dim);
  pb_int(&tensor, TENSOR_DATA_TYPE, dtype);
  if (name) pb_text(&tensor, TENSOR_NAME, name);
  return tensor;
}

static void put_value_dim(pb_bytes* pb, const char* text) {
  enum { kShapeDim = 1, kDimValue = 1, kDimParam = 2 };
  pb_bytes dim = {0};
  if ((text[0] >= '0' && text[0] <= '9') || text[0] == '-') {
    pb_int(&dim, kDimValue, strtoll(text, NULL, 10));
  } else if (text[0] != '?') {
    pb_text(&dim, kDimParam, text);
  }
  pb_message(pb, kShapeDim, &dim);
}

pb_bytes onnx_value(const char* name, int32_t dtype, const char* dims) {
  enum {
    kValueName = 1,
    kValueType = 2,
    kTypeTensor = 1,
    kTensorElemType = 1,
    kTensorShape = 2
  };
  pb_bytes value = {0};
  pb_bytes type = {0};
  pb_bytes tensor = {0};
  pb_int(&tensor, kTensorElemType, dtype);
  if (dims) {
    pb_bytes shape = {0};
    for_each_part(&shape, dims, put_value_dim);
    pb_message(&tensor, kTensorShape, &shape);
  }
  pb_message(&type, kTypeTensor, &tensor);
  pb_text(&value, kValueName, name);
  pb_message(&value, kValueType, &type);
  return value;
}

pb_bytes onnx_opset(const char* domain, int64_t version) {
  enum { kOpsetDomain = 1, kOpsetVersion = 2 };
  pb_bytes opset = {0};
  pb_text(&opset, kOpsetDomain, domain);
  pb_int(&opset, kOpsetVersion, version);
  return opset;
}

pb_bytes onnx_model(pb_bytes* graph) {
  pb_bytes model = {0};
  pb_bytes opset = onnx_opset("", 17);
  pb_int(&model, MODEL_IR_VERSION, 8);
  pb_message(&model, MODEL_OPSET, &opset);
  pb_message(&model, MODEL_GRAPH, graph);
  return model;
}

olstm_status onnx_load(pb_bytes* model, olstm_model** out_model, olstm_error* error) {
  const olstm_status status =
      olstm_model_load_memory(model->bytes, model->count, NULL, out_model, error);
  pb_deinit(model);
  return status;
}
