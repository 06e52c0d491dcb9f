// Work is cut into pieces that do not depend on one another; thread t takes every t-th of
// them, with its own part of the workspace. A piece brings the input that it reads into
// lines, unless it lies well as it is, and goes through its output a group of channels at
// a time: row by row, tile by tile.
//
// Packed weights: [groups][blocks][input channels][taps][block].
#include "op/conv/conv_kernel.h"

#include <string.h>

#include "op/conv/conv_depthwise.h"
#include "op/conv/conv_unfold.h"
#include "op/shape/transpose_tiles.h"

enum {
  /// Lanes of the widest tile.
  kMaxLanes = OLSTM__CONV_TILE_VECTORS * 16,
  /// Multiply-adds below which one thread is enough, also where channels have windows of
  /// their own, which take longer for each.
  kParallelWork = 1 << 18,
  kDepthwiseWork = 1 << 16
};

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

// ---------------------------------------------------------------- tiles

/// What is the same for all tiles of a group of channels. Arrays of doubles hold floats
/// where the reals are floats.
typedef struct tile_group {
  const olstm__conv_piece* piece;
  const olstm__conv_args* args;
  olstm__conv_source source;
  olstm__conv_list* list;
  const char* weights;
  /// Where the group's first channel's plane begins, or what the piece has of it where
  /// results are placed; and reals from channel to channel.
  char* y;
  int64_t plane;
  /// Of tiles whose lanes are channels; and of the phases of a row, each [channels,
  /// columns].
  char *results, *phases;
  int64_t channel_count;
  /// The phase of uneven ones that the channels are of, else 0.
  int64_t lot;
  /// What the sums of each channel start from; and zeros.
  double init[kMaxLanes];
  const double* zeros;
  /// What takes a row: phases may have one column less than others. The same for all
  /// groups of as many channels, but for the weights.
  row_calls calls[2];
  int64_t calls_channels;
} tile_group;

/// Lanes are positions: whole tiles, and what is left of the row.
static void cut_positions(const tile_group* group, olstm__conv_tile tile, int64_t count,
                          row_calls* calls) {
  const olstm__conv_plan* plan = group->piece->plan;
  const int64_t lanes = plan->tiles->lanes;
  const int64_t across = olstm__conv_parts(count, lanes);
  const int64_t parts = olstm__conv_parts(across, plan->vectors);
  // The last tile is one of its own where its last vector is not full.
  const int64_t ragged = count % lanes != 0;
  tile.scalar_taps = group->list->weights;
  tile.vector_taps = group->list->sources;
  tile.row_init = group->init;
  tile.vector_init = group->zeros;
  tile.scalar_step =
      plan->list_channels * olstm__window_kernel_count(&plan->conv.window) * plan->block;
  tile.vector_step = plan->list_channels * group->source.channel_step;
  tile.last_lanes = olstm__conv_smaller(count, lanes);
  for (int64_t v = 0; v < OLSTM__CONV_TILE_VECTORS; v++) {
    tile.vector_at[v] = tile.out_at[v] = v * lanes;
  }
  int64_t from = 0;
  for (int64_t part = 0; part < parts; part += tile.repeat) {
    // Tiles of as many vectors as come out even, then those of one less.
    const bool is_wide = part < across % parts;
    const bool is_last = ragged && part == parts - 1;
    const int64_t end = is_wide ? across % parts : parts;
    const int64_t vectors = across / parts + (is_wide ? 1 : 0);
    tile.repeat = is_last ? 1 : end - part - (ragged && end == parts ? 1 : 0);
    tile.vector_advance = tile.out_advance = vectors * lanes;
    if (is_last) {
      // Where a vector is not full it takes some positions again.
      if (vectors == 1) from = olstm__conv_larger(count - lanes, 0);
      tile.vector_at[vectors - 1] = tile.out_at[vectors - 1] =
          olstm__conv_larger(count - from - lanes, 0);
    }
    add_call(calls, plan, &tile, from);
    calls->calls[calls->count - 1].vectors = vectors;
    from += tile.repeat * tile.vector_advance;
  }
}

