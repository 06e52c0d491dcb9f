#include "op/conv/pool_lanes.h"

#include <math.h>
#include <string.h>

#include "op/conv/conv_piece.h"
#include "op/math/cpu.h"
#include "op/op_support.h"
#include "op/shape/move_bytes.h"

enum {
  /// Bytes of a piece's vectors.
  kPieceBytes = 384 << 10,
  /// With more than this in a row, rows are pooled another way.
  kMostBytes = 1 << 20,
  /// Pieces for each thread where planes alone are not as many for each, and taps of all
  /// planes below which one thread is enough.
  kPiecesPerThread = 4,
  kParallelTaps = 1 << 15
};

static const olstm__pool_lanes_table* find_table(int64_t planes) {
#if defined(__x86_64__)
  const olstm__cpu_features* cpu = olstm__cpu_get();
  const int64_t wide = olstm__conv_tile_f32_avx512.lanes;
  const int64_t narrow = olstm__conv_tile_f32_avx2.lanes;
  if (planes < narrow / 2) return NULL;
  if (cpu->avx512 && (planes % wide == 0 || planes % wide > narrow)) {
    return &olstm__pool_lanes_f32_avx512;
  }
  if (cpu->avx2_fma) return &olstm__pool_lanes_f32_avx2;
#endif
  (void)planes;
  return NULL;
}

/// Floats from row to row of the source.
static int64_t pitch_of(const olstm__pool_lanes* lanes) {
  const olstm__window* w = &lanes->window;
  return (w->pad_begin[2] + w->input[2] + lanes->after) * lanes->table->movers->lanes;
}

/// Elements of dimension `d` of the input that outputs begin..end-1 reach over: how many,
/// from *out_first on.
static int64_t find_reach(const olstm__window* w, int32_t d, int64_t begin, int64_t end,
                          int64_t* out_first) {
  const int64_t last =
      (end - 1) * w->stride[d] - w->pad_begin[d] + olstm__window_extent(w, d);
  *out_first = olstm__conv_larger(begin * w->stride[d] - w->pad_begin[d], 0);
  return olstm__conv_smaller(last, w->input[d]) - *out_first;
}

/// The most that so many outputs reach over.
static int64_t most_reach(const olstm__window* w, int32_t d, int64_t outputs) {
  return olstm__conv_smaller((outputs - 1) * w->stride[d] + olstm__window_extent(w, d),
                             w->input[d]);
}

/// Bytes of a piece's source and results; SIZE_MAX where they do not fit. Sets offsets.
static size_t piece_bytes(olstm__pool_lanes* lanes) {
  const olstm__window* w = &lanes->window;
  const int64_t rows = lanes->piece_rows, depths = lanes->piece_depths;
  const size_t source_rows =
      (size_t)most_reach(w, 0, depths) * (size_t)most_reach(w, 1, rows);
  const size_t vector = (size_t)lanes->table->movers->lanes * sizeof(float);
  size_t bytes = 0, first = 0;
  if (olstm__op_add_part(&bytes, source_rows * sizeof(float), (size_t)pitch_of(lanes),
                         &first) &&
      olstm__op_add_part(&bytes, (size_t)(w->kernel[0] * pitch_of(lanes)), sizeof(float),
                         &lanes->joined_offset) &&
      olstm__op_add_part(&bytes, (size_t)(depths * rows * w->output[2]), vector,
                         &lanes->results_offset)) {
    return bytes;
  }
  return SIZE_MAX;
}

/// Whether each window of dimension `d` meets the input.
static bool all_meet(const olstm__window* w, int32_t d) {
  bool meet = true;
  for (int64_t o = 0; o < w->output[d] && meet; o++) {
    int64_t begin = 0, end = 0;
    olstm__window_find_taps(w, d, o * w->stride[d] - w->pad_begin[d], &begin, &end);
    meet = end > begin;
  }
  return meet;
}

