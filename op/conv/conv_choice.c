// How rows of output are computed: what lanes stand for, where the input's lines lie and
// what they take, and whether rows are joined. All by what it is estimated to take.
#include "op/conv/conv_plan.h"

enum {
  /// Bytes of input that a piece reads again and again.
  kPieceBytes = 256 << 10,
  /// What a tile costs beyond its multiply-adds, and what a result costs that has to be
  /// brought back into its row, in multiply-adds of vectors.
  kTileCost = 24,
  kScatterCost = 6,
  /// What a row of output costs beyond its tiles, and a call that copies rows; in
  /// multiply-adds of so many reals.
  kRowCost = 80,
  kCallCost = 40,
  kMoveCost = 16
};

/// The quotient rounded down, for b > 0.
static int64_t floor_divide(int64_t a, int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// What a line would take that holds all columns modulo the stride, and one for each tap.
static void plan_lines(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const int64_t reach = (w->kernel[2] - 1) * w->dilation[2];
  const int64_t stride = w->stride[2];
  int64_t last = 0;
  plan->phases = plan->conv.is_transposed ? olstm__conv_smaller(stride, w->output[2]) : 1;
  plan->columns = olstm__conv_parts(w->output[2], plan->conv.is_transposed ? stride : 1);
  if (plan->conv.is_transposed) {
    plan->line_first = floor_divide(w->pad_begin[2] - reach, stride);
    last = floor_divide(stride - 1 + w->pad_begin[2], stride);
    plan->line_count = 1;
  } else {
    plan->line_first = floor_divide(-w->pad_begin[2], stride);
    last = floor_divide(reach - w->pad_begin[2], stride);
    plan->line_count = stride;
  }
  plan->line_extra = last - plan->line_first;
  plan->lines = OLSTM__CONV_LINES_BY_PHASE;
  if (plan->line_count == 1 && plan->line_first >= 0 &&
      last + plan->columns <= w->input[2] &&
      (plan->by_channels || plan->columns >= plan->tiles->lanes)) {
    plan->lines = OLSTM__CONV_LINES_NONE;
  } else if ((plan->line_count > w->kernel[2] && stride != 2) ||
             plan->line_count * plan->line_extra > w->kernel[2] * plan->columns) {
    plan->lines = OLSTM__CONV_LINES_BY_TAP;
    plan->line_count = w->kernel[2];
    plan->line_extra = 0;
  }
}

/// Taps that meet the input, of dimension `d` and those behind it.
static int64_t count_met(const olstm__conv_plan* plan, int32_t d) {
  int64_t count = 1;
  for (; d < OLSTM__WINDOW_MAX_RANK; d++) count *= plan->tap_end[d] - plan->tap_begin[d];
  return count;
}

/// What rows that are one are made of.
static void plan_joined(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    int64_t unused = 0;
    const int64_t last = (w->output[d] - 1) * w->stride[d] - w->pad_begin[d];
    olstm__window_find_taps(w, d, last, &plan->tap_begin[d], &unused);
    olstm__window_find_taps(w, d, -w->pad_begin[d], &unused, &plan->tap_end[d]);
    plan->tap_end[d] = olstm__conv_larger(plan->tap_end[d], plan->tap_begin[d]);
  }
  plan->joins_rows = true;
  plan->slide = w->output[0] == 1 && w->kernel[0] == 1 && w->pad_begin[0] == 0 ? 1 : 0;
  plan->across = (plan->slide == 0 ? w->output[1] : 1) * w->output[2];
  plan->slide_phases =
      olstm__conv_smaller(w->stride[plan->slide], olstm__window_extent(w, plan->slide));
  plan->line_count = count_met(plan, plan->slide + 1);
  plan->line_extra = 0;
}

// ---------------------------------------------------------------- tiles

static double tile_cost(const olstm__conv_tile_table* tiles, int64_t rows,
                        int64_t vectors, double taps) {
  const olstm__conv_tile_cost* cost = &tiles->cost;
  const double products = (double)(rows * vectors);
  const double least = cost->base + cost->row * (double)rows +
                       cost->vector * (double)vectors + cost->product * products;
  return kTileCost + taps * (products > least ? products : least);
}

/// `total` things cut into so many parts, as even as they come: `longer` of them are one
/// longer than the others.
typedef struct even_cut {
  int64_t parts, size, longer;
} even_cut;

static even_cut cut_evenly(int64_t total, int64_t most) {
  even_cut cut = {.parts = olstm__conv_parts(total, most)};
  if (cut.parts == 0) return cut;
  cut.size = total / cut.parts;
  cut.longer = total % cut.parts;
  return cut;
}

