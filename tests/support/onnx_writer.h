// Writes ONNX models byte by byte, well formed or not: protobuf's wire format, and a few
// of ONNX's messages. Shares no code with the loader it tests.
#ifndef OLSTM_TESTS_SUPPORT_ONNX_WRITER_H_
#define OLSTM_TESTS_SUPPORT_ONNX_WRITER_H_

#include "olstm/model.h"
#include "olstm/node.h"

/// Bytes that grow. Start with {0}. Functions that take one by pointer as `inner` free
/// it.
typedef struct pb_bytes {
  uint8_t* bytes;
  size_t count;
  size_t capacity;
} pb_bytes;

/// Field numbers of onnx.proto.
enum {
  MODEL_IR_VERSION = 1,
  MODEL_PRODUCER = 2,
  MODEL_GRAPH = 7,
  MODEL_OPSET = 8,
  MODEL_METADATA = 14,
  MODEL_TRAINING = 20,
  MODEL_FUNCTION = 25,
  GRAPH_NODE = 1,
  GRAPH_NAME = 2,
  GRAPH_INITIALIZER = 5,
  GRAPH_INPUT = 11,
  GRAPH_OUTPUT = 12,
  GRAPH_VALUE_INFO = 13,
  GRAPH_SPARSE_INITIALIZER = 15,
  NODE_INPUT = 1,
  NODE_OUTPUT = 2,
  NODE_NAME = 3,
  NODE_OP_TYPE = 4,
  NODE_ATTRIBUTE = 5,
  NODE_DOMAIN = 7,
  NODE_OVERLOAD = 8,
  ATTRIBUTE_NAME = 1,
  ATTRIBUTE_F = 2,
  ATTRIBUTE_I = 3,
  ATTRIBUTE_S = 4,
  ATTRIBUTE_T = 5,
  ATTRIBUTE_G = 6,
  ATTRIBUTE_FLOATS = 7,
  ATTRIBUTE_INTS = 8,
  ATTRIBUTE_STRINGS = 9,
  ATTRIBUTE_TENSORS = 10,
  ATTRIBUTE_TYPE = 20,
  ATTRIBUTE_REFERENCE = 21,
  TENSOR_DIMS = 1,
  TENSOR_DATA_TYPE = 2,
  TENSOR_FLOAT_DATA = 4,
  TENSOR_INT32_DATA = 5,
  TENSOR_STRING_DATA = 6,
  TENSOR_INT64_DATA = 7,
  TENSOR_NAME = 8,
  TENSOR_RAW_DATA = 9,
  TENSOR_DOUBLE_DATA = 10,
  TENSOR_UINT64_DATA = 11,
  TENSOR_EXTERNAL_DATA = 13,
  TENSOR_DATA_LOCATION = 14,
  FUNCTION_NAME = 1,
  FUNCTION_INPUT = 4,
  FUNCTION_OUTPUT = 5,
  FUNCTION_ATTRIBUTE = 6,
  FUNCTION_NODE = 7,
  FUNCTION_OPSET = 9,
  FUNCTION_DOMAIN = 10,
  FUNCTION_ATTRIBUTE_PROTO = 11,
  FUNCTION_OVERLOAD = 13
};

void pb_deinit(pb_bytes* pb);

/// Wire format: a varint, any bytes, and fields.
void pb_varint(pb_bytes* pb, uint64_t value);
void pb_append(pb_bytes* pb, const void* bytes, size_t count);
void pb_int(pb_bytes* pb, uint32_t field, int64_t value);
void pb_float(pb_bytes* pb, uint32_t field, float value);
void pb_data(pb_bytes* pb, uint32_t field, const void* bytes, size_t count);
void pb_text(pb_bytes* pb, uint32_t field, const char* text);
void pb_message(pb_bytes* pb, uint32_t field, pb_bytes* inner);
/// A packed field of varints.
void pb_packed(pb_bytes* pb, uint32_t field, const int64_t* values, size_t count);

/// A node without attributes. inputs and outputs: names with commas between ("x,,h"),
/// NULL or "" for none.
pb_bytes onnx_node(const char* op_type, const char* name, const char* inputs,
                   const char* outputs);

/// Adds attributes to a node.
void onnx_attribute_int(pb_bytes* node, const char* name, int64_t value);
void onnx_attribute_float(pb_bytes* node, const char* name, float value);
void onnx_attribute_text(pb_bytes* node, const char* name, const char* value);
void onnx_attribute_tensor(pb_bytes* node, const char* name, pb_bytes* tensor);
void onnx_attribute_graph(pb_bytes* node, const char* name, pb_bytes* graph);
/// type: OLSTM_ATTRIBUTE_*.
void onnx_attribute_reference(pb_bytes* node, const char* name, int32_t type,
                              const char* reference);

/// A TensorProto without data. dims: "2,3"; "" for a scalar.
pb_bytes onnx_tensor(const char* name, int32_t dtype, const char* dims);

/// A ValueInfoProto. dims: "2,N,?" with numbers, symbols and unknowns; NULL for no shape.
pb_bytes onnx_value(const char* name, int32_t dtype, const char* dims);

/// An OperatorSetIdProto.
pb_bytes onnx_opset(const char* domain, int64_t version);

/// A model of IR version 8 with opset 17 around the graph, which it frees.
pb_bytes onnx_model(pb_bytes* graph);

/// Loads the bytes, and frees them.
olstm_status onnx_load(pb_bytes* model, olstm_model** out_model, olstm_error* error);

#endif  // OLSTM_TESTS_SUPPORT_ONNX_WRITER_H_
