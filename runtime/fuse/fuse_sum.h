// Recognises sums of matrix products with constant weights and of constant biases: the
// arguments of a recurrent cell's activations. Follows the Splits and Slices that take
// gates out of a sum. Knows nothing of cells.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_SUM_H_
#define OLSTM_RUNTIME_FUSE_FUSE_SUM_H_

#include "runtime/fuse/fuse_match.h"

enum { OLSTM__SUM_MAX_PRODUCTS = 2, OLSTM__SUM_MAX_BIASES = 4 };

/// Looks up the tensor of a value that is the same in every step: constants, and values
/// that the caller knows to be. NULL for any other.
typedef struct olstm__constants {
  const void* user;
  const olstm_tensor* (*get)(const void* user, int32_t value);
  /// What a factor is without multiplications that leave it as it is; itself for any
  /// other. NULL where there are none.
  int32_t (*plain)(const void* user, int32_t value);
} olstm__constants;

/// A block of a constant matrix, or of a constant vector (one row).
typedef struct olstm__weight_block {
  const olstm_tensor* tensor;
  /// Stored as [columns,rows]: transB of a Gemm.
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
  /// Whether a product is a Gemm: its factor then has two dimensions.
  bool has_gemm;
} olstm__sum;

/// Splits a value into products and biases. False when it is computed in any other way,
/// or when terms differ in columns. square_factor: the factor with as many rows of
/// weights as the sum has columns; tells the factors of a joined product apart. May be
/// NO_VALUE.
bool olstm__match_sum(const olstm__graph* graph, int32_t value, int32_t square_factor,
                      const olstm__constants* constants, olstm__sum* out_sum);

/// An element of a block, as a double.
double olstm__weight_block_at(const olstm__weight_block* block, int64_t row,
                              int64_t column);

/// Whether two blocks hold the same numbers.
bool olstm__weight_block_equal(const olstm__weight_block* a,
                               const olstm__weight_block* b);

/// Lists the factors of the matrix products that `value` is computed from, without
/// following the factors; at most `capacity`.
size_t olstm__sum_list_factors(const olstm__graph* graph, int32_t value,
                               const olstm__constants* constants, size_t capacity,
                               int32_t* out_factors);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_SUM_H_
