// Tensors of several requests, one behind the other along the batch axis, wherever in the
// tensor that axis is. Triton's tensors have the batch in front; a row is what lies
// behind it: all of a tensor but the batch axis, without gaps.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_ROWS_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_ROWS_H_

#include "olstm/tensor.h"

/// Memory layout of the rows of a tensor: each row is `piece_count` pieces of
/// `piece_bytes`; pieces of row 0, 1, ... follow each other, piece_count times.
typedef struct olstm__triton_rows {
  size_t row_count;
  size_t piece_count;
  size_t piece_bytes;
} olstm__triton_rows;

/// Of a checked desc. batch_axis -1: the tensor is one row.
olstm__triton_rows olstm__triton_rows_of(const olstm_tensor_desc* desc,
                                         int32_t batch_axis);
/// Bytes of a row.
size_t olstm__triton_row_bytes(const olstm__triton_rows* rows);

/// Copies a row into a tensor, or out of it. row < row_count.
void olstm__triton_put_row(const olstm__triton_rows* rows, void* tensor, size_t row,
                           const void* data);
void olstm__triton_get_row(const olstm__triton_rows* rows, const void* tensor, size_t row,
                           void* out_data);

/// Copies some rows out of a tensor, one behind the other.
void olstm__triton_copy_rows(const olstm_tensor* tensor, int32_t batch_axis,
                             size_t first_row, size_t row_count, void* out_data);

/// The shape as Triton has it: the batch axis moved to the front, out_dims[rank]. -1:
/// unchanged.
void olstm__triton_batch_to_front(const int64_t* dims, int32_t rank, int32_t batch_axis,
                                  int64_t* out_dims);
/// The inverse: the front dimension moved to batch_axis.
void olstm__triton_batch_from_front(const int64_t* dims, int32_t rank, int32_t batch_axis,
                                    int64_t* out_dims);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_ROWS_H_