/// Whether windows are of rows and columns, or rows are short, or windows long and far
/// apart; and each row of them meets the input.
static bool fits(const olstm__window* w) {
  enum { kShortRow = 32 };
  return all_meet(w, 0) && all_meet(w, 1) && w->output[2] > 0 &&
         (w->input[0] * w->input[1] > 1 || w->input[2] <= kShortRow ||
          (w->kernel[2] >= 16 && w->stride[2] >= 4)) &&
         w->pad_begin[2] < w->kernel[2] * w->dilation[2];
}

/// Whether rows of results are as long as to be faster one by one (pool_rows.h).
static bool is_wide(const olstm__window* w, bool is_max, int64_t lanes) {
  const int64_t rows = w->kernel[0] * w->kernel[1];
  const bool is_small = rows * w->kernel[2] <= 9;
  if (w->kernel[2] == 1) return w->output[2] >= 32;
  if (w->kernel[2] == 2 && w->stride[2] == 2) return w->output[2] >= 12;
  if (lanes <= 8 && is_small && rows > 1) {
    return w->output[2] >= (w->stride[2] > 1 ? 26 : 36);
  }
  return (is_max || w->kernel[2] == 2) && is_small && w->output[2] >= 48;
}

/// Whether there is work for several threads.
static bool can_share(const olstm__pool_lanes* lanes, int32_t thread_count) {
  const olstm__window* w = &lanes->window;
  return thread_count > 1 &&
         lanes->planes * olstm__window_output_count(w) * olstm__window_kernel_count(w) >=
             kParallelTaps;
}

/// As many outputs of dimension `d` as a piece takes, *count, as even as they come. Gives
/// the number of parts.
static int64_t cut_dimension(olstm__pool_lanes* lanes, int32_t d, int64_t* count) {
  const int64_t all = lanes->window.output[d];
  while (*count < all) {
    ++*count;
    if (piece_bytes(lanes) <= kPieceBytes) continue;
    --*count;
    break;
  }
  *count = olstm__conv_parts(all, olstm__conv_parts(all, *count));
  return olstm__conv_parts(all, *count);
}

void olstm__pool_lanes_init(olstm__pool_lanes* lanes, const olstm__window* window,
                            int64_t planes, bool is_max, int32_t thread_count) {
  const olstm__window* w = window;
  *lanes = (olstm__pool_lanes){.window = *w, .planes = planes, .is_max = is_max};
  lanes->table = fits(w) ? find_table(planes) : NULL;
  if (!lanes->table) return;
  if (is_wide(w, is_max, lanes->table->movers->lanes)) {
    lanes->table = NULL;
    return;
  }
  const int64_t end = (w->output[2] - 1) * w->stride[2] + olstm__window_extent(w, 2) -
                      w->pad_begin[2] - w->input[2];
  lanes->after = end > 0 ? end : 0;
  lanes->piece_depths = lanes->piece_rows = 1;
  if (piece_bytes(lanes) > kMostBytes) {
    lanes->table = NULL;
    return;
  }
  const int64_t groups = olstm__conv_parts(planes, lanes->table->movers->lanes);
  const int64_t wanted = (int64_t)thread_count * kPiecesPerThread;
  int64_t parts = cut_dimension(lanes, 1, &lanes->piece_rows);
  if (parts == 1) parts = cut_dimension(lanes, 0, &lanes->piece_depths);
  if (can_share(lanes, thread_count) && groups * parts < wanted &&
      groups % thread_count != 0) {
    // Of depths if there are several, then of rows.
    const int64_t more = olstm__conv_parts(wanted, groups);
    int64_t* cut = lanes->piece_depths > 1 ? &lanes->piece_depths : &lanes->piece_rows;
    const int64_t all = w->output[cut == &lanes->piece_rows];
    *cut = olstm__conv_parts(all, olstm__conv_smaller(more, all));
  }
  lanes->piece_count = groups * olstm__conv_parts(w->output[0], lanes->piece_depths) *
                       olstm__conv_parts(w->output[1], lanes->piece_rows);
  (void)olstm_size_align(piece_bytes(lanes), &lanes->thread_bytes);
  lanes->joins_rows =
      w->kernel[0] > 1 ||
      w->kernel[1] * w->kernel[2] > (w->kernel[1] + 1) * w->stride[2] + w->kernel[2];
  lanes->workspace_bytes = lanes->thread_bytes * (size_t)thread_count;
}

