// Work is cut into pieces that do not depend on one another; thread t takes every t-th of
// them, with its own part of the workspace. A piece brings the input that it reads into
// lines, unless it lies well as it is, and goes through its output a group of channels at
// a time: row by row, tile by tile.
//
// Packed weights: [groups][blocks][input channels][taps][block].
#include "op/conv/conv_kernel.h"

#include <string.h>

#include "op/shape/transpose_tiles.h"

enum {
  /// Lanes of the widest tile.
  kMaxLanes = OLSTM__CONV_TILE_VECTORS * 16,
  /// Multiply-adds below which one thread is enough.
  kParallelWork = 1 << 18
};

/// One piece: a group of a sample, and ranges of the output.
typedef struct conv_piece {
  const olstm__conv_plan* plan;
  const olstm__conv_args* args;
  int64_t sample, group, depth;
  int64_t row, row_end;
  /// Of each phase.
  int64_t column, column_end;
  int64_t channel, channel_end;
} conv_piece;

/// Input as tiles read it.
typedef struct conv_source {
  const void* data;
  /// The row and depth that come first, and the distances between them, in reals.
  int64_t first_row, first_depth;
  int64_t row_step, depth_step, channel_step;
} conv_source;

/// The taps that one row of output meets, in the order of the sums; of one phase.
typedef struct conv_list {
  /// For each column tap of each phase: its number, and its offset in a line.
  int64_t *column_taps, *column_offsets;
  /// Where each phase begins among them.
  int64_t* phase_begin;
  /// Offsets of weights and source.
  int64_t *weights, *sources;
  int64_t count;
  /// What the offsets of the source count from.
  int64_t source_at;
  /// What the list was made for.
  int64_t begin[2], end[2], phase;
} conv_list;

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/// Parts of `part` that `total` takes.
static int64_t count_parts(int64_t total, int64_t part) {
  return (total + part - 1) / part;
}

// ---------------------------------------------------------------- taps

/// Goes through the taps of one dimension: tap after tap, which element `shift` of which
/// phase of the stride is read.
typedef struct tap_walk {
  int64_t stride, whole, part;
  bool back;
  int64_t phase, shift;
} tap_walk;

/// at: where tap 0 reads (transposed: the output index plus what is cut off).
static tap_walk walk_taps(const olstm__conv* conv, int32_t d, int64_t at) {
  const int64_t stride = conv->window.stride[d];
  const int64_t dilation = conv->window.dilation[d];
  tap_walk walk = {stride,      dilation / stride, dilation % stride, conv->is_transposed,
                   at % stride, at / stride};
  if (walk.phase < 0) {
    walk.phase += stride;
    walk.shift -= 1;
  }
  return walk;
}

static void walk_on(tap_walk* walk) {
  if (walk->back) {
    walk->phase -= walk->part;
    walk->shift -= walk->whole;
    if (walk->phase >= 0) return;
    walk->phase += walk->stride;
    walk->shift -= 1;
  } else {
    walk->phase += walk->part;
    walk->shift += walk->whole;
    if (walk->phase < walk->stride) return;
    walk->phase -= walk->stride;
    walk->shift += 1;
  }
}

/// Lists the column taps of one phase.
static int64_t list_columns(const olstm__conv_plan* plan, int64_t phase,
                            int64_t line_length, int64_t* taps, int64_t* offsets) {
  const olstm__window* w = &plan->conv.window;
  const bool back = plan->conv.is_transposed;
  const int64_t first = plan->lines == OLSTM__CONV_LINES_NONE ? 0 : plan->line_first;
  tap_walk walk =
      walk_taps(&plan->conv, 2, back ? phase + w->pad_begin[2] : -w->pad_begin[2]);
  int64_t count = 0;
  for (int64_t k = 0; k < w->kernel[2]; k++, walk_on(&walk)) {
    if (back && walk.phase != 0) continue;
    taps[count] = k;
    offsets[count++] = plan->lines == OLSTM__CONV_LINES_BY_TAP
                           ? k * line_length
                           : walk.phase * line_length + walk.shift - first;
  }
  return count;
}

static int64_t line_length(const conv_piece* piece) {
  return piece->column_end - piece->column + piece->plan->line_extra;
}

/// Lists that lie behind each other in `memory`.
static conv_list start_list(const conv_piece* piece, int64_t* memory) {
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  conv_list list = {.column_taps = memory, .phase = -1};
  list.column_offsets = list.column_taps + w->kernel[2];
  list.phase_begin = list.column_offsets + w->kernel[2];
  list.weights = list.phase_begin + plan->phases + 1;
  list.sources = list.weights + olstm__window_kernel_count(w) * plan->list_channels;
  list.phase_begin[0] = 0;
  for (int64_t p = 0; p < plan->phases; p++) {
    const int64_t at = list.phase_begin[p];
    list.phase_begin[p + 1] =
        at + list_columns(plan, p, line_length(piece), list.column_taps + at,
                          list.column_offsets + at);
  }
  return list;
}

