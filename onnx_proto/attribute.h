// AttributeProto to olstm_attribute: finding what it holds, following references to a
// function call's attributes, and copying the data.
#ifndef OLSTM_ONNX_PROTO_ATTRIBUTE_H_
#define OLSTM_ONNX_PROTO_ATTRIBUTE_H_

#include "onnx_proto/decoder.h"

/// The most attributes a node may have; ONNX's own operators have below 30.
enum { OLSTM__MAX_ATTRIBUTES = 64 };

/// What an attribute holds: one of OLSTM_ATTRIBUTE_*, by its type, or in files of IR
/// versions without one, by the field that is filled.
///
/// Errors: UNSUPPORTED for kinds that olstm lacks; INVALID_MODEL when other fields are
/// filled.
olstm_status olstm__attribute_kind(olstm__decoder* decoder, const olstm__node_proto* node,
                                   const olstm__attribute_proto* proto,
                                   int32_t* out_kind);

/// Follows a reference (ref_attr_name) to what the call of the function gave. *out_proto
/// is NULL when the call gave nothing and there is no default.
olstm_status olstm__attribute_resolve(olstm__decoder* decoder,
                                      const olstm__call_frame* frame,
                                      const olstm__node_proto* node,
                                      const olstm__attribute_proto* proto,
                                      const olstm__attribute_proto** out_proto);

/// Refuses two attributes of one name, and too many.
olstm_status olstm__attributes_check(olstm__decoder* decoder,
                                     const olstm__node_proto* node);

/// Decodes a node's attributes, graphs included.
olstm_status olstm__attributes_decode(olstm__decoder* decoder, olstm__scope* scope,
                                      const olstm__node_proto* node,
                                      const olstm_attribute** out_attributes,
                                      size_t* out_count);

/// A tensor of the model's own, from an initializer or, with a node, its attribute.
olstm_status olstm__decode_tensor(olstm__decoder* decoder,
                                  const olstm__tensor_proto* proto,
                                  const olstm__node_proto* node,
                                  const char* attribute_name,
                                  const olstm_tensor** out_tensor);

/// Bytes as an olstm_string of the model's own, terminated by a zero.
olstm_status olstm__decode_string(olstm__decoder* decoder,
                                  const ProtobufCBinaryData* data,
                                  olstm_string* out_string);

#endif  // OLSTM_ONNX_PROTO_ATTRIBUTE_H_
