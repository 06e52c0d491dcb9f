// Copies between two strided views of the same dimensions, as Transpose, Slice, Expand,
// Tile, Pad and others need.
#ifndef OLSTM_OP_SHAPE_STRIDED_COPY_H_
#define OLSTM_OP_SHAPE_STRIDED_COPY_H_

#include "olstm/plugin.h"
#include "olstm/tensor.h"

/// Tile doubles the rank of its input.
enum { OLSTM__STRIDED_MAX_RANK = 2 * OLSTM_MAX_RANK };

/// One side of a copy: offset and strides, in elements. Strides of the source may be 0 or
/// negative.
typedef struct olstm__strided_view {
  int64_t offset;
  int64_t strides[OLSTM__STRIDED_MAX_RANK];
} olstm__strided_view;

/// A planned copy: as few dimensions as possible, and the kind of loop. Const after
/// initialisation.
typedef struct olstm__strided_copy {
  int32_t kind;
  /// Bytes moved at a time: an element, or a few that lie together on both sides.
  int32_t unit_bytes;
  /// Of the outer loops; the two inner dimensions follow them.
  int32_t outer_rank;
  int64_t dims[OLSTM__STRIDED_MAX_RANK + 2];
  /// In bytes.
  int64_t source_strides[OLSTM__STRIDED_MAX_RANK + 2];
  int64_t target_strides[OLSTM__STRIDED_MAX_RANK + 2];
  int64_t source_offset;
  int64_t target_offset;
} olstm__strided_copy;

/// The strides of a row-major tensor, in elements.
void olstm__strided_view_init_dense(olstm__strided_view* view, int32_t rank,
                                    const int64_t* dims);

/// element_bytes: 1, 2, 4 or 8. Both views must stay inside their tensors.
void olstm__strided_copy_init(olstm__strided_copy* copy, size_t element_bytes,
                              int32_t rank, const int64_t* dims,
                              const olstm__strided_view* source,
                              const olstm__strided_view* target);

/// Whether the copy is one run of bytes from the start of one to the start of the other.
bool olstm__strided_copy_is_plain(const olstm__strided_copy* copy);

/// Whether the source is one run of bytes, from *out_offset on, and the target as well,
/// from its start on. False where there is nothing to copy.
bool olstm__strided_copy_is_run(const olstm__strided_copy* copy, size_t* out_offset);

/// Units of work (op/op_work.h) of a copy, besides those of its bytes.
uint64_t olstm__strided_copy_work(const olstm__strided_copy* copy);

/// Copies, in pieces for `parallel` (NULL for one thread). Neither pointer is looked at
/// when there is nothing to copy. [no-alloc]
void olstm__strided_copy_run(const olstm__strided_copy* copy,
                             const olstm_parallel* parallel, const void* source,
                             void* target);

#endif  // OLSTM_OP_SHAPE_STRIDED_COPY_H_
