// Sizes of tensors whose desc was checked before.
#ifndef OLSTM_BASE_TENSOR_SIZE_H_
#define OLSTM_BASE_TENSOR_SIZE_H_

#include "olstm/tensor.h"

/// Bytes of the elements of a tensor. desc: one for which olstm_tensor_desc_bytes
/// succeeded; 0 for any other.
size_t olstm__desc_bytes(const olstm_tensor_desc* desc);

/// Data for a tensor without elements whose value counts as known: not NULL, aligned to
/// OLSTM_ALIGNMENT. Must not be read or written.
void* olstm__empty_tensor_data(void);

#endif  // OLSTM_BASE_TENSOR_SIZE_H_
