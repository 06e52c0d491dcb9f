// A block of squares is computed at a time: its input is transformed, all channels of it;
// then, for as many output channels as a tile has rows, 16 matrix products are
// transformed back. Second form of the weights: [16][input channels][output channels].
#include "op/conv/conv_winograd.h"

#include <string.h>

#include "op/op_support.h"

enum {
  kForms = 16,
  /// Fewer channels are not worth the transforms.
  kLeastChannels = 24,
  /// The most weights that get a second form, in channels times channels.
  kMostWeights = 1 << 16,
  /// The least squares.
  kLeastSquares = 48,
  /// Of transformed input: it stays in the cache.
  kInputBytes = 512 * 1024,
  kMostSquares = 512,
  kMaxLanes = 16
};

bool olstm__winograd_takes(const olstm__conv* conv) {
  const int64_t* kernel = conv->window.kernel;
  return conv->dtype == OLSTM_DTYPE_FLOAT && !conv->is_transposed && conv->groups == 1 &&
         kernel[0] == 1 && kernel[1] == 3 && kernel[2] == 3 &&
         conv->input_channels >= kLeastChannels &&
         conv->output_channels >= kLeastChannels &&
         conv->input_channels <= kMostWeights / conv->output_channels;
}

size_t olstm__winograd_bytes(const olstm__conv* conv) {
  return (size_t)(kForms * conv->input_channels * conv->output_channels) * sizeof(float);
}

/// G w G^T for the rows (1, 0, 0), (1, 1, 1) / 2, (1, -1, 1) / 2, (0, 0, 1) of G: of 3
/// numbers `step` apart.
static void transform_taps(const double* w, int64_t step, double* to, int64_t to_step) {
  const double sum = (w[0] + w[2 * step]) / 2;
  to[0] = w[0];
  to[to_step] = sum + w[step] / 2;
  to[2 * to_step] = sum - w[step] / 2;
  to[3 * to_step] = w[2 * step];
}

void olstm__winograd_pack(const olstm__conv* conv, const float* weights, float* packed) {
  const int64_t inputs = conv->input_channels;
  const int64_t outputs = conv->output_channels;
  // In this order, the forms are written side by side.
  for (int64_t i = 0; i < inputs; i++) {
    for (int64_t o = 0; o < outputs; o++) {
      double taps[9], half[12], form[kForms];
      for (int k = 0; k < 9; k++) taps[k] = weights[(o * inputs + i) * 9 + k];
      for (int k = 0; k < 3; k++) transform_taps(taps + k, 3, half + k, 3);
      for (int k = 0; k < 4; k++) transform_taps(half + 3 * k, 1, form + 4 * k, 1);
      for (int k = 0; k < kForms; k++) {
        packed[(k * inputs + i) * outputs + o] = (float)form[k];
      }
    }
  }
}

// ---------------------------------------------------------------- plan

static int64_t up_to_lanes(const olstm__winograd_plan* plan, int64_t count) {
  return olstm__conv_parts(count, plan->tiles->lanes) * plan->tiles->lanes;
}

/// What all blocks of so many squares take for an input channel, in cycles about: lines,
/// transforms, products.
static int64_t cost_of(const olstm__winograd_plan* plan, int64_t down, int64_t across) {
  enum { kLine = 48, kColumn = 5, kTransform = 4 };
  // Lines that are shorter than a vector go element by element.
  const int64_t column = across + 1 < plan->tiles->lanes ? kColumn : 1;
  const int64_t block = (2 * down + 2) * (column * across + kLine) +
                        kTransform * down * up_to_lanes(plan, across) +
                        plan->conv.output_channels * up_to_lanes(plan, down * across);
  return block * olstm__conv_parts(plan->down, down) *
         olstm__conv_parts(plan->across, across);
}

/// Blocks of at most `squares`, as even as they come.
static void cut(olstm__winograd_plan* plan, int64_t squares) {
  int64_t least = INT64_MAX;
  for (int64_t rows = 1; rows <= plan->down && rows <= squares; rows++) {
    const int64_t down =
        olstm__conv_parts(plan->down, olstm__conv_parts(plan->down, rows));
    const int64_t most = olstm__conv_smaller(plan->across, squares / rows);
    const int64_t across =
        olstm__conv_parts(plan->across, olstm__conv_parts(plan->across, most));
    const int64_t cost = cost_of(plan, down, across);
    if (cost >= least) continue;
    least = cost;
    plan->block_down = down;
    plan->block_across = across;
  }
}

