// Sizes of tensors.
#ifndef OLSTM_BASE_TENSOR_SIZE_H_
#define OLSTM_BASE_TENSOR_SIZE_H_

#include "olstm/tensor.h"

/// Bytes of the elements of a tensor. desc: one for which olstm_tensor_desc_bytes
/// succeeded; 0 for any other.
size_t olstm__desc_bytes(const olstm_tensor_desc* desc);

/// a * dim, of a dimension that was not checked. False when it is negative, or the
/// product is larger than memory can be.
static inline bool olstm__size_multiply_dim(size_t a, int64_t dim, size_t* out_product) {
  return (uint64_t)dim <= (uint64_t)PTRDIFF_MAX &&
         olstm_size_multiply(a, (size_t)dim, out_product) &&
         *out_product <= (size_t)PTRDIFF_MAX;
}

/// Data for a tensor without elements whose value counts as known: not NULL, aligned to
/// OLSTM_ALIGNMENT. Must not be read or written.
void* olstm__empty_tensor_data(void);

#endif  // OLSTM_BASE_TENSOR_SIZE_H_
