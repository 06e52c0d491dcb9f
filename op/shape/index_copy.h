// Copies of a tensor by a table for each axis, which says where in the source every index
// of the target comes from: borders, repeated rows and columns, enlarged pictures.
#ifndef OLSTM_OP_SHAPE_INDEX_COPY_H_
#define OLSTM_OP_SHAPE_INDEX_COPY_H_

#include "olstm/tensor.h"

enum {
  /// In a table: what comes from nowhere, and is filled.
  OLSTM__INDEX_OUTSIDE = -1
};

/// Neighbours of the last axis that are copied alike.
typedef struct olstm__index_run {
  int32_t kind;
  int64_t first;
  int64_t count;
} olstm__index_run;

/// A planned copy. Const after olstm__index_copy_finish.
typedef struct olstm__index_copy {
  /// Bytes that the last axis counts in: an element, or all that follow it unchanged.
  size_t unit_bytes;
  size_t element_bytes;
  /// At least 2 axes: the last, and those that are walked.
  int32_t rank;
  int64_t dims[OLSTM_MAX_RANK + 1];
  /// Of the source, in bytes.
  int64_t strides[OLSTM_MAX_RANK + 1];
  /// Of each axis: dims of them, which the caller fills in for its own axes.
  int64_t* tables[OLSTM_MAX_RANK + 1];
  olstm__index_run* runs;
  int64_t run_count;
} olstm__index_copy;

/// Bytes of memory, aligned for int64_t, that a copy to a shape takes; false when they do
/// not fit a size.
bool olstm__index_copy_measure(const olstm_tensor_desc* target, size_t* out_bytes);

/// The caller then fills tables[d + 1][0..dims[d]) for every axis d, and finishes. Both
/// tensors are of one dtype and rank, and have elements. `memory` lives as long as the
/// copy.
void olstm__index_copy_init(olstm__index_copy* copy, const olstm_tensor_desc* source,
                            const olstm_tensor_desc* target, void* memory);
void olstm__index_copy_finish(olstm__index_copy* copy);

/// `fill`: the element that what comes from nowhere is. [no-alloc]
void olstm__index_copy_run(const olstm__index_copy* copy, const void* fill,
                           const void* source, void* target);

#endif  // OLSTM_OP_SHAPE_INDEX_COPY_H_
