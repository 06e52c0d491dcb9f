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
  /// Pieces for each thread, and taps of all planes below which one thread is enough.
  kPiecesPerThread = 4,
  kParallelTaps = 1 << 16
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

/// Bytes of the source and results of so many rows; SIZE_MAX where they do not fit. Sets
/// offsets.
static size_t piece_bytes(olstm__pool_lanes* lanes, int64_t rows) {
  const olstm__window* w = &lanes->window;
  const int64_t reach = (rows - 1) * w->stride[1] + olstm__window_extent(w, 1);
  const int64_t source_rows = reach < w->input[1] ? reach : w->input[1];
  const size_t vector = (size_t)lanes->table->movers->lanes * sizeof(float);
  size_t bytes = 0, first = 0;
  if (olstm__op_add_part(&bytes, (size_t)source_rows * sizeof(float),
                         (size_t)pitch_of(lanes), &first) &&
      olstm__op_add_part(&bytes, (size_t)pitch_of(lanes), sizeof(float),
                         &lanes->joined_offset) &&
      olstm__op_add_part(&bytes, (size_t)(rows * w->output[2]), vector,
                         &lanes->results_offset)) {
    return bytes;
  }
  return SIZE_MAX;
}

/// Whether windows are of rows and columns, or long and far apart, and each row of them
/// meets the input.
static bool fits(const olstm__window* w) {
  bool all_meet = true;
  for (int64_t r = 0; r < w->output[1] && all_meet; r++) {
    int64_t begin = 0, end = 0;
    olstm__conv_find_range(w, 1, r * w->stride[1] - w->pad_begin[1], &begin, &end);
    all_meet = end > begin;
  }
  return all_meet && w->input[0] == 1 && w->kernel[0] == 1 && w->output[0] == 1 &&
         w->pad_begin[0] == 0 && w->output[2] > 0 &&
         (w->input[1] > 1 || (w->kernel[2] >= 16 && w->stride[2] >= 4)) &&
         w->pad_begin[2] < w->kernel[2] * w->dilation[2];
}

