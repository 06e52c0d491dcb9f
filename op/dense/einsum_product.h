// An Einsum of two operands as matrix products: its letters fall into those of a batch,
// of rows, of columns, and those that are summed.
#ifndef OLSTM_OP_DENSE_EINSUM_PRODUCT_H_
#define OLSTM_OP_DENSE_EINSUM_PRODUCT_H_

#include "op/dense/product.h"
#include "op/shape/strided_copy.h"

enum { OLSTM__EINSUM_MAX_LETTERS = 24 };

/// Letters of one operand or two, those of the result first. An operand that does not
/// have a letter has stride 0 there; strides count elements.
typedef struct olstm__einsum_letters {
  int32_t operand_count;
  int32_t output_count;
  int32_t count;
  int64_t dims[OLSTM__EINSUM_MAX_LETTERS];
  int64_t strides[2][OLSTM__EINSUM_MAX_LETTERS];
} olstm__einsum_letters;

/// Products [m,k] x [k,n], one for each of a batch. What does not lie as they need it is
/// brought into order in the workspace first, or last.
typedef struct olstm__einsum_product {
  olstm__product product;
  int64_t batch_count;
  olstm__strided_copy a, b, c;
  bool copies_a, copies_b, copies_c;
  /// Columns of one element are rows times its transpose: B is A then, and A is B.
  bool is_flipped;
  size_t a_offset, b_offset, c_offset, packed_offset, scratch_offset;
  size_t workspace_bytes;
} olstm__einsum_product;

/// Plans the products; no letter has size 0. False where letters do not fall into the
/// four kinds, or where nothing is summed and products would be too small to gain.
bool olstm__einsum_product_init(olstm__einsum_product* self, olstm_dtype dtype,
                                const olstm__einsum_letters* letters);

/// Computes. [no-alloc]
void olstm__einsum_product_run(const olstm__einsum_product* self,
                               const olstm_parallel* parallel, const void* a,
                               const void* b, void* c, void* workspace);

#endif  // OLSTM_OP_DENSE_EINSUM_PRODUCT_H_
