// One row of a normalization: its statistics, and the row scaled and shifted by them.
// Sums are in double, whatever the dtype; floats are scaled and shifted in float, others
// in double, block by block.
#ifndef OLSTM_OP_NORMALIZE_NORM_ROW_H_
#define OLSTM_OP_NORMALIZE_NORM_ROW_H_

#include "op/elementwise/compute_type.h"

/// Units of work (op/op_work.h) of measuring and applying a row, besides its elements.
static inline int64_t olstm__norm_row_units(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT || dtype == OLSTM_DTYPE_DOUBLE ? 512 : 1536;
}

typedef struct olstm__row_stats {
  double mean;
  /// 1 / sqrt(variance + epsilon)
  double inverse_deviation;
} olstm__row_stats;

/// A factor or summand for every element of a row, or one for all.
typedef struct olstm__row_operand {
  /// NULL: there is none.
  const void* data;
  olstm_dtype dtype;
  /// Elements from one to the next: 1 or 0.
  int64_t step;
} olstm__row_operand;

enum {
  /// The most rows that are measured together.
  OLSTM__NORM_ROWS = 16
};

/// How many of `left` rows of `count` elements to measure together: few enough that they
/// are still near when they are scaled.
static inline int64_t olstm__norm_rows_together(int64_t left, int64_t count) {
  enum { kNear = 4096 };
  int64_t rows = count > 0 ? kNear / count : 1;
  rows = rows > OLSTM__NORM_ROWS ? OLSTM__NORM_ROWS : rows < 1 ? 1 : rows;
  return left < rows ? left : rows;
}

/// Of rows of `count` > 0 elements, one after the other. Without centring the mean is 0
/// and the variance the mean square. [no-alloc]
void olstm__norm_rows_measure(olstm_dtype dtype, int64_t rows, int64_t count,
                              const void* x, double epsilon, bool centres,
                              olstm__row_stats* out_stats);

/// y = (x - mean) * inverse_deviation * scale + shift. y may be x. [no-alloc]
void olstm__norm_row_apply(olstm_dtype dtype, int64_t count, const void* x,
                           const olstm__row_stats* stats, const olstm__row_operand* scale,
                           const olstm__row_operand* shift, void* y);

#endif  // OLSTM_OP_NORMALIZE_NORM_ROW_H_