typedef struct pool_task {
  const olstm__pool_lanes* lanes;
  const olstm__pool_lanes_args* args;
  int32_t task_count;
} pool_task;

/// Rows of some depths of as many planes as there are lanes, and what they reach over.
typedef struct pool_piece {
  int64_t plane, planes;
  int64_t depth, depth_end, row, row_end;
  int64_t first_depth, depths, first_row, rows;
} pool_piece;

/// A row of windows over `depths` planes of taps, `plane_step` apart.
static void pool_windows(const olstm__pool_lanes* lanes,
                         const olstm__pool_windows* windows, const float* source,
                         int64_t depths, int64_t plane_step, float* joined, float* to) {
  const olstm__pool_windows_function run =
      lanes->is_max ? lanes->table->max : lanes->table->average;
  const int64_t width = lanes->table->movers->lanes;
  olstm__pool_windows rows = *windows, slide = *windows;
  if (!lanes->joins_rows) {
    run(windows, source, to);
    return;
  }
  rows.columns = 1;
  rows.window_step = width;
  rows.count = pitch_of(lanes) / width;
  rows.divisors = NULL;
  slide.rows = depths;
  slide.tap_row_step = pitch_of(lanes);
  for (int64_t d = 0; d < depths; d++) {
    run(&rows, source + d * plane_step, joined + d * slide.tap_row_step);
  }
  run(&slide, joined, to);
}

/// Brings what the piece reaches over into rows of vectors.
static void fill_source(const olstm__pool_lanes* lanes, const float* x,
                        const pool_piece* piece, float* source) {
  const olstm__conv_tile_table* movers = lanes->table->movers;
  const olstm__window* w = &lanes->window;
  const int64_t pitch = pitch_of(lanes), plane = w->input[1] * w->input[2];
  const int64_t before = w->pad_begin[2] * movers->lanes;
  const int64_t after = lanes->after * movers->lanes;
  const float nothing = lanes->is_max ? -INFINITY : 0.0f;
  olstm__conv_spread spread = {.from = x + piece->plane * olstm__window_input_count(w) +
                                       piece->first_depth * plane +
                                       piece->first_row * w->input[2],
                               .plane_step = olstm__window_input_count(w),
                               .planes = piece->planes,
                               .rows = piece->rows,
                               .width = w->input[2],
                               .to = source + before,
                               .to_step = pitch};
  for (int64_t r = 0; r < piece->depths * piece->rows && before + after > 0; r++) {
    olstm__fill_elements(source + r * pitch, (size_t)before, sizeof nothing, &nothing);
    olstm__fill_elements(source + (r + 1) * pitch - after, (size_t)after, sizeof nothing,
                         &nothing);
  }
  for (int64_t d = 0; d < piece->depths; d++) {
    movers->spread(&spread);
    spread.from = (const float*)spread.from + plane;
    spread.to = (float*)spread.to + piece->rows * pitch;
  }
}

/// The rows of one depth of results.
static void run_depth(const olstm__pool_lanes* lanes, const olstm__pool_lanes_args* args,
                      const pool_piece* piece, int64_t depth, char* memory, float* to) {
  const olstm__window* w = &lanes->window;
  const int64_t pitch = pitch_of(lanes), width = lanes->table->movers->lanes;
  const float* source = (const float*)(void*)memory;
  olstm__pool_windows windows = {.tap_row_step = w->dilation[1] * pitch,
                                 .tap_step = w->dilation[2] * width,
                                 .window_step = w->stride[2] * width,
                                 .columns = w->kernel[2],
                                 .count = w->output[2],
                                 .divisors = args->divisors};
  const int64_t plane_step = w->dilation[0] * piece->rows * pitch;
  int64_t first = 0, last = 0;
  int64_t at = depth * w->stride[0] - w->pad_begin[0];
  olstm__window_find_taps(w, 0, at, &first, &last);
  const int64_t depths = last - first;
  source += (at + first * w->dilation[0] - piece->first_depth) * piece->rows * pitch;
  for (int64_t r = piece->row; r < piece->row_end; r++, to += w->output[2] * width) {
    at = r * w->stride[1] - w->pad_begin[1];
    olstm__window_find_taps(w, 1, at, &first, &last);
    windows.rows = last - first;
    windows.divisor = args->row_divisors[depth * w->output[1] + r];
    windows.reciprocals =
        windows.divisor == args->usual_divisor ? args->reciprocals : NULL;
    pool_windows(lanes, &windows,
                 source + (at + first * w->dilation[1] - piece->first_row) * pitch,
                 depths, plane_step, (float*)(void*)(memory + lanes->joined_offset), to);
  }
}

