// Decodes a ValueInfoProto: the declared dtype and shape of a value.
#ifndef OLSTM_ONNX_PROTO_VALUE_TYPE_H_
#define OLSTM_ONNX_PROTO_VALUE_TYPE_H_

#include "onnx_proto/decoder.h"

/// Sets dtype, rank, dims and dim_params (not the name); UNDEFINED and -1 where they are
/// not declared.
///
/// Errors: UNSUPPORTED for a type that is not a tensor, or a dtype or rank that olstm
/// lacks.
olstm_status olstm__value_type_decode(olstm__decoder* decoder,
                                      const olstm__value_info_proto* proto,
                                      olstm_value_info* out_info);

/// Whether a value is declared to be a sequence. Inside a model that may become a tensor.
bool olstm__value_type_is_sequence(const olstm__value_info_proto* proto);

/// A value with a name, and unknown dtype and shape.
olstm_value_info olstm__value_type_unknown(const char* name);

#endif  // OLSTM_ONNX_PROTO_VALUE_TYPE_H_