/// Lanes are output channels: tiles of as many rows as come out even, then those of one
/// less.
static void cut_channels(const tile_group* group, olstm__conv_tile tile, int64_t count,
                         row_calls* calls) {
  const olstm__conv_plan* plan = group->piece->plan;
  const int64_t lanes = plan->tiles->lanes;
  const int64_t columns = plan->vectors * lanes;
  const int64_t vectors = olstm__conv_parts(group->channel_count, lanes);
  const int64_t parts = olstm__conv_parts(count, plan->tiles->max_rows[vectors - 1]);
  tile.vector_taps = group->list->weights;
  tile.scalar_taps = group->list->sources;
  tile.row_init = group->zeros;
  tile.vector_init = group->init;
  const int64_t step = olstm__window_kernel_count(&plan->conv.window) * lanes;
  tile.vector_step = plan->list_channels * step;
  tile.scalar_step = plan->list_channels * group->source.channel_step;
  tile.last_lanes = lanes;
  tile.out_step = columns;
  for (int64_t v = 0; v < OLSTM__CONV_TILE_VECTORS; v++) {
    tile.vector_at[v] = v * step * plan->conv.input_channels;
    tile.out_at[v] = v * lanes;
  }
  for (int64_t more = 1, from = 0; more >= 0; more--) {
    const int64_t rows = count / parts + more;
    tile.repeat = more ? count % parts : parts - count % parts;
    tile.scalar_advance = rows;
    tile.out_advance = rows * columns;
    if (tile.repeat == 0) continue;
    add_call(calls, plan, &tile, from);
    calls->calls[calls->count - 1].rows = rows;
    from += rows * tile.repeat;
  }
}

/// Makes the calls that take a row of `count` columns.
static void cut_row(const tile_group* group, int64_t count, int64_t out_step,
                    row_calls* calls) {
  const olstm__conv_plan* plan = group->piece->plan;
  const olstm__conv_tile tile = {
      .channels = plan->conv.input_channels / plan->list_channels, .out_step = out_step};
  calls->columns = count;
  calls->count = 0;
  if (plan->by_channels) {
    cut_channels(group, tile, count, calls);
  } else {
    cut_positions(group, tile, count, calls);
  }
  for (int32_t i = 0; i < calls->count; i++) {
    tile_call* call = &calls->calls[i];
    const int64_t rows = plan->by_channels ? call->rows : group->channel_count;
    const int64_t vectors =
        plan->by_channels ? olstm__conv_parts(group->channel_count, plan->tiles->lanes)
                          : call->vectors;
    call->run = plan->tiles->run[vectors - 1][rows - 1];
  }
}

/// The columns of one phase of a row of output, `count` of them, one channel after the
/// other.
static void run_phase(tile_group* group, int64_t row, int64_t phase, int64_t count,
                      char* out, int64_t out_step) {
  const olstm__conv_plan* plan = group->piece->plan;
  const int64_t columns = plan->vectors * plan->tiles->lanes;
  olstm__conv_list_row(group->piece, &group->source, row,
                       plan->is_uneven ? group->lot : phase, group->list);
  const int64_t size = group->piece->size;
  const char* source = group->source.data + group->list->source_at * size;
  row_calls* calls = &group->calls[count & 1];
  if (count != calls->columns) cut_row(group, count, out_step, calls);
  for (int32_t i = 0; i < calls->count; i++) {
    tile_call* call = &calls->calls[i];
    call->tile.tap_count = group->list->count;
    if (plan->by_channels) {
      call->tile.vectors = group->weights;
      call->tile.scalars = source + call->from * size;
      call->tile.out = group->results + call->from * columns * size;
    } else {
      call->tile.scalars = group->weights;
      call->tile.vectors = source + call->from * size;
      call->tile.out = out + call->from * size;
    }
    call->run(&call->tile);
  }
  if (!plan->by_channels) return;
  plan->tiles->transpose(group->results, columns, group->channel_count, count, out,
                         out_step);
}

/// Copies `count` reals of `size` bytes to places `step` bytes apart.
static void spread(int64_t size, const char* from, int64_t count, int64_t step,
                   char* to) {
  if (size == (int64_t)sizeof(float)) {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * step, from + i * 4, 4);
  } else {
    for (int64_t i = 0; i < count; i++) memcpy(to + i * step, from + i * 8, 8);
  }
}

