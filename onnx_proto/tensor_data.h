// Decodes a TensorProto: dtype, shape, and the one data field that must hold exactly the
// shape's elements. Knows nothing of files, nor of where elements are kept.
#ifndef OLSTM_ONNX_PROTO_TENSOR_DATA_H_
#define OLSTM_ONNX_PROTO_TENSOR_DATA_H_

#include "olstm/status.h"
#include "olstm/tensor.h"
#include "onnx_proto/schema.h"

/// How a tensor is named in messages: "tensor 'W'", or "Constant 'c': attribute 'value'".
typedef struct olstm__tensor_label {
  /// The tensor's name; NULL or "" when it has none.
  const char* tensor_name;
  /// The node and attribute that hold it; NULL for an initializer.
  const char* op_type;
  const char* node_name;
  const char* attribute_name;
} olstm__tensor_label;

/// Fails with the label before the message.
olstm_status olstm__tensor_fail(const olstm__tensor_label* label, olstm_error* error,
                                olstm_status code, const char* format, ...)
    OLSTM_PRINTF_(4, 5);

/// Whether a dtype is supported: all but complex numbers and dtypes newer than bfloat16.
bool olstm__dtype_is_known(int32_t dtype);

/// "float", "float8e4m3fn": dtypes that olstm lacks have names too.
const char* olstm__dtype_proto_name(int32_t dtype);

/// Reads dtype and shape, and checks that the product of the dimensions fits.
///
/// Errors: UNSUPPORTED (dtype, rank, segments), INVALID_MODEL.
olstm_status olstm__tensor_describe(const olstm__tensor_proto* proto,
                                    const olstm__tensor_label* label,
                                    olstm_tensor_desc* out_desc, size_t* out_bytes,
                                    olstm_error* error);

/// Checks that exactly one data field is set, the right one for the dtype, with exactly
/// the desc's elements. Not for external data.
olstm_status olstm__tensor_check_data(const olstm__tensor_proto* proto,
                                      const olstm__tensor_label* label,
                                      const olstm_tensor_desc* desc, size_t bytes,
                                      olstm_error* error);

/// Copies checked data to `elements`, a buffer of `bytes`. Not for strings.
///
/// Errors: INVALID_MODEL for an element that the dtype cannot represent.
olstm_status olstm__tensor_copy_data(const olstm__tensor_proto* proto,
                                     const olstm__tensor_label* label,
                                     const olstm_tensor_desc* desc, size_t bytes,
                                     void* elements, olstm_error* error);

/// Sets each byte of a bool tensor to 0 or 1.
void olstm__tensor_normalize_bools(const olstm_tensor_desc* desc, size_t bytes,
                                   void* elements);

#endif  // OLSTM_ONNX_PROTO_TENSOR_DATA_H_
