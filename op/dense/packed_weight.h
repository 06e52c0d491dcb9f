// The right-hand matrix, or batch of matrices, of products: packed once when it is a
// constant, else in every run's workspace.
#ifndef OLSTM_OP_DENSE_PACKED_WEIGHT_H_
#define OLSTM_OP_DENSE_PACKED_WEIGHT_H_

#include "op/dense/product.h"
#include "op/packed_memory.h"

/// What a constant was packed to. Zeroed: not packed.
typedef struct olstm__packed_weight {
  olstm__packed_memory packed;
  /// Bytes from one packed matrix to the next.
  size_t matrix_bytes;
} olstm__packed_weight;

/// How the matrices lie in a constant.
typedef struct olstm__weight_layout {
  int64_t matrix_count;
  /// Elements from one matrix to the next.
  int64_t matrix_stride;
  int64_t row_stride;
  int64_t column_stride;
  /// They are not a constant of the node's itself, but were made of some, and go after
  /// packing: no other node can have the same.
  bool is_temporary;
} olstm__weight_layout;

/// Packs a constant. `product` says dtype, k and n; its m does not matter.
/// Errors: OUT_OF_MEMORY.   Memory: the caller deinits.
olstm_status olstm__packed_weight_init(olstm__packed_weight* weight,
                                       const olstm__op_base* base,
                                       const olstm__product* product,
                                       const olstm__weight_layout* layout,
                                       const void* data, olstm_error* error);

/// Takes one that was never packed.
void olstm__packed_weight_deinit(olstm__packed_weight* weight,
                                 const olstm__op_base* base);

/// A matrix of the weight.
static inline const void* olstm__packed_weight_get(const olstm__packed_weight* weight,
                                                   int64_t index) {
  return (const char*)weight->packed.memory + (size_t)index * weight->matrix_bytes;
}

#endif  // OLSTM_OP_DENSE_PACKED_WEIGHT_H_