static void run_piece(const olstm__pool_lanes* lanes, const olstm__pool_lanes_args* args,
                      const pool_piece* piece, char* memory) {
  const olstm__conv_tile_table* movers = lanes->table->movers;
  const olstm__window* w = &lanes->window;
  float* source = (float*)(void*)memory;
  float* results = (float*)(void*)(memory + lanes->results_offset);
  const int64_t plane = olstm__window_output_count(w);
  const int64_t rows = piece->row_end - piece->row;
  const int64_t begin = piece->depth * w->output[1] + piece->row;
  const int64_t count = (piece->depth_end - piece->depth) * rows;
  fill_source(lanes, args->x, piece, source);
  if (lanes->is_max &&
      lanes->table->has_nan(source, piece->depths * piece->rows * pitch_of(lanes))) {
    for (int64_t p = 0; p < piece->planes; p++) {
      args->redo(args->context, piece->plane + p, begin, begin + count);
    }
    return;
  }
  for (int64_t d = piece->depth; d < piece->depth_end; d++) {
    run_depth(lanes, args, piece, d, memory,
              results + (d - piece->depth) * rows * w->output[2] * movers->lanes);
  }
  movers->transpose(results, movers->lanes, piece->planes, count * w->output[2],
                    args->y + piece->plane * plane + begin * w->output[2], plane);
}

static void run_task(void* argument, int32_t index) {
  const pool_task* task = argument;
  const olstm__pool_lanes* lanes = task->lanes;
  const olstm__window* w = &lanes->window;
  const int64_t width = lanes->table->movers->lanes;
  const int64_t rows = olstm__conv_parts(w->output[1], lanes->piece_rows);
  const int64_t depths = olstm__conv_parts(w->output[0], lanes->piece_depths);
  char* memory = (char*)task->args->workspace + (size_t)index * lanes->thread_bytes;
  // Neighbours, since pieces of one plane meet within cache lines of results.
  const int64_t end = lanes->piece_count * (index + 1) / task->task_count;
  for (int64_t i = lanes->piece_count * index / task->task_count; i < end; i++) {
    pool_piece piece = {.plane = i / rows / depths * width,
                        .depth = i / rows % depths * lanes->piece_depths,
                        .row = i % rows * lanes->piece_rows};
    piece.planes = olstm__conv_smaller(lanes->planes - piece.plane, width);
    piece.depth_end =
        olstm__conv_smaller(piece.depth + lanes->piece_depths, w->output[0]);
    piece.row_end = olstm__conv_smaller(piece.row + lanes->piece_rows, w->output[1]);
    piece.depths = find_reach(w, 0, piece.depth, piece.depth_end, &piece.first_depth);
    piece.rows = find_reach(w, 1, piece.row, piece.row_end, &piece.first_row);
    run_piece(lanes, task->args, &piece, memory);
  }
}

void olstm__pool_lanes_run(const olstm__pool_lanes* lanes,
                           const olstm__pool_lanes_args* args) {
  const olstm_parallel* parallel = args->parallel;
  pool_task task = {lanes, args, parallel ? parallel->thread_count : 1};
  const size_t most = lanes->workspace_bytes / lanes->thread_bytes;
  if ((size_t)task.task_count > most) task.task_count = (int32_t)most;
  if (can_share(lanes, task.task_count) && lanes->piece_count > 1) {
    parallel->run(parallel->pool, task.task_count, run_task, &task);
  } else {
    task.task_count = 1;
    run_task(&task, 0);
  }
}
