// Channels that have windows of their own, a lane for each: parts of their planes become
// vectors, one for each position, and vectors of results become planes again.
#include "op/conv/conv_depthwise.h"

#include <string.h>

/// What a piece of channels with windows of their own reads of their planes: rows and
/// columns, and the columns of zeros before and behind them. All of a row where columns
/// are not cut.
typedef struct depthwise_source {
  int64_t row, rows, column, columns, before, after;
  bool is_whole;
} depthwise_source;

static depthwise_source find_source(const olstm__conv_piece* piece) {
  const olstm__window* w = &piece->plan->conv.window;
  const int64_t at = piece->column * w->stride[2] - w->pad_begin[2];
  const int64_t reach =
      (piece->column_end - piece->column - 1) * w->stride[2] + olstm__window_extent(w, 2);
  depthwise_source source = {
      .column = olstm__conv_larger(at, 0),
      .before = olstm__conv_smaller(olstm__conv_larger(-at, 0), reach),
      .is_whole = piece->plan->column_parts == 1};
  const int64_t end =
      source.is_whole ? w->input[2] : olstm__conv_smaller(at + reach, w->input[2]);
  source.rows =
      olstm__conv_find_inputs(piece->plan, 1, piece->row, piece->row_end, &source.row);
  source.columns = olstm__conv_larger(end - source.column, 0);
  source.after = olstm__conv_larger(reach - source.before - source.columns, 0);
  return source;
}

/// Brings planes into rows of vectors, `pitch` reals each.
static void spread_source(const olstm__conv_piece* piece, const depthwise_source* source,
                          int64_t channels, int64_t pitch, char* to) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  const size_t size = olstm_dtype_size(plan->conv.dtype);
  const int64_t lanes = plan->depthwise->lanes;
  const int64_t plane = piece->sample * plan->conv.groups + piece->group;
  const int64_t first = (plane * w->input[1] + source->row) * w->input[2];
  olstm__conv_spread planes = {
      .from = (const char*)piece->x + (size_t)(first + source->column) * size,
      .plane_step = w->input[1] * w->input[2],
      .planes = channels,
      .rows = source->is_whole ? source->rows : 1,
      .width = source->columns,
      .to = to + (size_t)(source->before * lanes) * size,
      .to_step = pitch};
  for (int64_t r = 0; r < source->rows; r++) {
    char* row = to + (size_t)(r * pitch) * size;
    memset(row, 0, (size_t)(source->before * lanes) * size);
    memset(row + (size_t)(pitch - source->after * lanes) * size, 0,
           (size_t)(source->after * lanes) * size);
    if (r > 0 && source->is_whole) continue;
    plan->depthwise->spread(&planes);
    planes.from = (const char*)planes.from + (size_t)w->input[2] * size;
    planes.to = (char*)planes.to + (size_t)pitch * size;
  }
}

/// Brings rows of vectors into planes.
static void gather_results(const olstm__conv_piece* piece, const olstm__conv_args* args,
                           int64_t channels, const char* results) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  const size_t size = olstm_dtype_size(plan->conv.dtype);
  const int64_t lanes = plan->depthwise->lanes;
  const int64_t plane = w->output[1] * w->output[2];
  const int64_t index = piece->sample * plan->conv.groups + piece->group;
  const bool is_whole = plan->column_parts == 1;
  const int64_t rows = is_whole ? piece->row_end - piece->row : 1;
  const int64_t count = rows * (piece->column_end - piece->column);
  for (int64_t r = piece->row; r < piece->row_end; r += rows) {
    const int64_t begin = r * w->output[2] + piece->column;
    char* y = (char*)args->y + (size_t)(index * plane + begin) * size;
    plan->depthwise->transpose(results, lanes, channels, count, y, plane);
    results += (size_t)(count * lanes) * size;
    for (int64_t c = 0; args->finish && c < channels; c++) {
      args->finish(args->finish_context, index + c, begin, count,
                   y + (size_t)(c * plane) * size);
    }
  }
}

void olstm__conv_run_depthwise(const olstm__conv_piece* piece,
                               const olstm__conv_args* args, char* memory) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__conv_tile_table* tiles = plan->depthwise;
  const olstm__window* w = &plan->conv.window;
  const size_t size = olstm_dtype_size(plan->conv.dtype);
  const int64_t lanes = tiles->lanes, taps = w->kernel[1] * w->kernel[2];
  const int64_t channels =
      olstm__conv_smaller(plan->piece_groups, plan->conv.groups - piece->group);
  const int64_t columns = piece->column_end - piece->column;
  const depthwise_source source = find_source(piece);
  const int64_t pitch = (source.before + source.columns + source.after) * lanes;
  char* to = memory + plan->results_offset;
  char* weights = memory + plan->weights_offset;
  char* bias = weights + (size_t)(taps * lanes) * size;
  const olstm__conv_spread window = {
      .from = (const char*)args->packed + (size_t)(piece->group * taps) * size,
      .plane_step = taps,
      .planes = channels,
      .rows = 1,
      .width = taps,
      .to = weights};
  const olstm__conv_depthwise windows = {.tap_row_step = w->dilation[1] * pitch,
                                         .tap_step = w->dilation[2] * lanes,
                                         .window_step = w->stride[2] * lanes,
                                         .columns = w->kernel[2],
                                         .count = columns,
                                         .weights = weights,
                                         .bias = bias};
  tiles->spread(&window);
  memset(bias, 0, (size_t)lanes * size);
  if (args->bias) {
    memcpy(bias, (const char*)args->bias + (size_t)piece->group * size,
           (size_t)channels * size);
  }
  spread_source(piece, &source, channels, pitch, memory);
  for (int64_t r = piece->row; r < piece->row_end; r++) {
    const int64_t at = r * w->stride[1] - w->pad_begin[1];
    int64_t first = 0, last = 0;
    // Rows of taps between them are in the source.
    olstm__window_find_taps(w, 1, at, &first, &last);
    tiles->depthwise(&windows, first, last,
                     memory + (at - source.row) * pitch * (int64_t)size, to);
    to += (size_t)(columns * lanes) * size;
  }
  gather_results(piece, args, channels, memory + plan->results_offset);
}

void olstm__conv_run_planes(const olstm__conv_piece* piece, const olstm__conv_args* args,
                            char* memory) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  const int64_t size = piece->size, taps = w->kernel[1] * w->kernel[2];
  const int64_t input = w->input[1] * w->input[2], output = w->output[1] * w->output[2];
  const int64_t first = piece->row * w->output[2];
  const int64_t end =
      olstm__conv_smaller(piece->group + plan->piece_groups, plan->conv.groups);
  const double zero = 0;
  olstm__conv_plane plane = {.height = w->input[1],
                             .width = w->input[2],
                             .top = piece->row - w->pad_begin[1],
                             .first = -w->pad_begin[2],
                             .spacing = w->dilation[2],
                             .rows = piece->row_end - piece->row,
                             .columns = w->output[2]};
  (void)memory;
  for (int64_t g = piece->group; g < end; g++) {
    const int64_t index = piece->sample * plan->conv.groups + g;
    plane.from = (const char*)piece->x + index * input * size;
    plane.weights = (const char*)args->packed + g * taps * size;
    plane.bias = args->bias ? (const char*)args->bias + g * size : (const char*)&zero;
    plane.to = (char*)args->y + (index * output + first) * size;
    plan->plane(&plane);
    if (args->finish) {
      args->finish(args->finish_context, index, first, plane.rows * plane.columns,
                   plane.to);
    }
  }
}
