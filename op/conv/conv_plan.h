// How a convolution is cut into pieces and tiles, whatever the values.
#ifndef OLSTM_OP_CONV_CONV_PLAN_H_
#define OLSTM_OP_CONV_CONV_PLAN_H_

#include "op/conv/conv_tile.h"
#include "op/conv/window.h"

typedef struct olstm__conv {
  /// FLOAT or DOUBLE.
  olstm_dtype dtype;
  /// Weights are [groups * input_channels, output_channels, kernel] then, and the
  /// window's pad_begin is what is cut off the output.
  bool is_transposed;
  olstm__window window;
  int64_t batch;
  int64_t groups;
  /// Of one group.
  int64_t input_channels;
  int64_t output_channels;
} olstm__conv;

/// Where the columns of an input row lie when they are copied, so that all that one tap
/// reads lies side by side: one line for each column modulo the stride, or for each tap.
typedef enum olstm__conv_lines {
  OLSTM__CONV_LINES_NONE,  // read where they are
  OLSTM__CONV_LINES_BY_PHASE,
  OLSTM__CONV_LINES_BY_TAP
} olstm__conv_lines;

/// How a convolution is computed. Counts of reals, but for bytes.
typedef struct olstm__conv_plan {
  /// Its window has lost the dimensions that do not matter.
  olstm__conv conv;
  /// What was asked for: another one where a transposed one is computed as a plain one
  /// (olstm__conv_unfold). Then whether results have to be placed, the first phase of the
  /// first one at `place`, and of how many phases an output channel is made.
  olstm__conv whole;
  bool places;
  int64_t place[OLSTM__WINDOW_MAX_RANK];
  int64_t fold;
  /// Whether its phases have different numbers of taps (olstm__conv_is_uneven).
  bool is_uneven;
  const olstm__conv_tile_table* tiles;
  /// What brings rows into lines: of a kind of CPU whose vectors they fill.
  const olstm__conv_tile_table* movers;
  /// Whether lanes are output channels; otherwise they are positions.
  bool by_channels;
  /// For channels with a window of their own, a lane for each: what takes them. NULL:
  /// tiles do.
  const olstm__conv_tile_table* depthwise;
  /// What takes them plane by plane instead, or NULL.
  void (*plane)(const olstm__conv_plane* plane);
  /// Groups of a piece: such channels, or 1.
  int64_t piece_groups;
  /// The most rows and vectors of a tile.
  int32_t rows, vectors;
  /// Columns of an output row that lie `phases` apart share their taps: 1, or the stride
  /// of a transposed convolution.
  int64_t phases;
  /// Of one phase.
  int64_t columns;
  olstm__conv_lines lines;
  int64_t line_count;
  /// Which element of the input line the first column's first tap reads, and how many
  /// more than columns a line has.
  int64_t line_first, line_extra;
  /// Whether the rows of a piece are computed as one row: where they are short. There are
  /// lines then for each tap of the dimensions behind `slide` (0: depths, 1: rows): all
  /// that it reads, `across` reals for each element of that dimension, which are ordered
  /// by their number modulo the stride, as far as taps reach (`slide_phases`).
  bool joins_rows;
  int32_t slide;
  int64_t across, slide_phases;
  /// Taps that meet the input at all.
  int64_t tap_begin[OLSTM__WINDOW_MAX_RANK], tap_end[OLSTM__WINDOW_MAX_RANK];
  /// Input channels whose taps are listed.
  int64_t list_channels;
  /// Output channels that are packed side by side.
  int64_t block;
  /// Of one piece; columns are cut into `column_parts` even parts of whole vectors.
  int64_t piece_depths, piece_rows, piece_columns, piece_channels;
  int64_t column_parts;
  int64_t piece_count;
  /// Of one thread: source, list of taps, results of tiles, and of phases or of all that
  /// is placed. Of depthwise ones: source, results, weights.
  size_t list_offset, results_offset, phases_offset, weights_offset, thread_bytes;
  size_t workspace_bytes;
} olstm__conv_plan;

