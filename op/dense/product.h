// Matrix products of every dtype that ONNX multiplies, with the right-hand matrix packed
// first. float and double use the gemm; float16 and bfloat16 are converted to float for
// it, some rows at a time; integers have plain loops, and wrap.
#ifndef OLSTM_OP_DENSE_PRODUCT_H_
#define OLSTM_OP_DENSE_PRODUCT_H_

#include "olstm/plugin.h"
#include "op/math/gemm.h"
#include "op/op_support.h"

/// The dtypes that can be multiplied: real ones, int32, int64, uint32 and uint64.
#define OLSTM__DTYPES_PRODUCT                                                 \
  (OLSTM__DTYPES_REAL | OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT32) |                  \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_INT64) | OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT32) | \
   OLSTM_DTYPE_BIT(OLSTM_DTYPE_UINT64))

/// C [m,n] = A [m,k] · B [k,n]. A, B and C have elements of `dtype`, which is real,
/// int32, int64, uint32 or uint64.
typedef struct olstm__product {
  olstm_dtype dtype;
  int64_t m, k, n;
} olstm__product;

/// Multiply-adds of a product.
static inline uint64_t olstm__product_work(const olstm__product* product) {
  return olstm__op_work(product->m, product->k, product->n, 1);
}

/// Units of work (op/op_work.h) of `count` such products; `packs`: each with packing B.
uint64_t olstm__product_units(const olstm__product* product, int64_t count, bool packs);

/// Bytes of B packed. False when they do not fit.
bool olstm__product_packed_bytes(const olstm__product* product, size_t* out_bytes);

/// Bytes of scratch that packing and running need, aligned. Most often 0.
bool olstm__product_pack_scratch_bytes(const olstm__product* product, size_t* out_bytes);
bool olstm__product_run_scratch_bytes(const olstm__product* product, size_t* out_bytes);

/// Packs B, which may have any strides. packed and scratch are aligned to
/// OLSTM_ALIGNMENT. [no-alloc]
void olstm__product_pack(const olstm__product* product, const olstm__gemm_matrix* b,
                         void* scratch, void* packed);

/// Whether B, whose rows are `row_stride` and whose elements `column_stride` apart, had
/// better not be packed for one run: few rows of A read it as fast as packing would.
bool olstm__product_takes_unpacked(const olstm__product* product,
                                   const olstm__gemm_matrix* b);

/// Whether B, row by row, had better never be packed, however many rows A has.
bool olstm__product_is_shallow(const olstm__product* product);

typedef struct olstm__product_run_args {
  /// Rows of k elements without gaps.
  const void* a;
  /// NULL: B is `b`.
  const void* packed;
  olstm__gemm_matrix b;
  /// Where `b` is packed to; NULL: olstm__product_takes_unpacked says that it is not.
  void* pack_to;
  /// [n] of `dtype`, added to every row; NULL for none. Real dtypes alone.
  const void* bias;
  /// Rows of n elements without gaps.
  void* c;
  void* scratch;
  /// NULL for one thread.
  const olstm_parallel* parallel;
} olstm__product_run_args;

/// Computes. m may be less than when the scratch was asked for. The same result whatever
/// the number of threads. [no-alloc]
void olstm__product_run(const olstm__product* product,
                        const olstm__product_run_args* args);

#endif  // OLSTM_OP_DENSE_PRODUCT_H_
