// Shared by GatherElements and ScatterElements: iterates over the tensor of indices, with
// the position in the data of each.
#ifndef OLSTM_OP_GATHER_GATHER_ELEMENTS_H_
#define OLSTM_OP_GATHER_GATHER_ELEMENTS_H_

#include "op/gather/index_list.h"

/// Indices of a row that are resolved together.
enum { OLSTM__ELEMENT_BLOCK = 128 };

/// Const once it is initialised.
typedef struct olstm__element_walk {
  bool is_wide;
  int32_t rank;
  int32_t axis;
  /// Rows of the tensor of indices (all but the last dimension), and a row's length.
  int64_t row_count;
  int64_t row_length;
  int64_t dims[OLSTM_MAX_RANK];
  /// Strides of the data, in elements; 0 for the axis, whose stride is axis_stride.
  int64_t strides[OLSTM_MAX_RANK];
  int64_t axis_stride;
  int64_t axis_dim;
} olstm__element_walk;

/// Checks ranks, axis, the dtype of the indices, and that their shape lies inside the
/// data's but for the axis.
olstm_status olstm__element_walk_check(const olstm__op_base* base,
                                       const olstm_infer_args* args, int64_t axis,
                                       olstm_error* error);

void olstm__element_walk_init(olstm__element_walk* walk, const olstm_tensor_desc* data,
                              const olstm_tensor_desc* indices, int64_t axis);

/// A piece of a row of indices, and the elements of the data that it stands for.
typedef struct olstm__element_block {
  /// The piece's first element in the tensor of indices.
  size_t position;
  size_t count;
  /// Index i stands for element start + indices[i] * stride + i * step of the data.
  const int64_t* indices;
  int64_t start;
  int64_t stride;
  int64_t step;
  /// Where the indices are if they are not as the tensor has them.
  int64_t room[OLSTM__ELEMENT_BLOCK];
} olstm__element_block;

static inline size_t olstm__element_offset(const olstm__element_block* block, size_t i) {
  return (size_t)(block->start + block->indices[i] * block->stride +
                  (int64_t)i * block->step);
}

/// Calls `visit` for all indices, block by block; for blocks of several rows at once
/// where `parallel` is not NULL. Fails at the first one out of range, which is reported
/// as input 1's.
typedef void (*olstm__element_visitor)(const void* context,
                                       const olstm__element_block* block);
olstm_status olstm__element_walk_run(const olstm__element_walk* walk,
                                     const olstm__op_base* base,
                                     const olstm_parallel* parallel, const void* indices,
                                     olstm__element_visitor visit, const void* context,
                                     olstm_error* error);

#endif  // OLSTM_OP_GATHER_GATHER_ELEMENTS_H_
