// A piece's input, brought into lines in which all that one tap reads lies side by side.
#include <string.h>

#include "op/conv/conv_piece.h"
#include "op/shape/transpose_tiles.h"

/// Copies `count` reals of `size` bytes that are `stride` of them apart.
static void copy_apart(int64_t size, const char* from, int64_t stride, int64_t count,
                       char* to) {
  const int64_t step = stride * size;
  if (stride == 1) {
    if (count > 0) memcpy(to, from, (size_t)(count * size));
  } else if (size == (int64_t)sizeof(float)) {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * 4, from + i * step, 4);
  } else {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * 8, from + i * step, 8);
  }
}

/// `count` reals of an input row that has `row_size`, `stride` apart from `first` on:
/// zeros where it does not reach.
static void copy_line(int64_t size, const char* row, int64_t row_size, int64_t first,
                      int64_t stride, int64_t count, char* to) {
  int64_t begin = 0, end = 0;
  olstm__window_clip(first, stride, count, row_size, &begin, &end);
  memset(to, 0, (size_t)(begin * size));
  if (end > begin) {
    copy_apart(size, row + (first + begin * stride) * size, stride, end - begin,
               to + begin * size);
  }
  memset(to + end * size, 0, (size_t)((count - end) * size));
}

/// Brings one input row into a line for each tap.
static void copy_row(const olstm__conv_piece* piece, const char* row, int64_t length,
                     char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  const bool back = plan->conv.is_transposed;
  const int64_t stride = back ? 1 : w->stride[2];
  for (int64_t l = 0; l < plan->line_count; l++, to += length * piece->size) {
    int64_t first = piece->column * stride - w->pad_begin[2] + l * w->dilation[2];
    if (back) {
      // The phase that meets tap l, and the first column that it reads.
      const int64_t at = w->pad_begin[2] - l * w->dilation[2];
      const int64_t over = (-at % w->stride[2] + w->stride[2]) % w->stride[2];
      first = (at + over) / w->stride[2] + piece->column;
    }
    copy_line(piece->size, row, w->input[2], first, stride, length, to);
  }
}

/// Brings rows of a plane into one line each.
static void copy_rows(const olstm__conv_piece* piece, const char* row, int64_t count,
                      char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const int64_t row_size = plan->conv.window.input[2];
  const int64_t length = olstm__conv_line_length(piece);
  const int64_t first = plan->line_first + piece->column;
  int64_t begin = 0, end = 0;
  olstm__window_clip(first, 1, length, row_size, &begin, &end);
  const olstm__conv_copy copy = {
      .from = row + (end > begin ? (first + begin) * piece->size : 0),
      .stride = 1,
      .from_step = row_size,
      .to = to,
      .to_step = length,
      .planes = 1,
      .rows = count,
      .before = begin,
      .count = end - begin,
      .after = length - end};
  plan->movers->copy(&copy);
}

/// Brings rows of a plane into lines of even and odd columns.
static void split_rows(const olstm__conv_piece* piece, const char* row, int64_t count,
                       char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const int64_t row_size = plan->conv.window.input[2];
  const olstm__conv_split split = {.from = row,
                                   .from_step = row_size,
                                   .size = row_size,
                                   .first = (plan->line_first + piece->column) * 2,
                                   .to = to,
                                   .rows = count,
                                   .length = olstm__conv_line_length(piece)};
  plan->movers->split(&split);
}

/// As that, of any stride: a line for each column modulo the stride.
static void turn_rows(const olstm__conv_piece* piece, const char* row, int64_t count,
                      char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const int64_t row_size = plan->conv.window.input[2];
  const int64_t stride = plan->line_count, size = piece->size;
  const int64_t length = olstm__conv_line_length(piece);
  const int64_t first = (plan->line_first + piece->column) * stride;
  const olstm__transpose_tiles turn =
      olstm__transpose_tiles_f32_plain[size == (int64_t)sizeof(float) ? 2 : 3];
  // Columns of which a row has all that they have in lines.
  const int64_t least = first < 0 ? (stride - 1 - first) / stride : 0;
  const int64_t begin = olstm__conv_smaller(least, length);
  const int64_t most = row_size > first ? (row_size - first) / stride : 0;
  const int64_t end = olstm__conv_larger(olstm__conv_smaller(most, length), begin);
  for (int64_t r = 0; r < count; r++, row += row_size * size) {
    turn(stride, end - begin, row + (first + begin * stride) * size, stride * size,
         to + begin * size, length * size);
    for (int64_t l = 0; l < stride; l++, to += length * size) {
      if (begin > 0) copy_line(size, row, row_size, first + l, stride, begin, to);
      if (end < length) {
        copy_line(size, row, row_size, first + l + end * stride, stride, length - end,
                  to + end * size);
      }
    }
  }
}

