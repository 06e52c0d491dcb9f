// TensorProto to elements: dtype, shape, and the one data field that must hold exactly
// the shape's elements. Knows nothing of files, or of who keeps the elements.
#ifndef OLSTM_ONNX_PROTO_TENSOR_DATA_H_
#define OLSTM_ONNX_PROTO_TENSOR_DATA_H_

#include "olstm/status.h"
#include "olstm/tensor.h"
#include "onnx_proto/schema.h"

/// How messages call a tensor: "tensor 'W'", or "Constant 'c': attribute 'value'".
typedef struct olstm__tensor_label {
  /// Of the tensor; NULL or "" when it has none.
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

/// Whether olstm keeps tensors of that dtype: all but complex numbers, and what is newer
/// than bfloat16.
bool olstm__dtype_is_known(int32_t dtype);

/// "float", "float8e4m3fn": also the names of dtypes that olstm does not have.
const char* olstm__dtype_proto_name(int32_t dtype);

/// Reads dtype and shape, and checks that the product of the dimensions fits.
///
/// Errors: UNSUPPORTED (dtype, rank, segments), INVALID_MODEL.
olstm_status olstm__tensor_describe(const olstm__tensor_proto* proto,
                                    const olstm__tensor_label* label,
                                    olstm_tensor_desc* out_desc, size_t* out_bytes,
                                    olstm_error* error);

/// Checks that exactly the right data field is filled, with exactly the desc's elements.
/// Not for external data.
olstm_status olstm__tensor_check_data(const olstm__tensor_proto* proto,
                                      const olstm__tensor_label* label,
                                      const olstm_tensor_desc* desc, size_t bytes,
                                      olstm_error* error);

/// Copies checked data to `elements`, which has room for `bytes`. Not for strings.
///
/// Errors: INVALID_MODEL for a typed element that its dtype cannot hold.
olstm_status olstm__tensor_copy_data(const olstm__tensor_proto* proto,
                                     const olstm__tensor_label* label,
                                     const olstm_tensor_desc* desc, size_t bytes,
                                     void* elements, olstm_error* error);

/// Makes each byte of a bool tensor 0 or 1.
void olstm__tensor_normalize_bools(const olstm_tensor_desc* desc, size_t bytes,
                                   void* elements);

#endif  // OLSTM_ONNX_PROTO_TENSOR_DATA_H_