static inline int64_t olstm__conv_smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static inline int64_t olstm__conv_larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/// Parts of `part` that `total` takes.
static inline int64_t olstm__conv_parts(int64_t total, int64_t part) {
  return (total + part - 1) / part;
}

/// Elements of one phase of dimension `slide` that so many outputs along it read.
static inline int64_t olstm__conv_slots(const olstm__conv_plan* plan, int64_t outputs) {
  const olstm__window* w = &plan->conv.window;
  return outputs + (olstm__window_extent(w, plan->slide) - 1) / w->stride[plan->slide];
}

/// Reals behind lines of joined rows that may be written.
static inline int64_t olstm__conv_spare(const olstm__conv_plan* plan) {
  return plan->tiles->lanes;
}

/// What is done to results as soon as they are there: `count` elements of plane `plane`
/// (sample * channels + channel), from `first` on; with finishes_planes whole planes that
/// follow it as well.
typedef void (*olstm__conv_finish)(const void* context, int64_t plane, int64_t first,
                                   int64_t count, void* y);

typedef struct olstm__conv_args {
  const void* x;
  const void* packed;
  /// [groups * output_channels], or NULL.
  const void* bias;
  void* y;
  /// Of the plan's workspace_bytes, for as many threads as it was made for; `parallel`
  /// may have more.
  void* workspace;
  const olstm_parallel* parallel;
  /// NULL for nothing.
  olstm__conv_finish finish;
  const void* finish_context;
  bool finishes_planes;
} olstm__conv_args;

/// Whether phases of the strides of a transposed convolution have different numbers of
/// taps: the later ones lack what would be the first tap of a plain one.
bool olstm__conv_is_uneven(const olstm__conv* conv);

/// Makes a transposed convolution a plain one with steps of one: each phase of its
/// strides is an output channel of its own, those of a channel side by side, or all
/// channels of one phase where phases are uneven; taps are counted from the last one on.
/// *out_place tells which element of the transposed one's output is the first phase of
/// the first result; it may lie before it. False where it cannot be done or does not pay;
/// that depends on channels, kernel, strides, dilations and the lanes of a tile alone.
bool olstm__conv_unfold(const olstm__conv* conv, int64_t lanes, olstm__conv* out_conv,
                        int64_t out_place[OLSTM__WINDOW_MAX_RANK]);

/// What tiles of FLOAT or DOUBLE are computed by on this machine.
const olstm__conv_tile_table* olstm__conv_find_tiles(olstm_dtype dtype);

/// Plans for `thread_count` threads. False when the workspace does not fit.
bool olstm__conv_plan_init(const olstm__conv* conv, int32_t thread_count,
                           olstm__conv_plan* out_plan);

/// The part of it that chooses lines and tiles, and whether rows are joined; what the
/// dtype and channels say is set.
void olstm__conv_choose_rows(olstm__conv_plan* plan);

/// Rows of input that `rows` rows of output read at most.
int64_t olstm__conv_source_rows(const olstm__conv_plan* plan, int64_t rows);

/// Reals of the input of a piece of so many rows and columns, and whether it stays in the
/// cache; false also where they do not fit.
bool olstm__conv_source_count(const olstm__conv_plan* plan, int64_t rows, int64_t columns,
                              size_t* out_count);
bool olstm__conv_fits_cache(const olstm__conv_plan* plan, int64_t rows, int64_t columns);

/// Multiply-adds of the whole convolution.
uint64_t olstm__conv_work(const olstm__conv* conv);

/// Units of work (op/op_work.h) of a convolution with these inputs and outputs.
uint64_t olstm__conv_units(const olstm__conv* conv, const olstm_prepare_args* args);

/// How many output channels of a group are packed side by side; plain: the convolution
/// that it becomes, or itself.
int64_t olstm__conv_packed_block(const olstm__conv* conv, const olstm__conv* plain);

/// Bytes of packed weights, which depend on channels, groups, kernel and dtype alone.
/// False when they do not fit.
bool olstm__conv_packed_bytes(const olstm__conv* conv, size_t* out_bytes);

#endif  // OLSTM_OP_CONV_CONV_PLAN_H_
