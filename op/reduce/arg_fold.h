// The positions of the largest or least values: of a row, or of each of several columns.
#ifndef OLSTM_OP_REDUCE_ARG_FOLD_H_
#define OLSTM_OP_REDUCE_ARG_FOLD_H_

#include "op/elementwise/compute_type.h"

/// Which value is taken. NaN is passed over, unless it is what is looked at first: the
/// first value, or the last where selects_last.
typedef struct olstm__arg_order {
  bool wants_max;
  /// Of several equal ones, which -0 and 0 are, the last instead of the first.
  bool selects_last;
} olstm__arg_order;

/// The positions of the extremes of `rows` rows, one after the other, of `count` > 0
/// neighbouring elements each. [no-alloc]
void olstm__arg_of_rows(olstm_dtype dtype, olstm__arg_order order, int64_t rows,
                        int64_t count, const void* x, int64_t* positions);

/// The positions of the extremes of up to OLSTM__COMPUTE_BLOCK neighbouring columns,
/// whose `rows` > 0 elements are `stride` elements apart. [no-alloc]
void olstm__arg_of_columns(olstm_dtype dtype, olstm__arg_order order, int64_t rows,
                           int64_t stride, int64_t columns, const void* x,
                           int64_t* positions);

#endif  // OLSTM_OP_REDUCE_ARG_FOLD_H_
