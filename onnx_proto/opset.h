// The imported operator sets of a model or of a local function.
#ifndef OLSTM_ONNX_PROTO_OPSET_H_
#define OLSTM_ONNX_PROTO_OPSET_H_

#include "onnx_proto/decoder.h"

/// Reads a list of imports. owner: "the model", for messages.
///
/// Errors: INVALID_MODEL for a version below 1, or two of one domain.
olstm_status olstm__opsets_decode(olstm__decoder* decoder, olstm__arena* arena,
                                  Onnx__OperatorSetIdProto* const* imports, size_t count,
                                  const char* owner, olstm__opset_list* out_list);

/// The version imported for a domain ("" is ONNX's own), 0 for none.
int32_t olstm__opset_version(const olstm__opset_list* list, const char* domain);

#endif  // OLSTM_ONNX_PROTO_OPSET_H_
