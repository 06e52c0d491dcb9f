// Where the rows of a tensor lie in memory, and copies of them.
#ifndef OLSTM_RUNTIME_STREAMS_ROW_LAYOUT_H_
#define OLSTM_RUNTIME_STREAMS_ROW_LAYOUT_H_

#include <string.h>

#include "base/tensor_size.h"

/// A tensor of N rows is `outer` blocks of N pieces of `piece_bytes`: a row is one piece
/// of every block. A tensor without a batch axis is one row.
typedef struct olstm__row_layout {
  int32_t axis;
  size_t outer;
  size_t piece_bytes;
} olstm__row_layout;

/// desc: with any number of rows.
static inline olstm__row_layout olstm__row_layout_of(const olstm_tensor_desc* desc,
                                                     int32_t axis) {
  olstm__row_layout layout = {axis, 1, olstm_dtype_size(desc->dtype)};
  for (int32_t d = 0; d < axis; d++) layout.outer *= (size_t)desc->dims[d];
  for (int32_t d = axis + 1; d < desc->rank; d++) {
    layout.piece_bytes *= (size_t)desc->dims[d];
  }
  return layout;
}

/// Where one row is in memory: its first piece, and the bytes from one piece to the next.
typedef struct olstm__row_location {
  char* data;
  size_t stride;
} olstm__row_location;

/// Row `row` of a tensor of `count` rows.
static inline olstm__row_location olstm__row_at(const void* data, size_t row,
                                                size_t count,
                                                const olstm__row_layout* layout) {
  return (olstm__row_location){(char*)data + row * layout->piece_bytes,
                               count * layout->piece_bytes};
}

static inline void olstm__row_copy(olstm__row_location to, olstm__row_location from,
                                   const olstm__row_layout* layout) {
  for (size_t o = 0; o < layout->outer && layout->piece_bytes > 0; o++) {
    memcpy(to.data + o * to.stride, from.data + o * from.stride, layout->piece_bytes);
  }
}

#endif  // OLSTM_RUNTIME_STREAMS_ROW_LAYOUT_H_
