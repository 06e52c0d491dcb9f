// Sums of matrix products with constant weights and of constant biases: what the gates of
// a recurrent cell activate. A sum is seen through the Splits and Slices that cut gates
// out of it. Knows no cell.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_SUM_H_
#define OLSTM_RUNTIME_FUSE_FUSE_SUM_H_

#include "runtime/fuse/fuse_match.h"

enum { OLSTM__SUM_MAX_PRODUCTS = 2, OLSTM__SUM_MAX_BIASES = 4 };

/// The tensor of a value that is the same at every step, or NULL: constants, and whatever
/// else the caller knows.
typedef struct olstm__constants {
  const void* user;
  const olstm_tensor* (*get)(const void* user, int32_t value);
} olstm__constants;

/// A block of a constant matrix, or of a constant vector (one row).
typedef struct olstm__weight_block {
  const olstm_tensor* tensor;
  /// [columns,rows] in memory, as a Gemm's transB has it.
  bool is_transposed;
  int64_t first_row, row_count;
  int64_t first_column, column_count;
} olstm__weight_block;

typedef struct olstm__sum {
  size_t product_count;
  struct {
    int32_t factor;
    olstm__weight_block weight;
  } products[OLSTM__SUM_MAX_PRODUCTS];
  size_t bias_count;
  olstm__weight_block biases[OLSTM__SUM_MAX_BIASES];
  /// Whether a product is a Gemm's: its factor has two dimensions, then.
  bool has_gemm;
} olstm__sum;

/// Takes a value apart. False when it is made of anything else, or when not all of it has
/// the same number of columns. square_factor: the factor that has as many rows as the sum
/// has columns, so that products with it and another one side by side can be told apart;
/// may be NO_VALUE.
bool olstm__match_sum(const olstm__graph* graph, int32_t value, int32_t square_factor,
                      const olstm__constants* constants, olstm__sum* out_sum);

/// An element of a block, as a double.
double olstm__weight_block_at(const olstm__weight_block* block, int64_t row,
                              int64_t column);

/// Whether two blocks hold the same numbers.
bool olstm__weight_block_equal(const olstm__weight_block* a,
                               const olstm__weight_block* b);

/// The factors of the matrix products that `value` is computed from, without looking
/// behind the products: at most `capacity`.
size_t olstm__sum_list_factors(const olstm__graph* graph, int32_t value,
                               const olstm__constants* constants, size_t capacity,
                               int32_t* out_factors);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_SUM_H_