static void add_taps(const olstm__conv_plan* plan, int64_t weight, int64_t source,
                     conv_list* list) {
  for (int64_t t = list->phase_begin[list->phase]; t < list->phase_begin[list->phase + 1];
       t++) {
    list->weights[list->count] = (weight + list->column_taps[t]) * plan->block;
    list->sources[list->count++] = source + list->column_offsets[t];
  }
}

/// Adds the taps of the channels behind the first.
static void add_channels(const olstm__conv_plan* plan, const conv_source* source,
                         conv_list* list) {
  const int64_t step = olstm__window_kernel_count(&plan->conv.window) * plan->block;
  const int64_t taps = list->count;
  for (int64_t c = 1; c < plan->list_channels; c++) {
    for (int64_t t = 0; t < taps; t++) {
      list->weights[list->count] = list->weights[t] + c * step;
      list->sources[list->count++] = list->sources[t] + c * source->channel_step;
    }
  }
}

/// Taps of a convolution whose windows lie in the input between begin and end.
static void find_range(const olstm__window* w, int32_t d, int64_t at, int64_t* out_begin,
                       int64_t* out_end) {
  const int64_t dilation = w->dilation[d];
  *out_begin = at >= 0 ? 0 : smaller((-at + dilation - 1) / dilation, w->kernel[d]);
  *out_end = at >= w->input[d]
                 ? 0
                 : smaller((w->input[d] - 1 - at) / dilation + 1, w->kernel[d]);
  *out_end = larger(*out_begin, *out_end);
}

/// A convolution's rows have the same list, but for those at the edges.
static void list_plain_row(const conv_piece* piece, const conv_source* source,
                           int64_t row, conv_list* list) {
  const olstm__window* w = &piece->plan->conv.window;
  const int64_t at[] = {piece->depth * w->stride[0] - w->pad_begin[0],
                        row * w->stride[1] - w->pad_begin[1]};
  int64_t begin[2];
  int64_t end[2];
  for (int32_t d = 0; d < 2; d++) find_range(w, d, at[d], &begin[d], &end[d]);
  list->source_at = (at[0] - source->first_depth) * source->depth_step +
                    (at[1] - source->first_row) * source->row_step;
  if (list->phase == 0 && memcmp(begin, list->begin, sizeof begin) == 0 &&
      memcmp(end, list->end, sizeof end) == 0) {
    return;
  }
  memcpy(list->begin, begin, sizeof begin);
  memcpy(list->end, end, sizeof end);
  list->phase = 0;
  list->count = 0;
  for (int64_t i = begin[0]; i < end[0]; i++) {
    for (int64_t j = begin[1]; j < end[1]; j++) {
      add_taps(
          piece->plan, (i * w->kernel[1] + j) * w->kernel[2],
          i * w->dilation[0] * source->depth_step + j * w->dilation[1] * source->row_step,
          list);
    }
  }
  add_channels(piece->plan, source, list);
}

/// Makes the list of one phase of an output row.
static void list_row(const conv_piece* piece, const conv_source* source, int64_t row,
                     int64_t phase, conv_list* list) {
  const olstm__conv* conv = &piece->plan->conv;
  const olstm__window* w = &conv->window;
  if (!conv->is_transposed) {
    list_plain_row(piece, source, row, list);
    return;
  }
  tap_walk outer = walk_taps(conv, 0, piece->depth + w->pad_begin[0]);
  list->phase = phase;
  list->count = 0;
  list->source_at = 0;
  for (int64_t i = 0; i < w->kernel[0]; i++, walk_on(&outer)) {
    if (outer.phase != 0 || outer.shift < 0 || outer.shift >= w->input[0]) continue;
    tap_walk inner = walk_taps(conv, 1, row + w->pad_begin[1]);
    for (int64_t j = 0; j < w->kernel[1]; j++, walk_on(&inner)) {
      if (inner.phase != 0 || inner.shift < 0 || inner.shift >= w->input[1]) continue;
      add_taps(piece->plan, (i * w->kernel[1] + j) * w->kernel[2],
               (outer.shift - source->first_depth) * source->depth_step +
                   (inner.shift - source->first_row) * source->row_step,
               list);
    }
  }
  add_channels(piece->plan, source, list);
}

// ---------------------------------------------------------------- source

/// The input rows (or depths) that outputs begin..end-1 read: *out_first, and how many.
static int64_t find_inputs(const olstm__conv_plan* plan, int32_t d, int64_t begin,
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
  *out_first = larger(first, 0);
  return larger(smaller(last, w->input[d] - 1) - *out_first + 1, 0);
}

