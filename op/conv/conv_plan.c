// How a convolution is cut: pieces that leave what they read in the cache.
#include "op/conv/conv_plan.h"
#include "op/math/cpu.h"

enum {
  /// Bytes of input and results where lanes are channels with windows of their own.
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
  kPiecesPerThread = 4
};

const olstm__conv_tile_table* olstm__conv_find_tiles(olstm_dtype dtype) {
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

/// Rows that are shorter than a vector would go element by element, but for those that
/// fit two with the zeros around them, the smaller the better.
static const olstm__conv_tile_table* find_movers(const olstm__conv_tile_table* tiles,
                                                 const olstm__window* w) {
#if defined(__x86_64__)
  const int64_t length = w->stride[2] == 2 ? w->input[2] / 2 : w->input[2];
  const int64_t reach =
      w->stride[2] == 1 ? w->output[2] + olstm__window_extent(w, 2) - 1 : INT64_MAX;
  if (tiles == &olstm__conv_tile_f32_avx512 &&
      (reach <= olstm__conv_tile_f32_avx2.lanes ||
       (reach > 2 * tiles->lanes && length < tiles->lanes))) {
    tiles = &olstm__conv_tile_f32_avx2;
  }
  if (tiles == &olstm__conv_tile_f32_avx2 && length < tiles->lanes &&
      reach > 2 * tiles->lanes) {
    tiles = &olstm__conv_tile_f32_plain;
  }
#else
  (void)w;
#endif
  return tiles;
}

int64_t olstm__conv_packed_block(const olstm__conv* conv, const olstm__conv* plain) {
  const bool by_phase =
      conv->is_transposed && !plain->is_transposed && olstm__conv_is_uneven(conv);
  return olstm__conv_smaller(by_phase ? conv->output_channels : plain->output_channels,
                             olstm__conv_find_tiles(conv->dtype)->lanes);
}

// ---------------------------------------------------------------- depthwise

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
      olstm__conv_parts(rows, OLSTM__CONV_PLANE_ROWS) * olstm__conv_parts(columns, lanes);
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

// ---------------------------------------------------------------- pieces

/// Cuts columns into so many parts, of two vectors at least.
static void cut_columns(olstm__conv_plan* plan, int64_t parts) {
  const int64_t across = olstm__conv_parts(plan->columns, plan->tiles->lanes);
  plan->column_parts = olstm__conv_larger(olstm__conv_smaller(parts, across / 2), 1);
  plan->piece_columns =
      plan->column_parts == 1
          ? plan->columns
          : olstm__conv_parts(across, plan->column_parts) * plan->tiles->lanes;
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
         olstm_size_multiply(*out_source, (size_t)olstm__conv_source_rows(plan, rows),
                             out_source) &&
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
  plan->piece_rows = olstm__conv_parts(rows, olstm__conv_parts(rows, plan->piece_rows));
}

/// Whether pieces are made of depths, all rows of them.
static bool takes_depths(const olstm__conv_plan* plan) {
  return plan->joins_rows && plan->slide == 0;
}

/// As many depths or rows as fit, as even as they come.
static void cut_joined(olstm__conv_plan* plan) {
  const olstm__window* w = &plan->conv.window;
  int64_t* count = takes_depths(plan) ? &plan->piece_depths : &plan->piece_rows;
  const int64_t all = w->output[plan->slide];
  if (plan->slide == 0) plan->piece_rows = w->output[1];
  while (*count < all) {
    ++*count;
    if (olstm__conv_fits_cache(plan, plan->piece_rows, plan->columns)) continue;
    --*count;
    break;
  }
  *count = olstm__conv_parts(all, olstm__conv_larger(olstm__conv_parts(all, *count), 1));
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
  if (plan->joins_rows) {
    cut_joined(plan);
    return;
  }
  while (plan->piece_columns >= 2 * least &&
         !olstm__conv_fits_cache(plan, 1, plan->piece_columns)) {
    const int64_t before = plan->column_parts;
    cut_columns(plan, before * 2);
    if (plan->column_parts == before) break;
  }
  if (plan->column_parts > 1) return;
  while (plan->piece_rows < rows &&
         olstm__conv_fits_cache(plan, plan->piece_rows + 1, plan->columns)) {
    plan->piece_rows++;
  }
  // As even as they come.
  plan->piece_rows = olstm__conv_parts(
      rows, olstm__conv_larger(olstm__conv_parts(rows, plan->piece_rows), 1));
}

static int64_t count_pieces(const olstm__conv_plan* plan) {
  const olstm__conv* conv = &plan->conv;
  return conv->batch * olstm__conv_parts(conv->groups, plan->piece_groups) *
         olstm__conv_parts(conv->window.output[0], plan->piece_depths) *
         olstm__conv_parts(conv->window.output[1], plan->piece_rows) *
         plan->column_parts *
         olstm__conv_parts(conv->output_channels, plan->piece_channels);
}

/// Pieces of fewer planes, then of fewer rows.
static void share_planes(olstm__conv_plan* plan, int64_t wanted) {
  const int64_t count = count_pieces(plan);
  if (count >= wanted) return;
  plan->piece_groups =
      olstm__conv_parts(plan->piece_groups, olstm__conv_parts(wanted, count));
  set_plane_rows(plan, olstm__conv_parts(plan->piece_rows,
                                         olstm__conv_parts(wanted, count_pieces(plan))));
}

/// Rows or depths, *cut, of a piece with which threads are done soonest: as many pieces
/// for each of them, but no more than that, since neighbours copy what both read.
static void share_rows(olstm__conv_plan* plan, int32_t thread_count, int64_t* cut) {
  /// Multiply-adds in whose time an element is copied.
  enum { kCopyCost = 24 };
  const olstm__conv* conv = &plan->conv;
  const int64_t rows = conv->window.output[takes_depths(plan) ? 0 : 1];
  const int64_t others =
      count_pieces(plan) / olstm__conv_larger(olstm__conv_parts(rows, *cut), 1);
  const double of_row = (double)olstm__conv_work(conv) / (double)(rows * others);
  double least = 0;
  int64_t best = *cut;
  for (int64_t count = *cut; count > 0; count--) {
    size_t copied = 0;
    const int64_t turns =
        olstm__conv_parts(others * olstm__conv_parts(rows, count), thread_count);
    *cut = count;
    if (!olstm__conv_source_count(plan, plan->piece_rows, plan->piece_columns, &copied))
      continue;
    const double cost =
        (double)turns * ((double)count * of_row + kCopyCost * (double)copied);
    if (least > 0 && cost >= least) continue;
    least = cost;
    best = count;
  }
  *cut = best;
}

/// Cuts further where threads would find too little to share.
static void share_pieces(olstm__conv_plan* plan, int32_t thread_count) {
  const int64_t wanted = (int64_t)thread_count * kPiecesPerThread;
  const int64_t channels = plan->conv.output_channels;
  const int64_t unit = olstm__conv_larger(
      plan->block * (plan->by_channels ? (int64_t)plan->vectors : 1) * plan->fold, 1);
  if (thread_count == 1) return;
  if (plan->plane) {
    share_planes(plan, wanted);
    return;
  }
  int64_t* cut = takes_depths(plan) ? &plan->piece_depths : &plan->piece_rows;
  if (!plan->depthwise && *cut > 1) share_rows(plan, thread_count, cut);
  if (count_pieces(plan) % thread_count == 0) return;
  if (count_pieces(plan) < wanted && channels >= 2 * unit) {
    const int64_t more =
        olstm__conv_parts(wanted, olstm__conv_larger(count_pieces(plan), 1));
    plan->piece_channels =
        olstm__conv_parts(olstm__conv_parts(channels, unit), more) * unit;
  }
  if (count_pieces(plan) < wanted && *cut > 1) {
    const int64_t more =
        olstm__conv_parts(wanted, olstm__conv_larger(count_pieces(plan), 1));
    *cut = olstm__conv_parts(*cut, more);
  }
  if (count_pieces(plan) < wanted && !plan->depthwise && !plan->joins_rows) {
    cut_columns(plan,
                plan->column_parts *
                    olstm__conv_parts(wanted, olstm__conv_larger(count_pieces(plan), 1)));
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
  const int64_t columns = plan->joins_rows
                              ? plan->piece_depths * plan->piece_rows * w->output[2]
                              : plan->piece_columns;
  if ((plan->lines != OLSTM__CONV_LINES_NONE || plan->joins_rows) &&
      !olstm__conv_source_count(plan, plan->piece_rows, plan->piece_columns, &source)) {
    return false;
  }
  // Vectors of short rows are read as a whole.
  if (source && !olstm_size_add(source, (size_t)lanes, &source)) return false;
  if (!olstm_size_multiply((size_t)taps, (size_t)plan->list_channels, &listed)) {
    return false;
  }
  size_t placed = plan->phases > 1 ? group * (size_t)(plan->phases * columns) : 0;
  if (plan->places) {
    // All results of a piece, and a row of them in its place.
    const int64_t rows = plan->joins_rows ? 1 : plan->piece_rows;
    if (!olstm_size_multiply((size_t)(columns * rows), (size_t)plan->piece_channels,
                             &placed) ||
        !olstm_size_add(placed,
                        (size_t)(plan->piece_columns * plan->whole.window.stride[2]),
                        &placed)) {
      return false;
    }
  }
  // Columns of all phases, their ends, and two lists for a row.
  return olstm__op_add_part(&plan->thread_bytes, source, size, &source_offset) &&
         olstm__op_add_part(
             &plan->thread_bytes,
             2 * ((size_t)w->kernel[2] + listed) + (size_t)plan->phases + 1,
             sizeof(int64_t), &plan->list_offset) &&
         olstm__op_add_part(&plan->thread_bytes, results * size, (size_t)columns,
                            &plan->results_offset) &&
         olstm__op_add_part(&plan->thread_bytes, placed, size, &plan->phases_offset);
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

/// Makes a transposed convolution a plain one where it can be.
static void unfold(olstm__conv_plan* plan) {
  const olstm__window* whole = &plan->whole.window;
  const olstm__window* w = &plan->conv.window;
  olstm__conv plain;
  if (!olstm__conv_unfold(&plan->whole, plan->tiles->lanes, &plain, plan->place)) return;
  plan->conv = plain;
  plan->fold = plain.output_channels / plan->whole.output_channels;
  plan->places = plan->fold > 1;
  plan->is_uneven = olstm__conv_is_uneven(&plan->whole);
  for (int32_t d = 0; d < OLSTM__WINDOW_MAX_RANK; d++) {
    plan->places |= plan->place[d] != 0 || w->output[d] != whole->output[d];
  }
}

bool olstm__conv_plan_init(const olstm__conv* conv, int32_t thread_count,
                           olstm__conv_plan* out_plan) {
  olstm__conv_plan* plan = out_plan;
  *plan = (olstm__conv_plan){.conv = *conv,
                             .whole = *conv,
                             .fold = 1,
                             .tiles = olstm__conv_find_tiles(conv->dtype),
                             .piece_depths = 1};
  if (conv->batch == 0 || olstm__window_output_count(&conv->window) == 0) return true;
  unfold(plan);
  const int64_t taps = olstm__window_kernel_count(&plan->conv.window);
  if (!plan->places) olstm__window_simplify(&plan->conv.window);
  plan->movers = find_movers(plan->tiles, &plan->conv.window);
  plan->block = olstm__conv_packed_block(conv, &plan->conv);
  plan->list_channels = count_listed(conv->input_channels, taps);
  plan->depthwise = plan->places ? NULL : find_depthwise(&plan->conv, plan->tiles);
  find_planes(plan);
  olstm__conv_choose_rows(plan);
  choose_piece(plan);
  share_pieces(plan, thread_count);
  plan->piece_count = count_pieces(plan);
  return lay_out(plan, thread_count);
}

bool olstm__conv_packed_bytes(const olstm__conv* conv, size_t* out_bytes) {
  olstm__conv plain = *conv;
  int64_t place[OLSTM__WINDOW_MAX_RANK];
  const int64_t lanes = olstm__conv_find_tiles(conv->dtype)->lanes;
  if (!olstm__conv_unfold(conv, lanes, &plain, place)) plain = *conv;
  const int64_t block = olstm__conv_packed_block(conv, &plain);
  const size_t taps = (size_t)olstm__window_kernel_count(&plain.window);
  size_t count = (size_t)(olstm__conv_parts(plain.output_channels, block) * block);
  return olstm_size_multiply(count, taps, &count) &&
         olstm_size_multiply(count, (size_t)plain.input_channels, &count) &&
         olstm_size_multiply(count, (size_t)plain.groups, &count) &&
         olstm_size_multiply(count, olstm_dtype_size(plain.dtype), out_bytes);
}
