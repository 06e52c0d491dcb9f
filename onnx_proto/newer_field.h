// Fields that ONNX added after the oldest schema that olstm compiles against (1.12). With
// an older schema protobuf-c keeps them as unknown fields; either way they are found here
// by number.
#ifndef OLSTM_ONNX_PROTO_NEWER_FIELD_H_
#define OLSTM_ONNX_PROTO_NEWER_FIELD_H_

#include "onnx_proto/decoder.h"

/// Field numbers.
enum {
  OLSTM__NODE_OVERLOAD = 8,
  OLSTM__FUNCTION_ATTRIBUTE_PROTO = 11,
  OLSTM__FUNCTION_OVERLOAD = 13
};

/// A string field, "" when it is absent. Lives as long as the load.
olstm_status olstm__newer_string(olstm__decoder* decoder, const ProtobufCMessage* message,
                                 uint32_t number, const char** out_text);

/// A repeated field of AttributeProto. Lives as long as the load.
olstm_status olstm__newer_attributes(olstm__decoder* decoder,
                                     const ProtobufCMessage* message, uint32_t number,
                                     const olstm__attribute_proto* const** out_items,
                                     size_t* out_count);

#endif  // OLSTM_ONNX_PROTO_NEWER_FIELD_H_
