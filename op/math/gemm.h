// Matrix products with a weight matrix that is packed once, in float and double.
//
// Results do not depend on the number of rows, on neighbouring rows, or on how rows and
// columns are split over threads: every element is one sum over k in the same order.
#ifndef OLSTM_OP_MATH_GEMM_H_
#define OLSTM_OP_MATH_GEMM_H_

#include <stdbool.h>

#include "olstm/tensor.h"

/// B [k,n] with any strides (in elements): element (p,j) is b[p*row_stride +
/// j*column_stride].
typedef struct olstm__gemm_matrix {
  const void* data;
  int64_t row_stride;
  int64_t column_stride;
} olstm__gemm_matrix;

/// C [m,n] = A [m,k] · B [k,n] (+ bias [n]) (+ C).
typedef struct olstm__gemm_args {
  int64_t m, n, k;
  /// A: rows of k contiguous elements, `a_stride` elements apart.
  const void* a;
  int64_t a_stride;
  /// What olstm__gemm_pack made of B.
  const void* packed;
  /// [n], or NULL.
  const void* bias;
  /// C: rows of n contiguous elements, `c_stride` elements apart.
  void* c;
  int64_t c_stride;
  /// Adds to C instead of overwriting it.
  bool accumulate;
  /// Where `packed` is NULL, B itself, with rows of n elements without gaps: for a few
  /// rows of float, without `accumulate`.
  const void* b;
  /// Not 0: `b` is B transposed, whose rows of k elements are so many elements apart. For
  /// one row of float (olstm__gemm_takes_transposed).
  int64_t b_stride;
} olstm__gemm_args;

/// Bytes of a packed B. dtype: FLOAT or DOUBLE. False when they do not fit in a size_t.
bool olstm__gemm_packed_bytes(olstm_dtype dtype, int64_t k, int64_t n, size_t* out_bytes);

/// Columns that are packed together, in a B of more: those from a multiple of them on
/// begin where as many columns before them end.
int64_t olstm__gemm_tile_columns(olstm_dtype dtype);

/// The columns of a vector: a packed B takes as much as one of whole vectors.
int64_t olstm__gemm_lanes(olstm_dtype dtype);

/// Packs B into `packed` (aligned to OLSTM_ALIGNMENT).
void olstm__gemm_pack(olstm_dtype dtype, int64_t k, int64_t n,
                      const olstm__gemm_matrix* b, void* packed);

/// Whether products of this dtype can do without packing.
bool olstm__gemm_takes_unpacked(olstm_dtype dtype);

/// Whether a product of one row can do without packing a B that is transposed.
bool olstm__gemm_takes_transposed(olstm_dtype dtype);

/// Computes. [no-alloc] [any-thread]
void olstm__gemm_run(olstm_dtype dtype, const olstm__gemm_args* args);

#endif  // OLSTM_OP_MATH_GEMM_H_
