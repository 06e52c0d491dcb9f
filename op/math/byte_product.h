// Products of matrices of bytes with their zero points taken off: exact, in int32, which
// wraps.
//
// The right-hand side is packed once. Rows of the left-hand side are prepared in a run's
// scratch. Signs and zero points cost nothing in the products themselves: sums start from
// what rows' and columns' sums make of them.
#ifndef OLSTM_OP_MATH_BYTE_PRODUCT_H_
#define OLSTM_OP_MATH_BYTE_PRODUCT_H_

#include <stdbool.h>

#include "olstm/plugin.h"

/// C [m,n] = (A [m,k] - its zeros) · (B [k,n] - its zeros).
typedef struct olstm__byte_product {
  int64_t k, n;
  bool a_is_signed, b_is_signed;
} olstm__byte_product;

/// A zero point in the bytes of its matrix: one for all, or one a row or column (step 1).
/// NULL: 0.
typedef struct olstm__byte_zero {
  const void* data;
  int64_t step;
} olstm__byte_zero;

/// Bytes of B packed, and of the scratch of a run with m rows. False when they do not
/// fit.
bool olstm__byte_product_packed_bytes(const olstm__byte_product* product,
                                      size_t* out_bytes);
bool olstm__byte_product_scratch_bytes(const olstm__byte_product* product, int64_t m,
                                       size_t* out_bytes);

/// Columns of C that a run writes where rows are so far apart, or more: whatever is
/// behind n of them.
int64_t olstm__byte_product_row(const olstm__byte_product* product);

/// Packs B, whose element (p,j) is b[p * row_stride + j * column_stride]; `packed` is
/// aligned to OLSTM_ALIGNMENT. [no-alloc]
void olstm__byte_product_pack(const olstm__byte_product* product, const void* b,
                              int64_t row_stride, int64_t column_stride, void* packed);

typedef struct olstm__byte_product_args {
  int64_t m;
  /// Rows of k bytes without gaps.
  const void* a;
  const void* packed;
  olstm__byte_zero a_zero, b_zero;
  /// What the sums of each column start from, or NULL.
  const int32_t* bias;
  /// Rows of n, c_stride apart.
  int32_t* c;
  int64_t c_stride;
  void* scratch;
  /// NULL for one thread.
  const olstm_parallel* parallel;
} olstm__byte_product_args;

/// Computes. [no-alloc]
void olstm__byte_product_run(const olstm__byte_product* product,
                             const olstm__byte_product_args* args);

#endif  // OLSTM_OP_MATH_BYTE_PRODUCT_H_
