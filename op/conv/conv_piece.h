// One piece of a convolution's work: a group of a sample, and ranges of the output; the
// input that it reads, as tiles take it, and the taps that a row of output meets. The
// reals are floats or doubles: all that is counted is counted in them, and pointers go by
// their bytes.
#ifndef OLSTM_OP_CONV_CONV_PIECE_H_
#define OLSTM_OP_CONV_CONV_PIECE_H_

#include "op/conv/conv_plan.h"

typedef struct olstm__conv_piece {
  const olstm__conv_plan* plan;
  /// The whole input.
  const void* x;
  /// Bytes of a real.
  int64_t size;
  int64_t sample, group;
  /// Of one depth, unless the plan joins rows.
  int64_t depth, depth_end;
  int64_t row, row_end;
  /// Of each phase.
  int64_t column, column_end;
  int64_t channel, channel_end;
} olstm__conv_piece;

/// Input as tiles read it.
typedef struct olstm__conv_source {
  const char* data;
  /// The row and depth that come first, and the distances between them.
  int64_t first_row, first_depth;
  int64_t row_step, depth_step, channel_step;
} olstm__conv_source;

/// The taps that one row of output meets, in the order of the sums; of one phase.
typedef struct olstm__conv_list {
  /// For each column tap of each phase: its number, and its offset in a line.
  int64_t *column_taps, *column_offsets;
  /// Where each phase begins among them.
  int64_t* phase_begin;
  /// Offsets of weights and source.
  int64_t *weights, *sources;
  int64_t count;
  /// What the offsets of the source count from.
  int64_t source_at;
  /// What the list was made for; and how many column taps it begins behind.
  int64_t begin[2], end[2], phase, lot, skipped;
  int64_t line_length, channel_step, depth_step;
} olstm__conv_list;

/// Of a line of the piece's input.
static inline int64_t olstm__conv_line_length(const olstm__conv_piece* piece) {
  return piece->column_end - piece->column + piece->plan->line_extra;
}

/// The input rows (d = 1) or depths (0) that outputs begin..end-1 read: *out_first, and
/// how many.
int64_t olstm__conv_find_inputs(const olstm__conv_plan* plan, int32_t d, int64_t begin,
                                int64_t end, int64_t* out_first);

/// The input, brought into lines in `memory` unless it lies well as it is.
olstm__conv_source olstm__conv_find_source(const olstm__conv_piece* piece, char* memory);

/// The same for a plan that joins rows: row_step is from phase to phase of dimension
/// `slide`, depth_step from line to line.
olstm__conv_source olstm__conv_join_source(const olstm__conv_piece* piece, char* to);

/// Lists for a piece that lie behind each other in `memory`; what an earlier piece, if
/// the list is not zeroed, has there as well is kept.
void olstm__conv_list_start(const olstm__conv_piece* piece,
                            const olstm__conv_source* source, int64_t* memory,
                            olstm__conv_list* list);

/// Makes the list of one phase (of a plan that is uneven: of those of the strides) of an
/// output row, unless it is the row's already.
void olstm__conv_list_row(const olstm__conv_piece* piece,
                          const olstm__conv_source* source, int64_t row, int64_t phase,
                          olstm__conv_list* list);

#endif  // OLSTM_OP_CONV_CONV_PIECE_H_
