// SparseTensorProto to a dense tensor: initializers and Constant nodes may be sparse,
// what runs is not.
#ifndef OLSTM_ONNX_PROTO_SPARSE_TENSOR_H_
#define OLSTM_ONNX_PROTO_SPARSE_TENSOR_H_

#include "onnx_proto/decoder.h"

/// Makes the dense tensor, which counts against the decoder's memory with all its
/// elements. node: the Constant node that holds it, NULL for an initializer.
///
/// Errors: INVALID_MODEL (indices that are not in the shape, or not in ascending order),
/// UNSUPPORTED (strings), LIMIT_EXCEEDED, and those of its two tensors.
olstm_status olstm__decode_sparse_tensor(olstm__decoder* decoder,
                                         const olstm__sparse_tensor_proto* proto,
                                         const olstm__node_proto* node,
                                         const olstm_tensor** out_tensor);

#endif  // OLSTM_ONNX_PROTO_SPARSE_TENSOR_H_
