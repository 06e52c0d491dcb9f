// A tensor seen along one axis: [slab_count, rows, columns], the rows being the axis.
#ifndef OLSTM_OP_REDUCE_AXIS_VIEW_H_
#define OLSTM_OP_REDUCE_AXIS_VIEW_H_

#include "olstm/tensor.h"

typedef struct olstm__axis_view {
  int64_t slab_count;
  int64_t rows;
  int64_t columns;
} olstm__axis_view;

/// axis is in 0..rank-1; a scalar is one row.
static inline olstm__axis_view olstm__axis_view_of(const olstm_tensor_desc* desc,
                                                   int32_t axis) {
  olstm__axis_view view = {1, 1, 1};
  for (int32_t d = 0; d < desc->rank; d++) {
    int64_t* part = d < axis ? &view.slab_count : d == axis ? &view.rows : &view.columns;
    *part *= desc->dims[d];
  }
  return view;
}

#endif  // OLSTM_OP_REDUCE_AXIS_VIEW_H_