static bool lay_out(olstm__winograd_plan* plan, int32_t thread_count) {
  const size_t channels = (size_t)plan->conv.input_channels;
  const size_t size = sizeof(float);
  size_t lines = 0;
  // Lines, or two rows of results; and what is read beyond them.
  const size_t line_floats =
      (size_t)((4 * plan->block_down + 4) * plan->length + 4 * plan->tiles->lanes);
  return olstm__op_add_part(&plan->thread_bytes, line_floats, size, &lines) &&
         olstm__op_add_part(&plan->thread_bytes, kForms * channels,
                            (size_t)plan->step * size, &plan->input_offset) &&
         olstm__op_add_part(&plan->thread_bytes, kForms * OLSTM__CONV_TILE_ROWS,
                            (size_t)plan->step * size, &plan->sums_offset) &&
         olstm__op_add_part(&plan->thread_bytes, 2 * channels, sizeof(int64_t),
                            &plan->list_offset) &&
         olstm__op_add_part(&plan->thread_bytes, (size_t)plan->conv.batch, 1,
                            &plan->marks_offset) &&
         olstm_size_align(plan->thread_bytes, &plan->thread_bytes) &&
         olstm_size_multiply(plan->thread_bytes, (size_t)thread_count,
                             &plan->workspace_bytes);
}

void olstm__winograd_plan_init(const olstm__conv* conv, int32_t thread_count,
                               olstm__winograd_plan* out_plan) {
  const olstm__conv_tile_table* tiles = olstm__conv_find_tiles(conv->dtype);
  const olstm__window* w = &conv->window;
  const int64_t apart = w->dilation[1];
  const int64_t down = olstm__conv_parts(olstm__conv_parts(w->output[1], apart), 2);
  const int64_t across = olstm__conv_parts(w->output[2], 2);
  olstm__winograd_plan* plan = out_plan;
  *plan = (olstm__winograd_plan){.conv = *conv, .down = down, .across = across};
  if (!olstm__winograd_takes(conv) || !tiles->transform || w->input[0] != 1 ||
      w->stride[1] != 1 || w->stride[2] != 1 || w->dilation[2] != 1 ||
      w->output[0] != 1 || down * across < kLeastSquares || conv->batch == 0) {
    return;
  }
  // Squares of short rows leave most of a vector empty: rows are joined instead.
  if (8 * w->output[2] < 7 * tiles->lanes) return;
  plan->tiles = tiles;
  plan->vectors = tiles->max_rows[2] == OLSTM__CONV_TILE_ROWS ? 3 : 2;
  plan->rows = tiles->max_rows[plan->vectors - 1];
  int64_t squares =
      kInputBytes / (kForms * (int64_t)sizeof(float)) / conv->input_channels;
  squares = olstm__conv_smaller(squares, kMostSquares);
  if (thread_count > 1) {
    squares = olstm__conv_smaller(
        squares, olstm__conv_parts(conv->batch * down * across, 4 * thread_count));
  }
  cut(plan, olstm__conv_larger(squares, 2 * tiles->lanes));
  plan->block_count = conv->batch * apart * olstm__conv_parts(down, plan->block_down) *
                      olstm__conv_parts(across, plan->block_across);
  plan->length = plan->block_across + 1;
  plan->step = up_to_lanes(plan, plan->block_down * plan->block_across) + tiles->lanes;
  if (lay_out(plan, thread_count)) return;
  plan->tiles = NULL;
  plan->workspace_bytes = 0;
}

// ---------------------------------------------------------------- run

typedef struct block {
  const olstm__winograd_plan* plan;
  const olstm__conv_args* args;
  /// Rows that taps meet lie `apart`, and those of results too, from row `phase` on; the
  /// others count squares.
  int64_t sample, apart, phase, row, row_end, column, column_end;
  float *lines, *input, *sums;
  char* marks;
  /// Offsets of channels in weights and transformed input.
  int64_t* list;
} block;

static int64_t block_width(const block* b) {
  return b->column_end - b->column;
}

/// Every second column of the input rows that the block's squares read, zeros around it.
static void find_lines(const block* b, int64_t channel) {
  const olstm__winograd_plan* plan = b->plan;
  const olstm__window* w = &plan->conv.window;
  const int64_t rows = 2 * (b->row_end - b->row) + 2;
  const int64_t first = 2 * b->row * b->apart + b->phase - w->pad_begin[1];
  const int64_t before = olstm__conv_parts(olstm__conv_larger(-first, 0), b->apart);
  const int64_t begin = olstm__conv_smaller(before, rows);
  const int64_t inside =
      olstm__conv_parts(olstm__conv_larger(w->input[1] - first, 0), b->apart);
  const int64_t end = olstm__conv_larger(olstm__conv_smaller(inside, rows), begin);
  const int64_t row_floats = 2 * plan->length;
  const float* x =
      (const float*)b->args->x +
      (b->sample * plan->conv.input_channels + channel) * w->input[1] * w->input[2];
  const olstm__conv_split split = {.from = x + (first + begin * b->apart) * w->input[2],
                                   .from_step = b->apart * w->input[2],
                                   .size = w->input[2],
                                   .first = 2 * b->column - w->pad_begin[2],
                                   .to = b->lines + begin * row_floats,
                                   .rows = end - begin,
                                   .length = plan->length};
  memset(b->lines, 0, (size_t)(begin * row_floats) * sizeof(float));
  if (end > begin) plan->tiles->split(&split);
  // Some is read beyond.
  memset(b->lines + end * row_floats, 0,
         (size_t)((rows - end) * row_floats + 2 * plan->tiles->lanes) * sizeof(float));
}

