// The shapes of a matrix product, as numpy.matmul defines it: matrices are the last two
// dimensions, the others are broadcast; a vector is a row on the left and a column on the
// right, and the result lacks its dimension.
#ifndef OLSTM_OP_DENSE_MATMUL_SHAPE_H_
#define OLSTM_OP_DENSE_MATMUL_SHAPE_H_

#include "op/dense/product.h"
#include "op/elementwise/broadcast.h"

/// A batch of products [m,k] x [k,n].
typedef struct olstm__matmul_plan {
  /// Walks the batch; offsets and steps count matrices.
  olstm__broadcast batch;
  int64_t m, k, n;
} olstm__matmul_plan;

/// A right-hand operand as a batch of matrices.
typedef struct olstm__matmul_operand {
  /// The dimensions before the matrix.
  olstm_tensor_desc batch;
  int64_t rows;
  int64_t columns;
} olstm__matmul_operand;

/// A tensor of rank 1 or more, on the left or on the right.
olstm__matmul_operand olstm__matmul_view(const olstm_tensor_desc* desc, bool is_left);

/// The shape of input `a` times input `b`, in *out_y; its dtype is a's. Fails with
/// SHAPE_MISMATCH naming both.
olstm_status olstm__matmul_infer(const olstm__op_base* base, const olstm_infer_args* args,
                                 size_t a, size_t b, olstm_tensor_desc* out_y,
                                 olstm_error* error);

/// Plans the products. With merges_rows, a batch of which the right-hand side is one
/// matrix becomes a single product of all rows.
void olstm__matmul_plan_init(olstm__matmul_plan* plan, const olstm_tensor_desc* a,
                             const olstm_tensor_desc* b, const olstm_tensor_desc* y,
                             bool merges_rows);

/// Units of work of all products that make y, of matrices of `dtype`; `packs`: the
/// right-hand sides are packed in every run.
uint64_t olstm__matmul_work(const olstm__matmul_plan* plan, olstm_dtype dtype,
                            bool packs);

#endif  // OLSTM_OP_DENSE_MATMUL_SHAPE_H_
