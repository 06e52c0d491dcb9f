// Sums, products and extremes of floats, at the speed of the CPU's vectors. Sums and
// products are in double, in an order that counts alone decide: the same on every CPU.
// For SUM alone up to four elements are added in float before, so that errors stay those
// of a few floats, however many there are.
#ifndef OLSTM_OP_MATH_FLOAT_FOLD_H_
#define OLSTM_OP_MATH_FLOAT_FOLD_H_

#include <stdint.h>

/// What is added up: the elements, their magnitudes, their squares, the squares of their
/// distances from `shift`; or their product.
typedef enum olstm__fold_kind {
  OLSTM__FOLD_SUM,
  OLSTM__FOLD_ABS,
  OLSTM__FOLD_SQUARE,
  OLSTM__FOLD_DEVIATION,
  OLSTM__FOLD_PRODUCT,
  OLSTM__FOLD_COUNT
} olstm__fold_kind;

/// The functions for one kind of CPU. [no-alloc] [any-thread]
typedef struct olstm__float_fold {
  /// totals[r] = the fold of row r of x: `count` neighbours, `stride` from row to row.
  void (*rows[OLSTM__FOLD_COUNT])(int64_t rows, int64_t stride, int64_t count,
                                  const float* x, double shift, double* totals);
  /// totals[j], j < count, takes in column j of every row. No DEVIATION: NULL.
  void (*columns[OLSTM__FOLD_COUNT])(int64_t rows, int64_t stride, int64_t count,
                                     const float* x, double* totals);
  /// most[r] = the largest (or, second, the least) of row r, or NaN; of nothing -infinity
  /// (infinity).
  void (*most_of_rows[2])(int64_t rows, int64_t stride, int64_t count, const float* x,
                          float* most);
  /// most[j] takes in column j of every row.
  void (*most_of_columns[2])(int64_t rows, int64_t stride, int64_t count, const float* x,
                             float* most);
} olstm__float_fold;

/// The functions of this CPU.
const olstm__float_fold* olstm__float_fold_get(void);

extern const olstm__float_fold olstm__float_fold_f32_plain;
extern const olstm__float_fold olstm__float_fold_f32_avx2;

#endif  // OLSTM_OP_MATH_FLOAT_FOLD_H_
