// Converts AttributeProto to olstm_attribute: finds the kind, resolves references to the
// attributes of a function call, and copies the data.
#ifndef OLSTM_ONNX_PROTO_ATTRIBUTE_H_
#define OLSTM_ONNX_PROTO_ATTRIBUTE_H_

#include "onnx_proto/decoder.h"

/// The most attributes a node may have; ONNX's own operators have below 30.
enum { OLSTM__MAX_ATTRIBUTES = 64 };

/// The kind of an attribute, one of OLSTM_ATTRIBUTE_*: its type, or, in files of IR
/// versions without types, the kind of the field that is set.
///
/// Errors: UNSUPPORTED for kinds that olstm lacks; INVALID_MODEL when fields of another
/// kind are set.
olstm_status olstm__attribute_kind(olstm__decoder* decoder, const olstm__node_proto* node,
                                   const olstm__attribute_proto* proto,
                                   int32_t* out_kind);

/// Resolves a reference (ref_attr_name) to the attribute of the function call. *out_proto
/// is NULL when the call does not set it and it has no default.
olstm_status olstm__attribute_resolve(olstm__decoder* decoder,
                                      const olstm__call_frame* frame,
                                      const olstm__node_proto* node,
                                      const olstm__attribute_proto* proto,
                                      const olstm__attribute_proto** out_proto);

/// Checks that no two attributes have one name, and that there are at most
/// OLSTM__MAX_ATTRIBUTES.
olstm_status olstm__attributes_check(olstm__decoder* decoder,
                                     const olstm__node_proto* node);

/// Decodes a node's attributes, graphs included.
olstm_status olstm__attributes_decode(olstm__decoder* decoder, olstm__scope* scope,
                                      const olstm__node_proto* node,
                                      const olstm_attribute** out_attributes,
                                      size_t* out_count);

/// Decodes a tensor into the model's memory: an initializer (node NULL), or an attribute
/// of a node.
olstm_status olstm__decode_tensor(olstm__decoder* decoder,
                                  const olstm__tensor_proto* proto,
                                  const olstm__node_proto* node,
                                  const char* attribute_name,
                                  const olstm_tensor** out_tensor);

/// Copies bytes into the model's memory as an olstm_string with a zero behind it.
olstm_status olstm__decode_string(olstm__decoder* decoder,
                                  const ProtobufCBinaryData* data,
                                  olstm_string* out_string);

#endif  // OLSTM_ONNX_PROTO_ATTRIBUTE_H_