/// Puts the phases of a row of one channel, `step` apart, together; `count` reals.
static void join_phases(const olstm__conv_piece* piece, const char* phases, int64_t step,
                        int64_t count, char* y) {
  const olstm__conv_plan* plan = piece->plan;
  const int64_t size = piece->size;
  int64_t done = 0;
  if (plan->phases == 2) {
    plan->tiles->join(phases, phases + step * size, count / 2, y);
    done = count / 2;
  }
  for (int64_t p = 0; p < plan->phases && done * plan->phases + p < count; p++) {
    const int64_t own = (count - p + plan->phases - 1) / plan->phases;
    spread(size, phases + (p * step + done) * size, own - done, plan->phases * size,
           y + (done * plan->phases + p) * size);
  }
}

static void run_row(tile_group* group, int64_t row) {
  const olstm__conv_piece* piece = group->piece;
  const olstm__conv_plan* plan = piece->plan;
  const olstm__window* w = &plan->conv.window;
  const int64_t begin = piece->column * plan->phases;
  const int64_t end = olstm__conv_smaller(piece->column_end * plan->phases, w->output[2]);
  const int64_t joined =
      plan->joins_rows ? (piece->depth_end - piece->depth) * (piece->row_end - piece->row)
                       : 1;
  const int64_t count = joined * (end - begin);
  const int64_t size = piece->size;
  const int64_t at = plan->places
                         ? (row - piece->row) * (end - begin)
                         : (piece->depth * w->output[1] + row) * w->output[2] + begin;
  char* y = group->y + at * size;
  if (plan->phases == 1) {
    run_phase(group, row, 0, count, y, group->plane);
    return;
  }
  const int64_t columns = piece->column_end - piece->column;
  const int64_t phase_step = group->channel_count * columns;
  for (int64_t p = 0; p < plan->phases && p < count; p++) {
    // The last phases may have a column less.
    run_phase(group, row, p, (count - p + plan->phases - 1) / plan->phases,
              group->phases + p * phase_step * size, columns);
  }
  for (int64_t m = 0; m < group->channel_count; m++) {
    join_phases(piece, group->phases + m * columns * size, phase_step, count,
                y + m * group->plane * size);
  }
}

static void finish_group(const tile_group* group, int64_t channel) {
  const olstm__conv_piece* piece = group->piece;
  const olstm__conv_args* args = group->args;
  const olstm__conv* conv = &piece->plan->conv;
  const olstm__window* w = &conv->window;
  const int64_t plane = olstm__window_output_count(w);
  const int64_t begin = piece->column * piece->plan->phases;
  const int64_t end =
      olstm__conv_smaller(piece->column_end * piece->plan->phases, w->output[2]);
  // Whole rows are one run, and so are whole planes.
  const bool whole = begin == 0 && end == w->output[2];
  const int64_t all = (piece->depth_end - piece->depth) * (piece->row_end - piece->row);
  const int64_t runs = whole ? 1 : all;
  const int64_t rows = whole ? all : 1;
  const bool joins = args->finishes_planes && whole && rows * end == plane;
  const int64_t planes = joins ? group->channel_count : 1;
  if (!args->finish || piece->plan->places) return;
  for (int64_t m = 0; m < group->channel_count; m += planes) {
    const int64_t index =
        (piece->sample * conv->groups + piece->group) * conv->output_channels + channel +
        m;
    for (int64_t r = 0; r < runs; r++) {
      const int64_t first =
          (piece->depth * w->output[1] + piece->row + r) * w->output[2] + begin;
      args->finish(args->finish_context, index, first, planes * rows * (end - begin),
                   group->y + (m * plane + first) * piece->size);
    }
  }
}

