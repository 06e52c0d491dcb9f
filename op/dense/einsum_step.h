// One step of an Einsum: an operand whose letters are brought into order or summed, or
// two operands that are multiplied. Knows the loops for it; which steps an equation takes
// is einsum_contract's.
#ifndef OLSTM_OP_DENSE_EINSUM_STEP_H_
#define OLSTM_OP_DENSE_EINSUM_STEP_H_

#include "op/dense/einsum_product.h"
#include "op/elementwise/binary_walk.h"
#include "op/reduce/reduce_walk.h"

typedef struct olstm__einsum_step {
  olstm_dtype dtype;
  olstm__einsum_letters letters;
  int64_t output_count, sum_count;
  enum {
    /// The definition: for each element of the output, over the summed letters.
    OLSTM__EINSUM_LOOPS,
    /// One operand of which nothing is summed: its elements in another order.
    OLSTM__EINSUM_COPY,
    /// One operand, some of whose dimensions are summed, the others in their order.
    OLSTM__EINSUM_SUM,
    /// Two operands of which nothing is summed, side by side along the last dimension.
    OLSTM__EINSUM_WALK,
    OLSTM__EINSUM_PRODUCT
  } kind;
  union {
    olstm__strided_copy copy;
    olstm__reduce_walk sums;
    olstm__binary_walk walk;
    olstm__einsum_product product;
  } by;
  size_t workspace_bytes;
  /// For who runs several: where the operands are, and the result.
  int32_t sources[2], target;
} olstm__einsum_step;

/// Plans a step; no letter has size 0, and the product of all sizes fits an int64. The
/// kind, and with it the bits of an element, depends on the sizes of summed letters, not
/// on those of the output's.
void olstm__einsum_step_init(olstm__einsum_step* self, olstm_dtype dtype,
                             const olstm__einsum_letters* letters);

/// Units of work (op/op_work.h).
uint64_t olstm__einsum_step_work(const olstm__einsum_step* self);

/// Computes; b is not looked at where there is one operand. [no-alloc]
void olstm__einsum_step_run(const olstm__einsum_step* self,
                            const olstm_parallel* parallel, const void* a, const void* b,
                            void* y, void* workspace);

#endif  // OLSTM_OP_DENSE_EINSUM_STEP_H_
