// How a convolution is cut: what lanes stand for, where input lines lie, and pieces that
// leave what they read in the cache.
#include "op/conv/conv_plan.h"
#include "op/math/cpu.h"

enum {
  /// Bytes of input that a piece reads again and again.
  kPieceBytes = 256 << 10,
  /// And of input and results where lanes are channels with windows of their own.
  kDepthwiseBytes = 192 << 10,
  /// And of planes that are taken as they lie.
  kPlaneBytes = 24 << 10,
  /// Rows and columns that a window may reach over there: all of them are copied.
  kDepthwiseRows = 64,
  kDepthwiseColumns = 1024,
  /// Taps up to which those of several channels are listed, which spares rounds of a
  /// loop.
  kListedTaps = 256,
  /// Pieces for each thread, so that one which starts late does not hold up the rest.
  kPiecesPerThread = 4,
  /// What a tile costs beyond its multiply-adds, and what a result costs that has to be
  /// brought back into its row, in multiply-adds of vectors.
  kTileCost = 24,
  kScatterCost = 6
};

static const olstm__conv_tile_table* find_tiles(olstm_dtype dtype) {
  const bool is_double = dtype == OLSTM_DTYPE_DOUBLE;
#if defined(__x86_64__)
  const olstm__cpu_features* cpu = olstm__cpu_get();
  if (cpu->avx512 && !is_double) return &olstm__conv_tile_f32_avx512;
  if (cpu->avx2_fma) {
    return is_double ? &olstm__conv_tile_f64_avx2 : &olstm__conv_tile_f32_avx2;
  }
#endif
  return is_double ? &olstm__conv_tile_f64_plain : &olstm__conv_tile_f32_plain;
}

/// Rows that are shorter than a vector would go element by element.
static const olstm__conv_tile_table* find_movers(const olstm__conv_tile_table* tiles,
                                                 const olstm__window* w) {
  const int64_t length = w->stride[2] == 2 ? w->input[2] / 2 : w->input[2];
#if defined(__x86_64__)
  if (tiles == &olstm__conv_tile_f32_avx512 && length < tiles->lanes) {
    tiles = &olstm__conv_tile_f32_avx2;
  }
  if (tiles == &olstm__conv_tile_f32_avx2 && length < tiles->lanes) {
    tiles = &olstm__conv_tile_f32_plain;
  }
#else
  (void)length;
#endif
  return tiles;
}

