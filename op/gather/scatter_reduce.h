// Reductions of scattered elements with those already there.
#ifndef OLSTM_OP_GATHER_SCATTER_REDUCE_H_
#define OLSTM_OP_GATHER_SCATTER_REDUCE_H_

#include "op/op_support.h"

typedef enum olstm__scatter_reduction {
  OLSTM__SCATTER_NONE,
  OLSTM__SCATTER_ADD,
  OLSTM__SCATTER_MUL,
  OLSTM__SCATTER_MAX,
  OLSTM__SCATTER_MIN
} olstm__scatter_reduction;

/// target[i] = reduce(target[i], updates[i]) for `count` elements.
typedef void (*olstm__scatter_function)(void* target, const void* updates, size_t count);

/// Reads the attribute `reduction`; the first `known_count` of none, add, mul, max, min
/// are known.
olstm_status olstm__scatter_parse(const olstm__op_base* base, size_t known_count,
                                  olstm__scatter_reduction* out_reduction,
                                  olstm_error* error);

/// Integers wrap round; a NaN stays; bools add as or, multiply as and. NULL for NONE.
olstm__scatter_function olstm__scatter_find(olstm__scatter_reduction reduction,
                                            olstm_dtype dtype);

#endif  // OLSTM_OP_GATHER_SCATTER_REDUCE_H_
