// What a reduction goes over: the axes that it keeps and those that it reduces, and how
// to step through them.
#ifndef OLSTM_OP_REDUCE_REDUCE_AXES_H_
#define OLSTM_OP_REDUCE_REDUCE_AXES_H_

#include "op/reduce/reduce_fold.h"

/// Some of a tensor's dimensions, with the strides to walk them.
typedef struct olstm__reduce_axes {
  int32_t rank;
  int64_t dims[OLSTM_MAX_RANK];
  int64_t strides[OLSTM_MAX_RANK];
} olstm__reduce_axes;

typedef struct olstm__reduce_walk {
  const olstm__reduce_fold* fold;
  olstm__reduce_code code;
  olstm_dtype dtype;
  /// Neighbouring dimensions of one kind are merged. The innermost one is apart: `inner`
  /// elements side by side that are all kept or all reduced.
  olstm__reduce_axes kept;
  olstm__reduce_axes reduced;
  int64_t inner;
  bool inner_is_reduced;
  int64_t kept_count;
  int64_t reduced_count;
  /// Rows of a few elements, one after the other, each of which becomes one.
  bool is_narrow;
  /// Elements of the set behind one element of the output.
  int64_t set_count;
} olstm__reduce_walk;

/// The next place in a walk over the axes, whose index begins at zeros: the innermost
/// dimension, which is stored first, runs fastest. Gives the new offset.
static inline int64_t olstm__reduce_axes_advance(const olstm__reduce_axes* axes,
                                                 int64_t* index, int64_t offset) {
  for (int32_t d = 0; d < axes->rank; d++) {
    offset += axes->strides[d];
    if (++index[d] < axes->dims[d]) return offset;
    index[d] = 0;
    offset -= axes->strides[d] * axes->dims[d];
  }
  return offset;
}

/// Sets `index` to place `number` of the walk. Gives its offset.
static inline int64_t olstm__reduce_axes_seek(const olstm__reduce_axes* axes,
                                              int64_t number, int64_t* index) {
  int64_t offset = 0;
  for (int32_t d = 0; d < axes->rank; d++) {
    index[d] = number % axes->dims[d];
    number /= axes->dims[d];
    offset += index[d] * axes->strides[d];
  }
  return offset;
}

#endif  // OLSTM_OP_REDUCE_REDUCE_AXES_H_