/// What `rows` rows of `vectors` vectors take.
static double strip_cost(const olstm__conv_plan* plan, int64_t rows, int64_t max_rows,
                         int64_t vectors, double taps) {
  const even_cut cut = cut_evenly(rows, max_rows);
  double cost =
      (double)(cut.parts - cut.longer) * tile_cost(plan->tiles, cut.size, vectors, taps);
  if (cut.longer) {
    cost += (double)cut.longer * tile_cost(plan->tiles, cut.size + 1, vectors, taps);
  }
  return cost;
}

/// What rows, as many as there are output channels or positions, take with vectors cut
/// into tiles of at most `max_vectors`. rows_are_channels: rows of a tile lie in one
/// block, and are as many as the widest tile takes.
static double grid_cost(const olstm__conv_plan* plan, int64_t rows, int64_t vectors,
                        int64_t max_vectors, bool rows_are_channels, double taps) {
  const int32_t* max_rows = plan->tiles->max_rows;
  const even_cut cut = cut_evenly(vectors, max_vectors);
  double cost = 0;
  for (int64_t more = 0; more < (cut.longer ? 2 : 1); more++) {
    const int64_t wide = cut.size + more;
    const double count = (double)(more ? cut.longer : cut.parts - cut.longer);
    const int64_t most = max_rows[(rows_are_channels ? max_vectors : wide) - 1];
    cost += count * strip_cost(plan, rows, most, wide, taps);
  }
  return cost;
}

static double kind_cost(const olstm__conv_plan* plan, int64_t columns, bool by_channels,
                        int32_t vectors) {
  const olstm__conv* conv = &plan->conv;
  const int64_t lanes = plan->tiles->lanes;
  const int64_t channels = conv->output_channels;
  const double results = (double)(columns * channels);
  const int64_t kernel =
      plan->joins_rows ? count_met(plan, 0) : olstm__window_kernel_count(&conv->window);
  const double taps = (double)(conv->input_channels * kernel) / (double)plan->phases;
  if (by_channels) {
    return grid_cost(plan, columns, olstm__conv_parts(channels, lanes), vectors, false,
                     taps) +
           kScatterCost * results / (double)lanes;
  }
  const int64_t across = olstm__conv_parts(columns, lanes);
  const int64_t whole_blocks = channels / plan->block;
  double cost =
      (double)whole_blocks * grid_cost(plan, plan->block, across, vectors, true, taps);
  if (channels % plan->block) {
    cost += grid_cost(plan, channels % plan->block, across, vectors, true, taps);
  }
  return cost;
}

/// Chooses tiles for rows of `columns` columns; gives what a row takes.
static double choose_tiles(olstm__conv_plan* plan, int64_t columns) {
  double best = 0;
  plan->vectors = 0;
  for (int32_t vectors = 1; vectors <= OLSTM__CONV_TILE_VECTORS; vectors++) {
    if (plan->tiles->max_rows[vectors - 1] == 0) continue;
    for (int32_t by_channels = 0; by_channels < 2; by_channels++) {
      // Packed blocks are full vectors then.
      if (by_channels && plan->block < plan->tiles->lanes) continue;
      const double cost = kind_cost(plan, columns, by_channels != 0, vectors);
      if (plan->vectors && cost >= best) continue;
      best = cost;
      plan->vectors = vectors;
      plan->by_channels = by_channels != 0;
    }
  }
  plan->rows = plan->tiles->max_rows[plan->vectors - 1];
  return best;
}

// ---------------------------------------------------------------- source

int64_t olstm__conv_source_rows(const olstm__conv_plan* plan, int64_t rows) {
  const olstm__window* w = &plan->conv.window;
  const int64_t extent = olstm__window_extent(w, 1);
  const int64_t reach = plan->conv.is_transposed ? (rows + extent - 2) / w->stride[1] + 1
                                                 : (rows - 1) * w->stride[1] + extent;
  return olstm__conv_smaller(reach, w->input[1]);
}

static int64_t source_depth(const olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const int64_t extent = olstm__window_extent(w, 0);
  const int64_t reach =
      plan->conv.is_transposed ? (extent - 1) / w->stride[0] + 1 : extent;
  return olstm__conv_smaller(reach, w->input[0]);
}

/// Of a piece that joins so many depths or rows.
static bool joined_count(const olstm__conv_plan* plan, int64_t outputs,
                         size_t* out_count) {
  const int64_t slots = olstm__conv_slots(plan, outputs);
  return olstm__window_has_room(slots) &&
         olstm_size_multiply((size_t)slots, (size_t)plan->slide_phases, out_count) &&
         olstm_size_multiply(*out_count, (size_t)plan->across, out_count) &&
         olstm_size_multiply(*out_count, (size_t)plan->line_count, out_count) &&
         olstm_size_add(*out_count, (size_t)olstm__conv_spare(plan), out_count) &&
         olstm_size_multiply(*out_count, (size_t)plan->conv.input_channels, out_count);
}

