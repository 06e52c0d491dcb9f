// Tensors of indices: int32 or int64; negative ones count from the end; all are checked.
#ifndef OLSTM_OP_GATHER_INDEX_LIST_H_
#define OLSTM_OP_GATHER_INDEX_LIST_H_

#include "op/op_support.h"

#define OLSTM__DTYPES_INDEX \
  (OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64))

static inline int64_t olstm__index_get(const void* indices, bool is_wide, size_t i) {
  return is_wide ? ((const int64_t*)indices)[i] : ((const int32_t*)indices)[i];
}

/// Makes an index in -dim..dim-1 one in 0..dim-1; false for any other.
static inline bool olstm__index_wrap(int64_t* index, int64_t dim) {
  if (*index < 0) *index += dim;
  return *index >= 0 && *index < dim;
}

/// Fails with the index as the tensor has it: "input 'i' has 7 at position 3, expected
/// -5..4".
olstm_status olstm__index_fail(const olstm__op_base* base, olstm_error* error,
                               size_t input, size_t position, int64_t value, int64_t dim);

/// Fails so with the first index out of range, of which input 1 has one.
olstm_status olstm__index_fail_first(const olstm__op_base* base, olstm_error* error,
                                     const void* indices, bool is_wide, int64_t dim);

#endif  // OLSTM_OP_GATHER_INDEX_LIST_H_
