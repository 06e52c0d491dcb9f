// The arithmetic of reductions, in the three types that hold every dtype: double for the
// real ones, int64 and uint64 for integers, which wrap.
#ifndef OLSTM_OP_REDUCE_REDUCE_FOLD_H_
#define OLSTM_OP_REDUCE_REDUCE_FOLD_H_

#include "op/elementwise/compute_type.h"

typedef enum olstm__reduce_code {
  OLSTM__REDUCE_SUM,
  OLSTM__REDUCE_MEAN,
  OLSTM__REDUCE_MAX,
  OLSTM__REDUCE_MIN,
  OLSTM__REDUCE_PROD,
  OLSTM__REDUCE_L1,
  OLSTM__REDUCE_L2,
  OLSTM__REDUCE_SUM_SQUARE,
  OLSTM__REDUCE_LOG_SUM,
  OLSTM__REDUCE_LOG_SUM_EXP
} olstm__reduce_code;

/// What one type does. Arrays are of compute type and hold at most
/// OLSTM__COMPUTE_BLOCK elements; `shift` is what LOG_SUM_EXP subtracts first. [no-alloc]
typedef struct olstm__reduce_fold {
  olstm__compute_type compute_type;
  /// totals[j] = what an empty set gives in a tensor of `dtype`.
  void (*begin)(olstm__reduce_code code, olstm_dtype dtype, int64_t count, void* totals);
  /// totals[j] takes in values[j]. Spoils the values.
  void (*take_columns)(olstm__reduce_code code, int64_t count, void* values,
                       const void* shifts, void* totals);
  /// *total takes in all values, in an order that `count` alone decides. Spoils the
  /// values.
  void (*take_run)(olstm__reduce_code code, int64_t count, void* values,
                   const void* shift, void* total);
  /// Makes results of totals over sets of `set_count` elements.
  void (*end)(olstm__reduce_code code, int64_t set_count, int64_t count,
              const void* shifts, void* totals);
} olstm__reduce_fold;

/// How `code` is computed for `dtype`. Const, lives for ever.
const olstm__reduce_fold* olstm__reduce_fold_find(olstm__reduce_code code,
                                                  olstm_dtype dtype);

#endif  // OLSTM_OP_REDUCE_REDUCE_FOLD_H_