bool olstm__conv_source_count(const olstm__conv_plan* plan, int64_t rows, int64_t columns,
                              size_t* out_count) {
  const int64_t length = columns + plan->line_extra;
  if (plan->joins_rows) {
    return joined_count(plan, plan->slide == 0 ? plan->piece_depths : rows, out_count);
  }
  return olstm__window_has_room(length) &&
         olstm_size_multiply((size_t)length, (size_t)plan->line_count, out_count) &&
         olstm_size_multiply(*out_count, (size_t)olstm__conv_source_rows(plan, rows),
                             out_count) &&
         olstm_size_multiply(*out_count, (size_t)source_depth(plan), out_count) &&
         olstm_size_multiply(*out_count, (size_t)plan->conv.input_channels, out_count);
}

bool olstm__conv_fits_cache(const olstm__conv_plan* plan, int64_t rows, int64_t columns) {
  size_t count = 0, placed = 0;
  return olstm__conv_source_count(plan, rows, columns, &count) &&
         olstm_size_multiply((size_t)(plan->piece_depths * rows * columns),
                             plan->places ? (size_t)plan->conv.output_channels : 0,
                             &placed) &&
         olstm_size_add(count, placed, &count) &&
         olstm_size_multiply(count, olstm_dtype_size(plan->conv.dtype), &count) &&
         count <= kPieceBytes;
}

// ---------------------------------------------------------------- rows

/// What rows take to be brought together: `length` reals each, `stride` apart.
static double copy_cost(const olstm__conv_plan* plan, double rows, int64_t length,
                        int64_t stride) {
  const double lanes = (double)plan->tiles->lanes, reals = (double)length;
  return rows * kMoveCost / lanes *
         (stride != 1          ? 4 + 1.5 * reals
          : reals <= lanes     ? 4
          : reals <= 2 * lanes ? 6
                               : 16 + 2 * reals / lanes);
}

/// Of the taps of dimension `d`, the part that outputs meet.
static double part_met(const olstm__window* w, int32_t d) {
  int64_t met = 0;
  for (int64_t o = 0; o < w->output[d]; o++) {
    int64_t begin = 0, end = 0;
    olstm__window_find_taps(w, d, o * w->stride[d] - w->pad_begin[d], &begin, &end);
    met += end - begin;
  }
  return (double)met / (double)(w->output[d] * w->kernel[d]);
}

/// What rows that are computed one by one take.
static double apart_cost(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const double row = choose_tiles(plan, plan->columns) * part_met(w, 0) * part_met(w, 1) +
                     kRowCost * kMoveCost / (double)plan->tiles->lanes;
  // Each depth of output brings what it reads into lines.
  const double read = (double)(w->output[0] * w->kernel[0]) * part_met(w, 0) *
                      (double)(plan->conv.input_channels * w->input[1]);
  const double lines = read * (double)plan->line_count;
  const bool by_tap = plan->lines == OLSTM__CONV_LINES_BY_TAP;
  // Elements that lie apart are taken several at a time, but line by line or row by row.
  const double calls = by_tap ? lines : w->stride[2] > 2 ? read : 0;
  const double moves = copy_cost(plan, lines, w->output[2], by_tap ? 1 : w->stride[2]) *
                           (w->stride[2] == 1 || by_tap ? 1 : 0.5) +
                       calls * kCallCost * kMoveCost / (double)plan->tiles->lanes;
  return row * (double)(w->output[0] * w->output[1]) +
         (plan->lines == OLSTM__CONV_LINES_NONE ? 0 : moves);
}

/// The same where they are joined.
static double joined_cost(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const int64_t slots = olstm__conv_slots(plan, w->output[plan->slide]);
  const int64_t lines = plan->line_count * plan->slide_phases;
  const int64_t calls =
      lines *
      (plan->slide == 0 ? olstm__conv_smaller(slots, plan->conv.input_channels) : 1);
  const int64_t rows = lines * slots * (plan->slide == 0 ? w->output[1] : 1);
  return choose_tiles(plan, olstm__window_output_count(w)) +
         copy_cost(plan, (double)(plan->conv.input_channels * rows), w->output[2],
                   w->stride[2]) +
         kCallCost * kMoveCost / (double)plan->tiles->lanes * (double)calls;
}

void olstm__conv_choose_rows(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  plan_lines(plan);
  const double apart = apart_cost(plan);
  plan_lines(plan);
  if (plan->depthwise || plan->conv.is_transposed || w->output[0] * w->output[1] == 1) {
    return;
  }
  const olstm__conv_plan rows_apart = *plan;
  plan_joined(plan);
  if (joined_cost(plan) >= apart || !olstm__conv_fits_cache(plan, 1, plan->columns)) {
    *plan = rows_apart;
  }
}
