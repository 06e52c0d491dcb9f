// Shared by GatherElements and ScatterElements: iterates over the tensor of indices, with
// the position in the data of each.
#ifndef OLSTM_OP_GATHER_GATHER_ELEMENTS_H_
#define OLSTM_OP_GATHER_GATHER_ELEMENTS_H_

#include "op/gather/index_list.h"

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

/// Calls `visit` once a row with the row's offset in the data; the visitor adds to it,
/// for element i, index * axis_stride + i * strides[rank - 1]. Stops at the first
/// failure.
typedef olstm_status (*olstm__row_visitor)(const void* context, int64_t row,
                                           int64_t data_offset, olstm_error* error);
olstm_status olstm__element_walk_rows(const olstm__element_walk* walk,
                                      const void* context, olstm__row_visitor visit,
                                      olstm_error* error);

#endif  // OLSTM_OP_GATHER_GATHER_ELEMENTS_H_