static void transform_input(const block* b) {
  const olstm__winograd_plan* plan = b->plan;
  const int64_t width = block_width(b);
  const int64_t rows = b->row_end - b->row;
  const int64_t channels = plan->conv.input_channels;
  const int64_t rest = up_to_lanes(plan, rows * width) - rows * width;
  float check[kMaxLanes] = {0};
  for (int64_t c = 0; c < channels; c++) {
    float* to = b->input + c * plan->step;
    find_lines(b, c);
    // What products read beyond the last square.
    for (int64_t k = 0; k < kForms && rest > 0; k++) {
      memset(to + k * channels * plan->step + rows * width, 0,
             (size_t)rest * sizeof(float));
    }
    for (int64_t r = 0; r < rows; r++) {
      plan->tiles->transform(b->lines + 4 * r * plan->length, plan->length, width,
                             to + r * width, channels * plan->step, check);
    }
  }
  for (int i = 0; i < plan->tiles->lanes; i++) {
    if (check[i] != 0) b->marks[b->sample] = 1;
  }
}

/// sums [16][rows][step]: one tile after the other, as many vectors in each as come out
/// even.
static void multiply(const block* b, int64_t channel, int64_t rows) {
  const olstm__winograd_plan* plan = b->plan;
  const olstm__conv_tile_table* tiles = plan->tiles;
  static const float kZeros[OLSTM__CONV_TILE_VECTORS * kMaxLanes] = {0};
  const int64_t lanes = tiles->lanes;
  const int64_t channels = plan->conv.input_channels;
  const int64_t outputs = plan->conv.output_channels;
  const int64_t vectors =
      olstm__conv_parts((b->row_end - b->row) * block_width(b), lanes);
  const int64_t parts = olstm__conv_parts(vectors, plan->vectors);
  olstm__conv_tile tile = {.channels = 1,
                           .tap_count = channels,
                           .scalar_taps = b->list,
                           .vector_taps = b->list + channels,
                           .row_init = kZeros,
                           .vector_init = kZeros,
                           .out_step = plan->step,
                           .last_lanes = lanes};
  for (int64_t v = 0; v < OLSTM__CONV_TILE_VECTORS; v++) {
    tile.vector_at[v] = tile.out_at[v] = v * lanes;
  }
  for (int64_t k = 0; k < kForms; k++) {
    int64_t from = 0;
    tile.scalars = (const float*)b->args->packed + k * channels * outputs + channel;
    for (int64_t more = 1; more >= 0; more--) {
      const int64_t count = vectors / parts + more;
      tile.repeat = more ? vectors % parts : parts - vectors % parts;
      if (tile.repeat == 0) continue;
      tile.vectors = b->input + k * channels * plan->step + from;
      tile.out = b->sums + k * rows * plan->step + from;
      tile.vector_advance = tile.out_advance = count * lanes;
      tiles->run[count - 1][rows - 1](&tile);
      from += tile.repeat * tile.vector_advance;
    }
  }
}

/// Where a row of results lies in the output.
static int64_t find_row(const block* b, int64_t row) {
  return row * b->apart + b->phase;
}

/// Puts the results of a row of squares where they belong.
static void put_rows(const block* b, const float* sums, int64_t sums_step, float bias,
                     int64_t row, float* y) {
  const olstm__winograd_plan* plan = b->plan;
  const olstm__window* w = &plan->conv.window;
  const int64_t width = w->output[2];
  const int64_t first = 2 * b->column;
  const int64_t count = olstm__conv_smaller(2 * b->column_end, width) - first;
  const int64_t step = 2 * up_to_lanes(plan, plan->block_across);
  plan->tiles->transform_back(sums, sums_step, bias, block_width(b), b->lines, step);
  for (int64_t r = 0; r < 2; r++) {
    const int64_t at = find_row(b, 2 * row + r);
    if (at >= w->output[1]) return;
    memcpy(y + at * width + first, b->lines + r * step, (size_t)count * sizeof(float));
  }
}

