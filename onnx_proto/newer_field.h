// Newer-schema fields: fields that ONNX added after the oldest schema that olstm compiles
// against (1.12). A schema without them makes protobuf-c keep them as unknown fields;
// with or without, they are looked up by number here.
#ifndef OLSTM_ONNX_PROTO_NEWER_FIELD_H_
#define OLSTM_ONNX_PROTO_NEWER_FIELD_H_

#include "onnx_proto/decoder.h"

/// Field numbers.
enum {
  OLSTM__NODE_OVERLOAD = 8,
  OLSTM__FUNCTION_ATTRIBUTE_PROTO = 11,
  OLSTM__FUNCTION_OVERLOAD = 13
};

/// A string field, "" when it is absent. Valid until the end of the load.
olstm_status olstm__newer_string(olstm__decoder* decoder, const ProtobufCMessage* message,
                                 uint32_t number, const char** out_text);

/// A repeated field of AttributeProto. Valid until the end of the load.
olstm_status olstm__newer_attributes(olstm__decoder* decoder,
                                     const ProtobufCMessage* message, uint32_t number,
                                     const olstm__attribute_proto* const** out_items,
                                     size_t* out_count);

#endif  // OLSTM_ONNX_PROTO_NEWER_FIELD_H_
