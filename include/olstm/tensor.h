// Tensors: dtype, shape and a pointer to row-major elements. Nobody owns anything here.
#ifndef OLSTM_TENSOR_H_
#define OLSTM_TENSOR_H_

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "olstm/allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The highest rank of a tensor that olstm runs.
enum { OLSTM_MAX_RANK = 8 };

/// Element types, numbered as ONNX TensorProto.DataType numbers them.
typedef int32_t olstm_dtype;

enum {
  OLSTM_DTYPE_UNDEFINED = 0,
  OLSTM_DTYPE_FLOAT = 1,
  OLSTM_DTYPE_UINT8 = 2,
  OLSTM_DTYPE_INT8 = 3,
  OLSTM_DTYPE_UINT16 = 4,
  OLSTM_DTYPE_INT16 = 5,
  OLSTM_DTYPE_INT32 = 6,
  OLSTM_DTYPE_INT64 = 7,
  /// Kept by a model, run by no operator. Elements are olstm_string.
  OLSTM_DTYPE_STRING = 8,
  /// One byte, 0 or 1.
  OLSTM_DTYPE_BOOL = 9,
  OLSTM_DTYPE_FLOAT16 = 10,
  OLSTM_DTYPE_DOUBLE = 11,
  OLSTM_DTYPE_UINT32 = 12,
  OLSTM_DTYPE_UINT64 = 13,
  OLSTM_DTYPE_COMPLEX64 = 14,
  OLSTM_DTYPE_COMPLEX128 = 15,
  OLSTM_DTYPE_BFLOAT16 = 16
};

/// The bit of a dtype in a set of dtypes.
#define OLSTM_DTYPE_BIT(dtype) (UINT64_C(1) << (dtype))

/// An element of a STRING tensor: bytes, not terminated.
typedef struct olstm_string {
  const char* bytes;
  size_t byte_count;
} olstm_string;

/// dtype and shape. A scalar has rank 0. Dimensions are >= 0.
typedef struct olstm_tensor_desc {
  olstm_dtype dtype;
  int32_t rank;
  int64_t dims[OLSTM_MAX_RANK];
} olstm_tensor_desc;

/// A tensor: its description and its elements, row-major, without gaps.
typedef struct olstm_tensor {
  olstm_tensor_desc desc;
  void* data;
} olstm_tensor;

/// The dtype's name as ONNX writes it in lower case ("float", "int64"); "undefined" for
/// an unknown one.
OLSTM_INLINE_ const char* olstm_dtype_name(olstm_dtype dtype) {
  static const char* const kNames[] = {
      "undefined", "float",  "uint8",     "int8",       "uint16",  "int16",
      "int32",     "int64",  "string",    "bool",       "float16", "double",
      "uint32",    "uint64", "complex64", "complex128", "bfloat16"};
  const bool known =
      dtype >= 0 && dtype < (olstm_dtype)(sizeof kNames / sizeof kNames[0]);
  return kNames[known ? dtype : 0];
}

/// Bytes an element; 0 for an unknown dtype.
OLSTM_INLINE_ size_t olstm_dtype_size(olstm_dtype dtype) {
  static const uint8_t kSizes[] = {0, 4, 1, 1, 2, 2, 4,  8, sizeof(olstm_string),
                                   1, 2, 8, 4, 8, 8, 16, 2};
  const bool known =
      dtype >= 0 && dtype < (olstm_dtype)(sizeof kSizes / sizeof kSizes[0]);
  return known ? kSizes[dtype] : 0;
}

/// Elements of a checked desc (one that olstm_tensor_desc_bytes took).
OLSTM_INLINE_ int64_t olstm_tensor_desc_count(const olstm_tensor_desc* desc) {
  int64_t count = 1;
  for (int32_t d = 0; d < desc->rank; d++) count *= desc->dims[d];
  return count;
}

/// Bytes of all elements. False, and 0 bytes, when dtype, rank or a dimension is invalid
/// or the product does not fit, be it that a later dimension is 0.
OLSTM_INLINE_ bool olstm_tensor_desc_bytes(const olstm_tensor_desc* desc,
                                           size_t* out_bytes) {
  size_t bytes = olstm_dtype_size(desc->dtype);
  bool empty = false;
  *out_bytes = 0;
  if (bytes == 0 || desc->rank < 0 || desc->rank > OLSTM_MAX_RANK) return false;
  for (int32_t d = 0; d < desc->rank; d++) {
    if (desc->dims[d] < 0) return false;
    if (desc->dims[d] == 0) {
      empty = true;
    } else if ((uint64_t)desc->dims[d] > (uint64_t)PTRDIFF_MAX ||
               !olstm_size_multiply(bytes, (size_t)desc->dims[d], &bytes) ||
               bytes > (size_t)PTRDIFF_MAX) {
      return false;
    }
  }
  *out_bytes = empty ? 0 : bytes;
  return true;
}

/// Same rank and dimensions, of checked descs.
OLSTM_INLINE_ bool olstm_tensor_desc_same_shape(const olstm_tensor_desc* a,
                                                const olstm_tensor_desc* b) {
  if (a->rank != b->rank) return false;
  for (int32_t d = 0; d < a->rank; d++) {
    if (a->dims[d] != b->dims[d]) return false;
  }
  return true;
}

/// Same dtype, rank and dimensions.
OLSTM_INLINE_ bool olstm_tensor_desc_equal(const olstm_tensor_desc* a,
                                           const olstm_tensor_desc* b) {
  return a->dtype == b->dtype && olstm_tensor_desc_same_shape(a, b);
}

/// A shape as text, for messages: olstm_shape_text(...).text is "[2,3]", a scalar's "[]",
/// and "of rank 9" where a desc cannot hold it.
typedef struct olstm_text {
  char text[192];
} olstm_text;

OLSTM_INLINE_ olstm_text olstm_dims_text(const int64_t* dims, int32_t rank) {
  olstm_text result;
  size_t used = 1;
  result.text[0] = '[';
  if (rank < 0 || rank > OLSTM_MAX_RANK) {
    (void)snprintf(result.text, sizeof result.text, "of rank %" PRId32, rank);
    return result;
  }
  for (int32_t d = 0; d < rank; d++) {
    used += (size_t)snprintf(result.text + used, sizeof result.text - used,
                             d ? ",%" PRId64 : "%" PRId64, dims[d]);
  }
  (void)snprintf(result.text + used, sizeof result.text - used, "]");
  return result;
}

OLSTM_INLINE_ olstm_text olstm_shape_text(const olstm_tensor_desc* desc) {
  return olstm_dims_text(desc->dims, desc->rank);
}

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_TENSOR_H_