/// The input as it lies.
static conv_source view_source(const conv_piece* piece) {
  const olstm__conv* conv = &piece->plan->conv;
  const olstm__window* w = &conv->window;
  const int64_t plane = olstm__window_input_count(w);
  const size_t index = (size_t)((piece->sample * conv->groups + piece->group) *
                                    conv->input_channels * plane +
                                piece->column);
  return (conv_source){
      .data = (const char*)piece->args->x + index * olstm_dtype_size(conv->dtype),
      .row_step = w->input[2],
      .depth_step = w->input[1] * w->input[2],
      .channel_step = plane};
}

/// Tiles side by side of one row of output, from position `from` on.
typedef struct tile_call {
  olstm__conv_tile tile;
  int64_t from, rows, vectors;
  olstm__conv_tile_function run;
} tile_call;

typedef struct row_calls {
  int64_t columns;
  int32_t count;
  tile_call calls[3];
} row_calls;

static void add_call(row_calls* calls, const olstm__conv_plan* plan,
                     const olstm__conv_tile* tile, int64_t from) {
  calls->calls[calls->count++] =
      (tile_call){.tile = *tile, .from = from, .vectors = plan->vectors};
}

#define REAL float
#define NAME(x) x##_f32
#include "op/conv/conv_rows.inc"
#undef REAL
#undef NAME

#define REAL double
#define NAME(x) x##_f64
#include "op/conv/conv_rows.inc"
#undef REAL
#undef NAME

// ---------------------------------------------------------------- pieces

/// Takes the next of `*index`'s digits to base `count`.
static int64_t take_digit(int64_t* index, int64_t count) {
  const int64_t digit = *index % count;
  *index /= count;
  return digit;
}

static conv_piece find_piece(const olstm__conv_plan* plan, const olstm__conv_args* args,
                             int64_t index) {
  const olstm__conv* conv = &plan->conv;
  const olstm__window* w = &conv->window;
  conv_piece piece = {.plan = plan, .args = args};
  piece.channel =
      take_digit(&index, count_parts(conv->output_channels, plan->piece_channels)) *
      plan->piece_channels;
  piece.channel_end =
      smaller(piece.channel + plan->piece_channels, conv->output_channels);
  const int64_t part = take_digit(&index, plan->column_parts);
  const int64_t across = count_parts(plan->columns, plan->tiles->lanes);
  piece.column = across * part / plan->column_parts * plan->tiles->lanes;
  piece.column_end = smaller(
      across * (part + 1) / plan->column_parts * plan->tiles->lanes, plan->columns);
  piece.row =
      take_digit(&index, count_parts(w->output[1], plan->piece_rows)) * plan->piece_rows;
  piece.row_end = smaller(piece.row + plan->piece_rows, w->output[1]);
  piece.depth = take_digit(&index, w->output[0]);
  piece.group = take_digit(&index, conv->groups);
  piece.sample = index;
  return piece;
}

typedef struct conv_task {
  const olstm__conv_plan* plan;
  const olstm__conv_args* args;
  int32_t task_count;
} conv_task;

static void run_task(void* argument, int32_t index) {
  const conv_task* task = argument;
  const olstm__conv_plan* plan = task->plan;
  char* memory = (char*)task->args->workspace + (size_t)index * plan->thread_bytes;
  for (int64_t p = index; p < plan->piece_count; p += task->task_count) {
    const conv_piece piece = find_piece(plan, task->args, p);
    if (plan->conv.dtype == OLSTM_DTYPE_DOUBLE) {
      run_piece_f64(&piece, memory);
    } else {
      run_piece_f32(&piece, memory);
    }
  }
}

void olstm__conv_run(const olstm__conv_plan* plan, const olstm__conv_args* args) {
  const olstm_parallel* parallel = args->parallel;
  conv_task task = {plan, args, parallel ? parallel->thread_count : 1};
  if (plan->thread_bytes > 0) {
    const size_t most = plan->workspace_bytes / plan->thread_bytes;
    if ((size_t)task.task_count > most) task.task_count = (int32_t)most;
  }
  if (task.task_count > 1 && plan->piece_count > 1 &&
      olstm__conv_work(&plan->conv) >= kParallelWork) {
    parallel->run(parallel->pool, task.task_count, run_task, &task);
  } else {
    task.task_count = 1;
    run_task(&task, 0);
  }
}

void olstm__conv_pack(const olstm__conv* conv, const void* weights, void* packed) {
  if (conv->dtype == OLSTM_DTYPE_DOUBLE) {
    pack_f64(conv, weights, packed);
  } else {
    pack_f32(conv, weights, packed);
  }
}