static void finish_channel(const block* b, int64_t plane, float* y) {
  const olstm__conv_args* args = b->args;
  const olstm__window* w = &b->plan->conv.window;
  const int64_t width = w->output[2];
  const int64_t height = w->output[1];
  const int64_t first = 2 * b->column;
  const int64_t count = olstm__conv_smaller(2 * b->column_end, width) - first;
  // Whole rows are one run.
  const bool is_one = count == width && b->apart == 1;
  const int64_t rows =
      is_one ? olstm__conv_smaller(2 * b->row_end, height) - 2 * b->row : 1;
  if (!args->finish) return;
  for (int64_t row = 2 * b->row; row < 2 * b->row_end; row += rows) {
    const int64_t at = find_row(b, row) * width + first;
    if (find_row(b, row) >= height) return;
    args->finish(args->finish_context, plane, at, rows * count, y + at);
    if (is_one) return;
  }
}

static void run_block(const block* b) {
  const olstm__winograd_plan* plan = b->plan;
  const int64_t outputs = plan->conv.output_channels;
  const int64_t parts = olstm__conv_parts(outputs, plan->rows);
  const int64_t width = block_width(b);
  transform_input(b);
  for (int64_t part = 0; part < parts; part++) {
    const int64_t begin = outputs * part / parts;
    const int64_t rows = outputs * (part + 1) / parts - begin;
    multiply(b, begin, rows);
    for (int64_t m = 0; m < rows; m++) {
      const int64_t plane = b->sample * outputs + begin + m;
      const float* bias = b->args->bias;
      float* y =
          (float*)b->args->y + plane * olstm__window_output_count(&plan->conv.window);
      for (int64_t row = b->row; row < b->row_end; row++) {
        put_rows(b, b->sums + m * plan->step + (row - b->row) * width, rows * plan->step,
                 bias ? bias[begin + m] : 0, row, y);
      }
      finish_channel(b, plane, y);
    }
  }
}

typedef struct winograd_task {
  const olstm__winograd_plan* plan;
  const olstm__conv_args* args;
  int32_t task_count;
} winograd_task;

static void run_task(void* argument, int32_t index) {
  const winograd_task* task = argument;
  const olstm__winograd_plan* plan = task->plan;
  const int64_t channels = plan->conv.input_channels;
  char* memory = (char*)task->args->workspace + (size_t)index * plan->thread_bytes;
  block b = {.plan = plan,
             .args = task->args,
             .apart = plan->conv.window.dilation[1],
             .lines = (float*)(void*)memory,
             .input = (float*)(void*)(memory + plan->input_offset),
             .sums = (float*)(void*)(memory + plan->sums_offset),
             .marks = memory + plan->marks_offset,
             .list = (int64_t*)(void*)(memory + plan->list_offset)};
  for (int64_t c = 0; c < channels; c++) {
    b.list[c] = c * plan->conv.output_channels;
    b.list[channels + c] = c * plan->step;
  }
  memset(b.marks, 0, (size_t)plan->conv.batch);
  for (int64_t i = index; i < plan->block_count; i += task->task_count) {
    const int64_t beside = olstm__conv_parts(plan->across, plan->block_across);
    const int64_t below = olstm__conv_parts(plan->down, plan->block_down);
    b.column = i % beside * plan->block_across;
    b.column_end = olstm__conv_smaller(b.column + plan->block_across, plan->across);
    b.row = i / beside % below * plan->block_down;
    b.row_end = olstm__conv_smaller(b.row + plan->block_down, plan->down);
    b.phase = i / beside / below % b.apart;
    b.sample = i / beside / below / b.apart;
    run_block(&b);
  }
}

/// How many threads a run has.
static int32_t count_tasks(const olstm__winograd_plan* plan,
                           const olstm_parallel* parallel) {
  const size_t most = plan->workspace_bytes / plan->thread_bytes;
  const int32_t count = parallel ? parallel->thread_count : 1;
  if (plan->block_count == 1) return 1;
  return (size_t)count > most ? (int32_t)most : count;
}

void olstm__winograd_run(const olstm__winograd_plan* plan, const olstm__conv_args* args) {
  const olstm_parallel* parallel = args->parallel;
  winograd_task task = {plan, args, count_tasks(plan, parallel)};
  if (task.task_count > 1) {
    parallel->run(parallel->pool, task.task_count, run_task, &task);
  } else {
    run_task(&task, 0);
  }
}

bool olstm__winograd_is_wrong(const olstm__winograd_plan* plan,
                              const olstm__conv_args* args, int64_t sample) {
  const char* marks = (const char*)args->workspace + plan->marks_offset;
  for (int32_t i = 0; i < count_tasks(plan, args->parallel); i++) {
    if (marks[(size_t)i * plan->thread_bytes + (size_t)sample]) return true;
  }
  return false;
}