/// Channels from `channel` on, as many as go together.
static void run_group(tile_group* group, int64_t channel) {
  const olstm__conv_piece* piece = group->piece;
  const olstm__conv_plan* plan = piece->plan;
  const olstm__conv* conv = &plan->conv;
  const int64_t taps = olstm__window_kernel_count(&conv->window);
  const int64_t blocks = olstm__conv_parts(conv->output_channels, plan->block);
  const int64_t own = piece->group * conv->output_channels + channel;
  const int64_t size = piece->size;
  const char* bias = group->args->bias;
  static const double kZeros[kMaxLanes] = {0};
  group->weights = (const char*)group->args->packed +
                   ((piece->group * blocks + channel / plan->block) *
                        conv->input_channels * taps * plan->block +
                    channel % plan->block) *
                       size;
  group->plane = olstm__window_output_count(&conv->window);
  group->y =
      (char*)group->args->y +
      (piece->sample * conv->groups * conv->output_channels + own) * group->plane * size;
  if (plan->places) {
    group->plane = (piece->depth_end - piece->depth) * (piece->row_end - piece->row) *
                   (piece->column_end - piece->column);
    group->y = group->phases + (channel - piece->channel) * group->plane * size;
  }
  const int64_t channels = plan->whole.output_channels;
  // What lies beyond in a vector is an earlier group's, and counts for nothing.
  for (int64_t i = 0; bias && i < group->channel_count; i++) {
    const int64_t output = channel + i;
    const int64_t of = plan->is_uneven ? output % channels : output / plan->fold;
    olstm__conv_copy_real(size, bias + (piece->group * channels + of) * size,
                          (char*)group->init + i * size);
  }
  group->zeros = kZeros;
  if (group->calls_channels != group->channel_count) {
    group->calls[0].columns = group->calls[1].columns = 0;
    group->calls_channels = group->channel_count;
  }
  const int64_t row_end = plan->joins_rows ? piece->row + 1 : piece->row_end;
  for (int64_t row = piece->row; row < row_end; row++) run_row(group, row);
  finish_group(group, channel);
}

static void run_piece(const olstm__conv_piece* piece, const olstm__conv_args* args,
                      olstm__conv_list* list, char* memory) {
  const olstm__conv_plan* plan = piece->plan;
  // Not zeroed but for what sums start from: it is large beside a small piece.
  tile_group group;
  memset(group.init, 0, sizeof group.init);
  group.calls_channels = 0;
  group.piece = piece;
  group.args = args;
  group.source = olstm__conv_find_source(piece, memory);
  group.list = list;
  olstm__conv_list_start(piece, &group.source,
                         (int64_t*)(void*)(memory + plan->list_offset), list);
  group.results = memory + plan->results_offset;
  group.phases = memory + plan->phases_offset;
  for (int64_t channel = piece->channel; channel < piece->channel_end;) {
    const int64_t phase_channels = plan->whole.output_channels;
    int64_t left = piece->channel_end - channel;
    group.lot = plan->is_uneven ? channel / phase_channels : 0;
    if (plan->is_uneven) left = phase_channels - channel % phase_channels;
    if (plan->by_channels) {
      // As even as they come.
      const int64_t blocks = olstm__conv_parts(left, plan->block);
      const int64_t groups = olstm__conv_parts(blocks, plan->vectors);
      group.channel_count =
          olstm__conv_smaller(left, olstm__conv_parts(blocks, groups) * plan->block);
    } else {
      // Rows of a tile lie in one block.
      const int64_t at = channel % plan->block;
      const int64_t rows = olstm__conv_smaller(plan->block, left + at);
      const int64_t parts = olstm__conv_parts(rows, plan->rows);
      int64_t part = 1;
      while (rows * part / parts <= at) part++;
      group.channel_count = rows * part / parts - at;
    }
    run_group(&group, channel);
    channel += group.channel_count;
  }
  if (plan->places) olstm__conv_place(piece, args, group.phases);
}

// ---------------------------------------------------------------- pieces

/// Takes the next of `*index`'s digits to base `count`.
static int64_t take_digit(int64_t* index, int64_t count) {
  const int64_t digit = *index % count;
  *index /= count;
  return digit;
}