/// Brings rows that lie one after the other into lines.
static void copy_lines(const olstm__conv_piece* piece, const char* row, int64_t count,
                       int64_t to_step, char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  const int64_t stride = plan->conv.is_transposed ? 1 : w->stride[2];
  if (plan->lines == OLSTM__CONV_LINES_BY_PHASE) {
    (stride == 1   ? copy_rows
     : stride == 2 ? split_rows
                   : turn_rows)(piece, row, count, to);
    return;
  }
  for (int64_t r = 0; r < count; r++) {
    copy_row(piece, row + r * w->input[2] * piece->size, olstm__conv_line_length(piece),
             to + r * to_step * piece->size);
  }
}

int64_t olstm__conv_find_inputs(const olstm__conv_plan* plan, int32_t d, int64_t begin,
                                int64_t end, int64_t* out_first) {
  const olstm__window* w = &plan->conv.window;
  const int64_t stride = w->stride[d];
  const int64_t reach = olstm__window_extent(w, d) - 1;
  int64_t first = begin * stride - w->pad_begin[d];
  int64_t last = (end - 1) * stride - w->pad_begin[d] + reach;
  if (plan->conv.is_transposed) {
    const int64_t least = begin + w->pad_begin[d] - reach;
    first = least <= 0 ? 0 : (least + stride - 1) / stride;
    last = (end - 1 + w->pad_begin[d]) / stride;
  }
  *out_first = olstm__conv_larger(first, 0);
  return olstm__conv_larger(olstm__conv_smaller(last, w->input[d] - 1) - *out_first + 1,
                            0);
}

/// The input as it lies.
static olstm__conv_source view_source(const olstm__conv_piece* piece) {
  const olstm__conv* conv = &piece->plan->conv;
  const olstm__window* w = &conv->window;
  const int64_t plane = olstm__window_input_count(w);
  const int64_t index =
      (piece->sample * conv->groups + piece->group) * conv->input_channels * plane +
      piece->column;
  return (olstm__conv_source){.data = (const char*)piece->x + index * piece->size,
                              .row_step = w->input[2],
                              .depth_step = w->input[1] * w->input[2],
                              .channel_step = plane};
}

/// The input that a piece reads, in lines.
static olstm__conv_source copy_source(const olstm__conv_piece* piece, char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__conv* conv = &plan->conv;
  const olstm__window* w = &conv->window;
  const int64_t length = olstm__conv_line_length(piece);
  const int64_t plane_bytes = w->input[1] * w->input[2] * piece->size;
  olstm__conv_source source = {.data = to, .row_step = length * plan->line_count};
  const int64_t depth_count = olstm__conv_find_inputs(
      plan, 0, piece->depth, piece->depth + 1, &source.first_depth);
  const int64_t row_count =
      olstm__conv_find_inputs(plan, 1, piece->row, piece->row_end, &source.first_row);
  const char* x = (const char*)piece->x + ((piece->sample * conv->groups + piece->group) *
                                               conv->input_channels * w->input[0] +
                                           source.first_depth) *
                                              plane_bytes;
  source.depth_step = row_count * source.row_step;
  source.channel_step = depth_count * source.depth_step;
  // Rows of whole planes lie one after the other.
  const bool is_whole = row_count == w->input[1] && depth_count == w->input[0];
  const int64_t depths = is_whole ? 1 : depth_count;
  const int64_t rows =
      is_whole ? conv->input_channels * depth_count * row_count : row_count;
  x += source.first_row * w->input[2] * piece->size;
  for (int64_t c = 0; c < (is_whole ? 1 : conv->input_channels); c++) {
    for (int64_t d = 0; d < depths && rows > 0; d++) {
      copy_lines(piece, x + (c * w->input[0] + d) * plane_bytes, rows, source.row_step,
                 to);
      to += rows * source.row_step * piece->size;
    }
  }
  return source;
}

olstm__conv_source olstm__conv_find_source(const olstm__conv_piece* piece, char* memory) {
  const olstm__conv_plan* plan = piece->plan;
  if (plan->joins_rows) return olstm__conv_join_source(piece, memory);
  return plan->lines == OLSTM__CONV_LINES_NONE ? view_source(piece)
                                               : copy_source(piece, memory);
}
