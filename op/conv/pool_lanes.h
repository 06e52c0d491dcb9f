// Pools of planes of floats, a lane for each plane: planes become vectors, one for each
// position, and vectors of results become planes again. For CPUs with wide vectors; the
// same bits as pool_rows.h gives.
#ifndef OLSTM_OP_CONV_POOL_LANES_H_
#define OLSTM_OP_CONV_POOL_LANES_H_

#include "op/conv/conv_tile.h"
#include "op/conv/window.h"

/// Windows of one row of results. Steps are in floats.
typedef struct olstm__pool_windows {
  /// From one row of taps to the next, from tap to tap of a row, and from window to
  /// window of one.
  int64_t tap_row_step, tap_step, window_step;
  /// Rows of taps that windows meet (1 or more), taps of a row, and windows.
  int64_t rows, columns, count;

  /// For an average: how many it is of is divisors[k] * divisor; 1 / that, or NULL. A sum
  /// where divisors are NULL.
  const float *divisors, *reciprocals;
  float divisor;
} olstm__pool_windows;

typedef void (*olstm__pool_windows_function)(const olstm__pool_windows* windows,
                                             const float* source, float* to);

/// One kind of CPU's.
typedef struct olstm__pool_lanes_table {
  const olstm__conv_tile_table* movers;
  olstm__pool_windows_function max, average;
  /// Whether any of `count` floats, a multiple of the lanes, is NaN.
  bool (*has_nan)(const float* x, int64_t count);
} olstm__pool_lanes_table;

extern const olstm__pool_lanes_table olstm__pool_lanes_f32_avx2;
extern const olstm__pool_lanes_table olstm__pool_lanes_f32_avx512;

/// How planes are cut.
typedef struct olstm__pool_lanes {
  /// NULL where rows are to be pooled another way.
  const olstm__pool_lanes_table* table;
  olstm__window window;
  int64_t planes;
  bool is_max;
  /// Of results: some rows of one depth, or some depths.
  int64_t piece_depths, piece_rows, piece_count;
  /// Zeros, or what maxima begin with, behind a row.
  int64_t after;
  /// Whether rows under a row of windows are joined first, those of each depth, and
  /// windows then slide along them.
  bool joins_rows;
  size_t joined_offset, results_offset, thread_bytes, workspace_bytes;
} olstm__pool_lanes;

/// Plans for `thread_count` threads.
void olstm__pool_lanes_init(olstm__pool_lanes* lanes, const olstm__window* window,
                            int64_t planes, bool is_max, int32_t thread_count);

typedef struct olstm__pool_lanes_args {
  const float* x;
  float* y;
  /// Of averages: of windows along a row, as in pool_rows.h, and of the rows of all
  /// depths.
  const float *divisors, *reciprocals, *row_divisors;
  float usual_divisor;
  void* workspace;
  const olstm_parallel* parallel;
  /// Computes rows begin..end-1 of a plane, counted over all depths, where a maximum may
  /// be NaN.
  void (*redo)(const void* context, int64_t plane, int64_t begin, int64_t end);
  const void* context;
} olstm__pool_lanes_args;

/// Computes. [no-alloc]
void olstm__pool_lanes_run(const olstm__pool_lanes* lanes,
                           const olstm__pool_lanes_args* args);

#endif  // OLSTM_OP_CONV_POOL_LANES_H_
