// Tensors in another dtype, value by value, for inputs that a user has in the dtype that
// NumPy gave them.
#ifndef OLSTM_TOOLS_TENSOR_CAST_H_
#define OLSTM_TOOLS_TENSOR_CAST_H_

#include "olstm/status.h"
#include "olstm/tensor.h"

/// Converts a tensor of the C library's allocator, as olstm__tensor_file_read gives it,
/// in place. Reals are rounded; an integer or bool must be what the value was.
///
/// Errors: INVALID_VALUE, with the first element that `dtype` cannot hold; UNSUPPORTED
/// for strings and complex numbers; OUT_OF_MEMORY. The tensor is as before then.
olstm_status olstm__tensor_cast(olstm_tensor* tensor, olstm_dtype dtype,
                                olstm_error* error);

#endif  // OLSTM_TOOLS_TENSOR_CAST_H_