/// The quotient rounded down, and up, for b > 0.
static int64_t floor_divide(int64_t a, int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t ceil_divide(int64_t a, int64_t b) {
  return -floor_divide(-a, b);
}

int64_t olstm__conv_block(const olstm__conv* conv) {
  return olstm__conv_smaller(conv->output_channels, find_tiles(conv->dtype)->lanes);
}

// ---------------------------------------------------------------- window

static bool is_plain(const olstm__window* w, int32_t d) {
  return w->kernel[d] == 1 && w->stride[d] == 1 && w->pad_begin[d] == 0 &&
         w->input[d] == w->output[d];
}

/// Makes dimension d - 1 one with d, over which windows do not spread, or drops d where
/// it is 1; what stood before moves up.
static void join(olstm__window* w, int32_t d) {
  const int64_t size = w->input[d];
  for (int32_t i = d; i > 0; i--) {
    w->input[i] = w->input[i - 1];
    w->output[i] = w->output[i - 1];
    w->kernel[i] = w->kernel[i - 1];
    w->stride[i] = w->stride[i - 1];
    w->dilation[i] = w->dilation[i - 1];
    w->pad_begin[i] = w->pad_begin[i - 1];
    w->pad_end[i] = w->pad_end[i - 1];
  }
  w->input[0] = w->output[0] = w->kernel[0] = w->stride[0] = w->dilation[0] = 1;
  w->pad_begin[0] = w->pad_end[0] = 0;
  w->input[d] *= size;
  w->output[d] *= size;
  w->dilation[d] *= size;
  w->pad_begin[d] *= size;
  w->pad_end[d] *= size;
}

/// Long rows are what tiles do best, but for windows that reach over the ends of so many
/// rows: what lies far from each other would be copied to have zeros beyond.
static void simplify(olstm__window* w) {
  enum { kLongRow = 64 };
  for (int32_t d = OLSTM__WINDOW_MAX_RANK - 1; d > 0; d--) {
    for (int32_t round = 0; round < d; round++) {
      if (!is_plain(w, d) || (w->stride[d - 1] != 1 && w->input[d] != 1)) break;
      if (w->kernel[d - 1] > 1 && w->pad_begin[d - 1] + w->pad_end[d - 1] > 0 &&
          w->input[d] >= kLongRow) {
        break;
      }
      join(w, d);
    }
  }
}

// ---------------------------------------------------------------- lines

/// What a line would take that holds all columns modulo the stride, and one for each tap.
static void plan_lines(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const int64_t reach = (w->kernel[2] - 1) * w->dilation[2];
  const int64_t stride = w->stride[2];
  int64_t last = 0;
  plan->phases = plan->conv.is_transposed ? olstm__conv_smaller(stride, w->output[2]) : 1;
  plan->columns = ceil_divide(w->output[2], plan->conv.is_transposed ? stride : 1);
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

/// What takes channels that have windows of their own.
static const olstm__conv_tile_table* find_depthwise(const olstm__conv* conv,
                                                    const olstm__conv_tile_table* tiles) {
  const olstm__window* w = &conv->window;
  const bool fits = !conv->is_transposed && conv->input_channels == 1 &&
                    conv->output_channels == 1 && w->input[0] == 1 && w->kernel[0] == 1 &&
                    w->pad_begin[0] == 0 && w->output[0] == 1 &&
                    olstm__window_extent(w, 1) <= kDepthwiseRows &&
                    olstm__window_extent(w, 2) <= kDepthwiseColumns;
#if defined(__x86_64__)
  if (tiles == &olstm__conv_tile_f32_avx512 && conv->groups % tiles->lanes > 0 &&
      conv->groups % tiles->lanes <= olstm__conv_tile_f32_avx2.lanes) {
    tiles = &olstm__conv_tile_f32_avx2;
  }
#endif
  // Planes that are few lanes go as rows.
  return fits && tiles->depthwise && conv->groups >= tiles->lanes / 2 ? tiles : NULL;
}

/// Whether planes take less time than lanes of channels, in that of a position of those.
static bool had_better_take_planes(const olstm__window* w, int64_t lanes) {
  enum { kTile = 28, kTileLane = 2, kRow = 2, kPlane = 16 };
  const int64_t rows = w->output[1], columns = w->output[2];
  const int64_t tiles =
      ceil_divide(rows, OLSTM__CONV_PLANE_ROWS) * ceil_divide(columns, lanes);
  return 2 * columns > lanes &&
         tiles * (kTile + kTileLane * lanes) < rows * (columns + kRow) + kPlane;
}

/// What takes them plane by plane: rows that fill most of a vector, and as many of them
/// as are taken at a time.
static void find_planes(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const olstm__conv_tile_table* tiles = plan->tiles;
  if (!plan->depthwise || w->kernel[1] != 3 || w->kernel[2] != 3 ||
      w->dilation[1] * w->stride[1] * w->stride[2] != 1 ||
      w->output[1] < OLSTM__CONV_PLANE_ROWS) {
    return;
  }
#if defined(__x86_64__)
  if (tiles == &olstm__conv_tile_f32_avx512 &&
      w->output[2] <= olstm__conv_tile_f32_avx2.lanes) {
    tiles = &olstm__conv_tile_f32_avx2;
  }
#endif
  if (had_better_take_planes(w, tiles->lanes)) plan->plane = tiles->plane;
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
  even_cut cut = {.parts = ceil_divide(total, most)};
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

static double kind_cost(const olstm__conv_plan* plan, bool by_channels, int32_t vectors) {
  const olstm__conv* conv = &plan->conv;
  const int64_t lanes = plan->tiles->lanes;
  const int64_t channels = conv->output_channels;
  const double results = (double)(plan->columns * channels);
  const double taps =
      (double)(conv->input_channels * olstm__window_kernel_count(&conv->window)) /
      (double)plan->phases;
  if (by_channels) {
    return grid_cost(plan, plan->columns, ceil_divide(channels, lanes), vectors, false,
                     taps) +
           kScatterCost * results / (double)lanes;
  }
  const int64_t across = ceil_divide(plan->columns, lanes);
  const int64_t whole_blocks = channels / plan->block;
  double cost =
      (double)whole_blocks * grid_cost(plan, plan->block, across, vectors, true, taps);
  if (channels % plan->block) {
    cost += grid_cost(plan, channels % plan->block, across, vectors, true, taps);
  }
  return cost;
}

static void choose_tiles(olstm__conv_plan* plan) {
  double best = 0;
  plan->vectors = 0;
  for (int32_t vectors = 1; vectors <= OLSTM__CONV_TILE_VECTORS; vectors++) {
    if (plan->tiles->max_rows[vectors - 1] == 0) continue;
    for (int32_t by_channels = 0; by_channels < 2; by_channels++) {
      // Packed blocks are full vectors then.
      if (by_channels && plan->block < plan->tiles->lanes) continue;
      const double cost = kind_cost(plan, by_channels != 0, vectors);
      if (plan->vectors && cost >= best) continue;
      best = cost;
      plan->vectors = vectors;
      plan->by_channels = by_channels != 0;
    }
  }
  plan->rows = plan->tiles->max_rows[plan->vectors - 1];
}

// ---------------------------------------------------------------- pieces

/// Rows of input that `rows` rows of output read at most.
static int64_t source_rows(const olstm__conv_plan* plan, int64_t rows) {
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

static bool source_count(const olstm__conv_plan* plan, int64_t rows, int64_t columns,
                         size_t* out_count) {
  const int64_t length = columns + plan->line_extra;
  return olstm__window_has_room(length) &&
         olstm_size_multiply((size_t)length, (size_t)plan->line_count, out_count) &&
         olstm_size_multiply(*out_count, (size_t)source_rows(plan, rows), out_count) &&
         olstm_size_multiply(*out_count, (size_t)source_depth(plan), out_count) &&
         olstm_size_multiply(*out_count, (size_t)plan->conv.input_channels, out_count);
}

static bool fits_cache(const olstm__conv_plan* plan, int64_t rows, int64_t columns) {
  size_t count = 0;
  return source_count(plan, rows, columns, &count) &&
         olstm_size_multiply(count, olstm_dtype_size(plan->conv.dtype), &count) &&
         count <= kPieceBytes;
}

/// Cuts columns into so many parts, of two vectors at least.
static void cut_columns(olstm__conv_plan* plan, int64_t parts) {
  const int64_t across = ceil_divide(plan->columns, plan->tiles->lanes);
  plan->column_parts = olstm__conv_larger(olstm__conv_smaller(parts, across / 2), 1);
  plan->piece_columns =
      plan->column_parts == 1
          ? plan->columns
          : ceil_divide(across, plan->column_parts) * plan->tiles->lanes;
}

/// Reals of a piece of `rows` rows whose lanes are channels: of the source, with zeros
/// before and behind its rows, and of results.
static bool depthwise_counts(const olstm__conv_plan* plan, int64_t rows,
                             size_t* out_source, size_t* out_results) {
  const olstm__window* w = &plan->conv.window;
  const size_t lanes = (size_t)plan->depthwise->lanes;
  const int64_t reach =
      (plan->piece_columns - 1) * w->stride[2] + olstm__window_extent(w, 2);
  const int64_t columns = plan->column_parts == 1
                              ? olstm__conv_larger(reach, w->pad_begin[2] + w->input[2])
                              : reach;
  return olstm__window_has_room(columns) &&
         olstm_size_multiply((size_t)columns, lanes, out_source) &&
         olstm_size_multiply(*out_source, (size_t)source_rows(plan, rows), out_source) &&
         olstm_size_multiply((size_t)plan->piece_columns, lanes, out_results) &&
         olstm_size_multiply(*out_results, (size_t)rows, out_results);
}

static bool depthwise_fits(const olstm__conv_plan* plan, int64_t rows) {
  size_t source = 0, results = 0, count = 0;
  return depthwise_counts(plan, rows, &source, &results) &&
         olstm_size_add(source, results, &count) &&
         olstm_size_multiply(count, olstm_dtype_size(plan->conv.dtype), &count) &&
         count <= kDepthwiseBytes;
}

/// At least `rows` rows, so that none of a plane's pieces has fewer than are taken at a
/// time.
static void set_plane_rows(olstm__conv_plan* plan, int64_t rows) {
  const int64_t all = plan->conv.window.output[1];
  rows = olstm__conv_smaller(olstm__conv_larger(rows, OLSTM__CONV_PLANE_ROWS), all);
  while (all % rows != 0 && all % rows < OLSTM__CONV_PLANE_ROWS) rows++;
  plan->piece_rows = rows;
}

/// Whole planes, or some rows of one.
static void cut_planes(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const int64_t row_bytes = w->input[2] * (int64_t)olstm_dtype_size(plan->conv.dtype);
  const int64_t planes = kPlaneBytes / row_bytes / w->input[1];
  plan->piece_groups =
      olstm__conv_larger(olstm__conv_smaller(planes, plan->conv.groups), 1);
  set_plane_rows(plan, planes > 0 ? w->output[1] : kPlaneBytes / row_bytes);
}

static void cut_depthwise(olstm__conv_plan* plan) {
  enum { kLeastColumns = 256 };
  const int64_t rows = plan->conv.window.output[1];
  plan->piece_groups = plan->depthwise->lanes;
  while (plan->piece_columns >= 2 * kLeastColumns && !depthwise_fits(plan, 1)) {
    cut_columns(plan, 2 * plan->column_parts);
  }
  if (plan->column_parts > 1) return;
  while (plan->piece_rows < rows && depthwise_fits(plan, plan->piece_rows + 1)) {
    plan->piece_rows++;
  }
  plan->piece_rows = ceil_divide(rows, ceil_divide(rows, plan->piece_rows));
}

/// Cuts long rows, or puts some rows together.
static void choose_piece(olstm__conv_plan* plan) {
  const int64_t rows = plan->conv.window.output[1];
  const int64_t least =
      plan->by_channels ? 4 * (int64_t)plan->rows : plan->vectors * plan->tiles->lanes;
  plan->piece_rows = 1;
  plan->piece_channels = plan->conv.output_channels;
  plan->piece_groups = 1;
  cut_columns(plan, 1);
  if (plan->plane) {
    cut_planes(plan);
    return;
  }
  if (plan->depthwise) {
    cut_depthwise(plan);
    return;
  }
  while (plan->piece_columns >= 2 * least && !fits_cache(plan, 1, plan->piece_columns)) {
    const int64_t before = plan->column_parts;
    cut_columns(plan, before * 2);
    if (plan->column_parts == before) break;
  }
  if (plan->column_parts > 1) return;
  while (plan->piece_rows < rows &&
         fits_cache(plan, plan->piece_rows + 1, plan->columns)) {
    plan->piece_rows++;
  }
  // As even as they come.
  plan->piece_rows =
      ceil_divide(rows, olstm__conv_larger(ceil_divide(rows, plan->piece_rows), 1));
}

static int64_t count_pieces(const olstm__conv_plan* plan) {
  const olstm__conv* conv = &plan->conv;
  return conv->batch * ceil_divide(conv->groups, plan->piece_groups) *
         conv->window.output[0] * ceil_divide(conv->window.output[1], plan->piece_rows) *
         plan->column_parts * ceil_divide(conv->output_channels, plan->piece_channels);
}

/// Pieces of fewer planes, then of fewer rows.
static void share_planes(olstm__conv_plan* plan, int64_t wanted) {
  const int64_t count = count_pieces(plan);
  if (count >= wanted) return;
  plan->piece_groups = ceil_divide(plan->piece_groups, ceil_divide(wanted, count));
  set_plane_rows(plan,
                 ceil_divide(plan->piece_rows, ceil_divide(wanted, count_pieces(plan))));
}

/// Rows of a piece with which threads are done soonest: as many pieces for each of them,
/// but no more than that, since neighbours copy the rows that both read.
static void share_rows(olstm__conv_plan* plan, int32_t thread_count) {
  /// Multiply-adds in whose time an element is copied.
  enum { kCopyCost = 24 };
  const olstm__conv* conv = &plan->conv;
  const int64_t rows = conv->window.output[1];
  const int64_t row_parts = ceil_divide(rows, plan->piece_rows);
  const int64_t others = count_pieces(plan) / olstm__conv_larger(row_parts, 1);
  const double of_row = (double)olstm__conv_work(conv) / (double)(rows * others);
  double least = 0;
  for (int64_t count = plan->piece_rows; count > 0; count--) {
    size_t copied = 0;
    const int64_t turns = ceil_divide(others * ceil_divide(rows, count), thread_count);
    if (!source_count(plan, count, plan->piece_columns, &copied)) continue;
    const double cost =
        (double)turns * ((double)count * of_row + kCopyCost * (double)copied);
    if (least > 0 && cost >= least) continue;
    least = cost;
    plan->piece_rows = count;
  }
}

/// Cuts further where threads would find too little to share.
static void share_pieces(olstm__conv_plan* plan, int32_t thread_count) {
  const int64_t wanted = (int64_t)thread_count * kPiecesPerThread;
  const int64_t channels = plan->conv.output_channels;
  const int64_t unit = olstm__conv_larger(
      plan->block * (plan->by_channels ? (int64_t)plan->vectors : 1), 1);
  if (thread_count == 1) return;
  if (plan->plane) {
    share_planes(plan, wanted);
    return;
  }
  if (!plan->depthwise && plan->piece_rows > 1) share_rows(plan, thread_count);
  if (count_pieces(plan) % thread_count == 0) return;
  if (count_pieces(plan) < wanted && channels >= 2 * unit) {
    const int64_t more = ceil_divide(wanted, olstm__conv_larger(count_pieces(plan), 1));
    plan->piece_channels = ceil_divide(ceil_divide(channels, unit), more) * unit;
  }
  if (count_pieces(plan) < wanted && plan->piece_rows > 1) {
    const int64_t more = ceil_divide(wanted, olstm__conv_larger(count_pieces(plan), 1));
    plan->piece_rows = ceil_divide(plan->piece_rows, more);
  }
  if (count_pieces(plan) < wanted && !plan->depthwise) {
    cut_columns(plan, plan->column_parts *
                          ceil_divide(wanted, olstm__conv_larger(count_pieces(plan), 1)));
  }
}

// ---------------------------------------------------------------- memory

static bool lay_out_depthwise(olstm__conv_plan* plan) {
  const size_t size = olstm_dtype_size(plan->conv.dtype);
  const int64_t taps = olstm__window_kernel_count(&plan->conv.window);
  size_t source = 0, results = 0, source_offset = 0;
  return depthwise_counts(plan, plan->piece_rows, &source, &results) &&
         olstm__op_add_part(&plan->thread_bytes, source, size, &source_offset) &&
         olstm__op_add_part(&plan->thread_bytes, results, size, &plan->results_offset) &&
         olstm__op_add_part(&plan->thread_bytes, (size_t)taps + 1,
                            (size_t)plan->depthwise->lanes * size, &plan->weights_offset);
}

static bool lay_out_tiles(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  const size_t size = olstm_dtype_size(plan->conv.dtype);
  const int64_t lanes = plan->tiles->lanes;
  const int64_t taps = olstm__window_kernel_count(w);
  const size_t results = plan->by_channels ? (size_t)(plan->vectors * lanes) : 0;
  // Channels that go together.
  const size_t group = plan->by_channels ? results : OLSTM__CONV_TILE_ROWS;
  size_t source_offset = 0;
  size_t source = 0;
  size_t listed = 0;
  if (plan->lines != OLSTM__CONV_LINES_NONE &&
      !source_count(plan, plan->piece_rows, plan->piece_columns, &source)) {
    return false;
  }
  // Vectors of short rows are read as a whole.
  if (source && !olstm_size_add(source, (size_t)lanes, &source)) return false;
  if (!olstm_size_multiply((size_t)taps, (size_t)plan->list_channels, &listed)) {
    return false;
  }
  // Columns of all phases, their ends, and two lists for a row.
  return olstm__op_add_part(&plan->thread_bytes, source, size, &source_offset) &&
         olstm__op_add_part(
             &plan->thread_bytes,
             2 * ((size_t)w->kernel[2] + listed) + (size_t)plan->phases + 1,
             sizeof(int64_t), &plan->list_offset) &&
         olstm__op_add_part(&plan->thread_bytes, results * size,
                            (size_t)plan->piece_columns, &plan->results_offset) &&
         olstm__op_add_part(&plan->thread_bytes,
                            plan->phases > 1 ? group * (size_t)plan->phases * size : 0,
                            (size_t)plan->piece_columns, &plan->phases_offset);
}

static bool lay_out(olstm__conv_plan* plan, int32_t thread_count) {
  plan->thread_bytes = 0;
  return (plan->plane || (plan->depthwise ? lay_out_depthwise : lay_out_tiles)(plan)) &&
         olstm_size_align(plan->thread_bytes, &plan->thread_bytes) &&
         olstm_size_multiply(plan->thread_bytes, (size_t)thread_count,
                             &plan->workspace_bytes);
}

/// As many channels as may be listed, of which there are a whole number of lots.
static int64_t count_listed(int64_t channels, int64_t taps) {
  int64_t listed =
      olstm__conv_larger(olstm__conv_smaller(channels, kListedTaps / taps), 1);
  while (channels % listed != 0) listed--;
  return listed;
}

bool olstm__conv_plan_init(const olstm__conv* conv, int32_t thread_count,
                           olstm__conv_plan* out_plan) {
  olstm__conv_plan* plan = out_plan;
  *plan = (olstm__conv_plan){.conv = *conv, .tiles = find_tiles(conv->dtype)};
  const int64_t taps = olstm__window_kernel_count(&conv->window);
  if (conv->batch == 0 || olstm__window_output_count(&conv->window) == 0) return true;
  simplify(&plan->conv.window);
  plan->movers = find_movers(plan->tiles, &plan->conv.window);
  plan->block = olstm__conv_block(conv);
  plan->list_channels = count_listed(conv->input_channels, taps);
  plan->depthwise = find_depthwise(&plan->conv, plan->tiles);
  find_planes(plan);
  plan_lines(plan);
  choose_tiles(plan);
  plan_lines(plan);
  choose_piece(plan);
  share_pieces(plan, thread_count);
  plan->piece_count = count_pieces(plan);
  return lay_out(plan, thread_count);
}

bool olstm__conv_packed_bytes(const olstm__conv* conv, size_t* out_bytes) {
  const int64_t block = olstm__conv_block(conv);
  const size_t taps = (size_t)olstm__window_kernel_count(&conv->window);
  size_t count = (size_t)(ceil_divide(conv->output_channels, block) * block);
  return olstm_size_multiply(count, taps, &count) &&
         olstm_size_multiply(count, (size_t)conv->input_channels, &count) &&
         olstm_size_multiply(count, (size_t)conv->groups, &count) &&
         olstm_size_multiply(count, olstm_dtype_size(conv->dtype), out_bytes);
}
