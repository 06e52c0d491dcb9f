// Rows of output that are taken as one (conv_plan.h: joins_rows): what each tap across
// them reads is brought together, row after row, so that windows slide along the rest.
#include <string.h>

#include "op/conv/conv_piece.h"

/// What one tap across reads of the planes of all channels.
typedef struct joined_rows {
  const olstm__conv_piece* piece;
  /// Of a row, but for where it lies.
  olstm__conv_copy copy;
  /// The column that it begins with.
  int64_t column;
} joined_rows;

/// Of tap `tap` along rows; channels become `channel_step` reals each.
static joined_rows find_columns(const olstm__conv_piece* piece, int64_t tap,
                                int64_t channel_step) {
  const olstm__window* w = &piece->plan->conv.window;
  const int64_t first = tap * w->dilation[2] - w->pad_begin[2];
  int64_t begin = 0, end = 0;
  olstm__window_clip(first, w->stride[2], w->output[2], w->input[2], &begin, &end);
  return (joined_rows){.piece = piece,
                       .copy = {.from_plane = olstm__window_input_count(w),
                                .stride = w->stride[2],
                                .to_plane = channel_step,
                                .to_step = w->output[2],
                                .planes = piece->plan->conv.input_channels,
                                .before = begin,
                                .count = end - begin,
                                .after = w->output[2] - end},
                       .column = end > begin ? first + begin * w->stride[2] : 0};
}

/// Zeros, for `count` rows of every channel.
static void skip_rows(const joined_rows* rows, int64_t count, char* to) {
  const int64_t size = rows->piece->size;
  for (int64_t c = 0; c < rows->copy.planes && count > 0; c++) {
    memset(to + c * rows->copy.to_plane * size, 0,
           (size_t)(count * rows->copy.to_step * size));
  }
}

/// Brings `count` rows, `step` apart from `first` on, of the channels whose first has its
/// plane at `plane` to `to`; zeros stand for those that planes do not have.
static void join_rows(const joined_rows* rows, const char* plane, int64_t first,
                      int64_t step, int64_t count, char* to) {
  const olstm__conv_piece* piece = rows->piece;
  const olstm__window* w = &piece->plan->conv.window;
  const int64_t row_bytes = w->output[2] * piece->size;
  olstm__conv_copy copy = rows->copy;
  int64_t begin = 0, end = 0;
  olstm__window_clip(first, step, count, w->input[1], &begin, &end);
  skip_rows(rows, begin, to);
  if (end > begin) {
    const int64_t at = (first + begin * step) * w->input[2] + rows->column;
    copy.from = plane + at * piece->size;
    copy.from_step = step * w->input[2];
    copy.rows = end - begin;
    copy.to = to + begin * row_bytes;
    if (w->output[2] == 1 && copy.count == 1) {
      // A column is one row of elements that lie apart.
      copy.stride = copy.from_step;
      copy.count = copy.rows;
      copy.rows = 1;
    }
    piece->plan->movers->copy(&copy);
  }
  skip_rows(rows, count - end, to + end * row_bytes);
}

/// What tap `row_tap` of dimension 1 reads of planes, along which windows slide: those
/// from `first` on.
static void join_planes(const joined_rows* rows, const char* x, int64_t row_tap,
                        int64_t first, int64_t slots, char* to) {
  const olstm__window* w = &rows->piece->plan->conv.window;
  const int64_t size = rows->piece->size;
  const int64_t plane = w->input[1] * w->input[2], step = w->stride[0] * plane;
  const int64_t row = row_tap * w->dilation[1] - w->pad_begin[1];
  int64_t begin = 0, end = 0;
  olstm__window_clip(first, w->stride[0], slots, w->input[0], &begin, &end);
  skip_rows(rows, begin * w->output[1], to);
  skip_rows(rows, (slots - end) * w->output[1],
            to + end * w->output[1] * w->output[2] * size);
  // The planes of a channel are taken together, or those of all channels.
  const bool by_channel = end - begin > rows->copy.planes;
  joined_rows part = *rows;
  if (by_channel) {
    part.copy.planes = end - begin;
    part.copy.from_plane = step;
    part.copy.to_plane = w->output[1] * w->output[2];
  }
  x += (first * plane + begin * step) * size;
  to += begin * w->output[1] * w->output[2] * size;
  for (int64_t i = by_channel ? rows->copy.planes : end - begin; i > 0; i--) {
    join_rows(&part, x, row, w->stride[1], w->output[1], to);
    x += (by_channel ? rows->copy.from_plane : step) * size;
    to += (by_channel ? rows->copy.to_plane : w->output[1] * w->output[2]) * size;
  }
}

olstm__conv_source olstm__conv_join_source(const olstm__conv_piece* piece, char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__conv* conv = &plan->conv;
  const olstm__window* w = &conv->window;
  const bool by_planes = plan->slide == 0;
  const int64_t slots = olstm__conv_slots(
      plan, by_planes ? piece->depth_end - piece->depth : piece->row_end - piece->row);
  const int64_t first = (by_planes ? piece->depth : piece->row) * w->stride[plan->slide] -
                        w->pad_begin[plan->slide];
  const int64_t row_end = by_planes ? plan->tap_end[1] : plan->tap_begin[1] + 1;
  const char* x = (const char*)piece->x + (piece->sample * conv->groups + piece->group) *
                                              conv->input_channels *
                                              olstm__window_input_count(w) * piece->size;
  olstm__conv_source source = {.data = to, .row_step = slots * plan->across};
  source.depth_step = source.row_step * plan->slide_phases;
  source.channel_step = source.depth_step * plan->line_count + olstm__conv_spare(plan);
  for (int64_t j = plan->tap_begin[1]; j < row_end; j++) {
    for (int64_t k = plan->tap_begin[2]; k < plan->tap_end[2]; k++) {
      const joined_rows rows = find_columns(piece, k, source.channel_step);
      for (int64_t p = 0; p < plan->slide_phases; p++) {
        if (by_planes) {
          join_planes(&rows, x, j, first + p, slots, to);
        } else {
          join_rows(&rows, x, first + p, w->stride[1], slots, to);
        }
        to += source.row_step * piece->size;
      }
    }
  }
  return source;
}
