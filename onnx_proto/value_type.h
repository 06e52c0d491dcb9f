// ValueInfoProto to olstm_value_info: what a graph says of the dtype and shape of a
// value.
#ifndef OLSTM_ONNX_PROTO_VALUE_TYPE_H_
#define OLSTM_ONNX_PROTO_VALUE_TYPE_H_

#include "onnx_proto/decoder.h"

/// Fills dtype, rank, dims and dim_params (not the name); UNDEFINED and -1 where the file
/// says nothing.
///
/// Errors: UNSUPPORTED for what is not a tensor, or of a dtype or rank that olstm lacks.
olstm_status olstm__value_type_decode(olstm__decoder* decoder,
                                      const olstm__value_info_proto* proto,
                                      olstm_value_info* out_info);

/// A value of which nothing is known but its name.
olstm_value_info olstm__value_type_unknown(const char* name);

#endif  // OLSTM_ONNX_PROTO_VALUE_TYPE_H_