/// Whether rows of results are as long as to be faster one by one (pool_rows.h).
static bool is_wide(const olstm__window* w, bool is_max, int64_t lanes) {
  const bool is_small = w->kernel[1] * w->kernel[2] <= 9;
  if (w->kernel[2] == 1) return w->output[2] >= 32;
  if (w->kernel[2] == 2 && w->stride[2] == 2) return w->output[2] >= 12;
  if (lanes <= 8 && is_small && w->kernel[1] > 1) {
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
  if (piece_bytes(lanes, 1) > kMostBytes) {
    lanes->table = NULL;
    return;
  }
  const int64_t rows = w->output[1];
  const int64_t groups = olstm__conv_parts(planes, lanes->table->movers->lanes);
  lanes->piece_rows = 1;
  while (lanes->piece_rows < rows &&
         piece_bytes(lanes, lanes->piece_rows + 1) <= kPieceBytes) {
    lanes->piece_rows++;
  }
  int64_t parts = olstm__conv_parts(rows, lanes->piece_rows);
  const int64_t wanted = (int64_t)thread_count * kPiecesPerThread;
  if (can_share(lanes, thread_count) && groups * parts < wanted)
    parts = olstm__conv_parts(wanted, groups);
  lanes->piece_rows = olstm__conv_parts(rows, parts < rows ? parts : rows);
  lanes->piece_count = groups * olstm__conv_parts(rows, lanes->piece_rows);
  (void)olstm_size_align(piece_bytes(lanes, lanes->piece_rows), &lanes->thread_bytes);
  lanes->joins_rows =
      w->kernel[1] * w->kernel[2] > (w->kernel[1] + 1) * w->stride[2] + w->kernel[2];
  lanes->workspace_bytes = lanes->thread_bytes * (size_t)thread_count;
}

typedef struct pool_task {
  const olstm__pool_lanes* lanes;
  const olstm__pool_lanes_args* args;
  int32_t task_count;
} pool_task;

/// Rows of as many planes as there are lanes.
typedef struct pool_piece {
  int64_t plane, planes, begin, end;
} pool_piece;

/// A row of windows.
static void pool_windows(const olstm__pool_lanes* lanes,
                         const olstm__pool_windows* windows, const float* source,
                         float* joined, float* to) {
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
  slide.rows = 1;
  run(&rows, source, joined);
  run(&slide, joined, to);
}

/// Brings `rows` rows of the piece's planes, from `row` on, into rows of vectors.
static void fill_source(const olstm__pool_lanes* lanes, const float* x,
                        const pool_piece* piece, int64_t row, int64_t rows,
                        float* source) {
  const olstm__conv_tile_table* movers = lanes->table->movers;
  const olstm__window* w = &lanes->window;
  const int64_t pitch = pitch_of(lanes);
  const int64_t before = w->pad_begin[2] * movers->lanes;
  const int64_t after = lanes->after * movers->lanes;
  const float nothing = lanes->is_max ? -INFINITY : 0.0f;
  const olstm__conv_spread spread = {
      .from = x + (piece->plane * w->input[1] + row) * w->input[2],
      .plane_step = w->input[1] * w->input[2],
      .planes = piece->planes,
      .rows = rows,
      .width = w->input[2],
      .to = source + before,
      .to_step = pitch};
  for (int64_t r = 0; r < rows && before + after > 0; r++) {
    olstm__fill_elements(source + r * pitch, (size_t)before, sizeof nothing, &nothing);
    olstm__fill_elements(source + (r + 1) * pitch - after, (size_t)after, sizeof nothing,
                         &nothing);
  }
  movers->spread(&spread);
}

static void run_piece(const olstm__pool_lanes* lanes, const olstm__pool_lanes_args* args,
                      const pool_piece* piece, char* memory) {
  const olstm__conv_tile_table* movers = lanes->table->movers;
  const olstm__window* w = &lanes->window;
  const int64_t pitch = pitch_of(lanes), width = movers->lanes;
  float* source = (float*)(void*)memory;
  float* results = (float*)(void*)(memory + lanes->results_offset);
  olstm__pool_windows windows = {.tap_row_step = w->dilation[1] * pitch,
                                 .tap_step = w->dilation[2] * width,
                                 .window_step = w->stride[2] * width,
                                 .columns = w->kernel[2],
                                 .count = w->output[2],
                                 .divisors = args->divisors};
  // Rows of the input that windows reach over.
  const int64_t row =
      olstm__conv_larger(piece->begin * w->stride[1] - w->pad_begin[1], 0);
  const int64_t end = olstm__conv_smaller(
      (piece->end - 1) * w->stride[1] - w->pad_begin[1] + olstm__window_extent(w, 1),
      w->input[1]);
  fill_source(lanes, args->x, piece, row, end - row, source);
  if (lanes->is_max && lanes->table->has_nan(source, (end - row) * pitch)) {
    for (int64_t p = 0; p < piece->planes; p++) {
      args->redo(args->context, piece->plane + p, piece->begin, piece->end);
    }
    return;
  }
  for (int64_t r = piece->begin; r < piece->end; r++) {
    const int64_t at = r * w->stride[1] - w->pad_begin[1];
    int64_t first = 0, last = 0;
    olstm__conv_find_range(w, 1, at, &first, &last);
    windows.rows = last - first;
    windows.divisor = args->row_divisors[r];
    windows.reciprocals =
        windows.divisor == args->usual_divisor ? args->reciprocals : NULL;
    pool_windows(lanes, &windows, source + (at + first * w->dilation[1] - row) * pitch,
                 (float*)(void*)(memory + lanes->joined_offset),
                 results + (r - piece->begin) * w->output[2] * width);
  }
  const int64_t plane = w->output[1] * w->output[2];
  movers->transpose(results, width, piece->planes,
                    (piece->end - piece->begin) * w->output[2],
                    args->y + piece->plane * plane + piece->begin * w->output[2], plane);
}

static void run_task(void* argument, int32_t index) {
  const pool_task* task = argument;
  const olstm__pool_lanes* lanes = task->lanes;
  const int64_t rows = lanes->window.output[1], width = lanes->table->movers->lanes;
  const int64_t parts = olstm__conv_parts(rows, lanes->piece_rows);
  char* memory = (char*)task->args->workspace + (size_t)index * lanes->thread_bytes;
  for (int64_t i = index; i < lanes->piece_count; i += task->task_count) {
    pool_piece piece = {.plane = i / parts * width,
                        .begin = i % parts * lanes->piece_rows};
    const int64_t left = lanes->planes - piece.plane;
    piece.planes = left < width ? left : width;
    piece.end =
        piece.begin + lanes->piece_rows < rows ? piece.begin + lanes->piece_rows : rows;
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