static olstm__conv_piece find_piece(const olstm__conv_plan* plan,
                                    const olstm__conv_args* args, int64_t index) {
  const olstm__conv* conv = &plan->conv;
  const olstm__window* w = &conv->window;
  olstm__conv_piece piece = {
      .plan = plan, .x = args->x, .size = (int64_t)olstm_dtype_size(conv->dtype)};
  piece.channel =
      take_digit(&index, olstm__conv_parts(conv->output_channels, plan->piece_channels)) *
      plan->piece_channels;
  piece.channel_end =
      olstm__conv_smaller(piece.channel + plan->piece_channels, conv->output_channels);
  const int64_t part = take_digit(&index, plan->column_parts);
  const int64_t across = olstm__conv_parts(plan->columns, plan->tiles->lanes);
  piece.column = across * part / plan->column_parts * plan->tiles->lanes;
  piece.column_end = olstm__conv_smaller(
      across * (part + 1) / plan->column_parts * plan->tiles->lanes, plan->columns);
  piece.row = take_digit(&index, olstm__conv_parts(w->output[1], plan->piece_rows)) *
              plan->piece_rows;
  piece.row_end = olstm__conv_smaller(piece.row + plan->piece_rows, w->output[1]);
  piece.depth = take_digit(&index, olstm__conv_parts(w->output[0], plan->piece_depths)) *
                plan->piece_depths;
  piece.depth_end = olstm__conv_smaller(piece.depth + plan->piece_depths, w->output[0]);
  piece.group = take_digit(&index, olstm__conv_parts(conv->groups, plan->piece_groups)) *
                plan->piece_groups;
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
  olstm__conv_list list = {0};
  for (int64_t p = index; p < plan->piece_count; p += task->task_count) {
    const olstm__conv_piece piece = find_piece(plan, task->args, p);
    if (plan->plane) {
      olstm__conv_run_planes(&piece, task->args, memory);
    } else if (plan->depthwise) {
      olstm__conv_run_depthwise(&piece, task->args, memory);
    } else {
      run_piece(&piece, task->args, &list, memory);
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
      olstm__conv_work(&plan->conv) >=
          (plan->depthwise ? kDepthwiseWork : kParallelWork)) {
    parallel->run(parallel->pool, task.task_count, run_task, &task);
  } else {
    task.task_count = 1;
    run_task(&task, 0);
  }
}

// ---------------------------------------------------------------- weights

/// Weights are [groups][output channels][input channels][taps], or with channels the
/// other way round.
void olstm__conv_pack(const olstm__conv* conv, const void* weights, void* packed) {
  olstm__conv plain;
  int64_t place[OLSTM__WINDOW_MAX_RANK];
  if (olstm__conv_unfold(conv, olstm__conv_find_tiles(conv->dtype)->lanes, &plain,
                         place)) {
    olstm__conv_pack_unfolded(conv, &plain, olstm__conv_packed_block(conv, &plain),
                              weights, packed);
    return;
  }
  const int64_t size = (int64_t)olstm_dtype_size(conv->dtype);
  const int64_t taps = olstm__window_kernel_count(&conv->window);
  const int64_t inputs = conv->input_channels;
  const int64_t outputs = conv->output_channels;
  const int64_t block = olstm__conv_packed_block(conv, conv);
  const int64_t output_bytes = (conv->is_transposed ? taps : inputs * taps) * size;
  // All taps of all channels lie together, or those of one.
  const int64_t rows = conv->is_transposed ? taps : inputs * taps;
  const int64_t step = (conv->is_transposed ? outputs * taps : inputs * taps) * size;
  const olstm__transpose_tiles turn =
      olstm__transpose_tiles_f32_plain[conv->dtype == OLSTM_DTYPE_FLOAT ? 2 : 3];
  const char* group = weights;
  char* to = packed;
  for (int64_t g = 0; g < conv->groups; g++, group += inputs * outputs * taps * size) {
    for (int64_t first = 0; first < outputs; first += block) {
      const int64_t count = olstm__conv_smaller(outputs - first, block);
      const char* from = group + first * output_bytes;
      for (int64_t done = 0; done < inputs * taps; done += rows, from += step) {
        if (count < block) memset(to, 0, (size_t)(rows * block * size));
        turn(rows, count, from, output_bytes, to, block * size);
        to += rows * block * size;
      }
    }
  }
}
