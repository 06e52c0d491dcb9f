#include "triton_rows.h"

#include <string.h>

olstm__triton_rows olstm__triton_rows_of(const olstm_tensor_desc* desc,
                                         int32_t batch_axis) {
  olstm__triton_rows rows = {1, 1, olstm_dtype_size(desc->dtype)};
  for (int32_t d = 0; d < desc->rank; d++) {
    if (d == batch_axis) {
      rows.row_count = (size_t)desc->dims[d];
    } else if (d < batch_axis) {
      rows.piece_count *= (size_t)desc->dims[d];
    } else {
      rows.piece_bytes *= (size_t)desc->dims[d];
    }
  }
  return rows;
}

size_t olstm__triton_row_bytes(const olstm__triton_rows* rows) {
  return rows->piece_count * rows->piece_bytes;
}

void olstm__triton_put_row(const olstm__triton_rows* rows, void* tensor, size_t row,
                           const void* data) {
  for (size_t p = 0; rows->piece_bytes && p < rows->piece_count; p++) {
    memcpy((char*)tensor + (p * rows->row_count + row) * rows->piece_bytes,
           (const char*)data + p * rows->piece_bytes, rows->piece_bytes);
  }
}

void olstm__triton_get_row(const olstm__triton_rows* rows, const void* tensor, size_t row,
                           void* out_data) {
  for (size_t p = 0; rows->piece_bytes && p < rows->piece_count; p++) {
    memcpy((char*)out_data + p * rows->piece_bytes,
           (const char*)tensor + (p * rows->row_count + row) * rows->piece_bytes,
           rows->piece_bytes);
  }
}

void olstm__triton_copy_rows(const olstm_tensor* tensor, int32_t batch_axis,
                             size_t first_row, size_t row_count, void* out_data) {
  const olstm__triton_rows rows = olstm__triton_rows_of(&tensor->desc, batch_axis);
  const size_t bytes = olstm__triton_row_bytes(&rows);
  for (size_t r = 0; bytes && r < row_count; r++) {
    olstm__triton_get_row(&rows, tensor->data, first_row + r,
                          (char*)out_data + r * bytes);
  }
}

void olstm__triton_batch_to_front(const int64_t* dims, int32_t rank, int32_t batch_axis,
                                  int64_t* out_dims) {
  int32_t at = 0;
  if (batch_axis >= 0) out_dims[at++] = dims[batch_axis];
  for (int32_t d = 0; d < rank; d++) {
    if (d != batch_axis) out_dims[at++] = dims[d];
  }
}

void olstm__triton_batch_from_front(const int64_t* dims, int32_t rank, int32_t batch_axis,
                                    int64_t* out_dims) {
  int32_t at = batch_axis >= 0 ? 1 : 0;
  for (int32_t d = 0; d < rank; d++) {
    out_dims[d] = d == batch_axis ? dims[0] : dims[at++];
  }
}
