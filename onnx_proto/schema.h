// Includes the generated schema; shorter names for the types that are used often.
#ifndef OLSTM_ONNX_PROTO_SCHEMA_H_
#define OLSTM_ONNX_PROTO_SCHEMA_H_

#include <assert.h>

#include "onnx.pb-c.h"

#if defined(__BYTE_ORDER__) && defined(__ORDER_LITTLE_ENDIAN__)
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "raw_data is little-endian; big-endian hosts are not supported");
#endif

typedef Onnx__ModelProto olstm__model_proto;
typedef Onnx__GraphProto olstm__graph_proto;
typedef Onnx__NodeProto olstm__node_proto;
typedef Onnx__AttributeProto olstm__attribute_proto;
typedef Onnx__TensorProto olstm__tensor_proto;
typedef Onnx__SparseTensorProto olstm__sparse_tensor_proto;
typedef Onnx__FunctionProto olstm__function_proto;
typedef Onnx__ValueInfoProto olstm__value_info_proto;
typedef Onnx__TypeProto olstm__type_proto;

#endif  // OLSTM_ONNX_PROTO_SCHEMA_H_
