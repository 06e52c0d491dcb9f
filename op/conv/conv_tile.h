// The innermost loops of convolutions: a tile of the result, all sums in registers.
//
// out[r][v] = row_init[r] + vector_init[v] + the sum, over channels and taps in rising
// order, of a scalar for each row times a vector for each column of vectors. Rows are
// output channels and lanes positions side by side, or the other way round: the sums are
// the same, bit for bit, since each is one chain of multiply-adds.
#ifndef OLSTM_OP_CONV_CONV_TILE_H_
#define OLSTM_OP_CONV_CONV_TILE_H_

#include <stdint.h>

enum {
  OLSTM__CONV_TILE_ROWS = 8,
  OLSTM__CONV_TILE_VECTORS = 4,
  /// The least rows of a plane's results.
  OLSTM__CONV_PLANE_ROWS = 7
};

/// All that is counted is counted in reals.
typedef struct olstm__conv_tile {
  int64_t channels;
  int64_t tap_count;
  /// Of each tap: where its scalars (one for each row, side by side) and its first vector
  /// are.
  const int64_t* scalar_taps;
  const int64_t* vector_taps;
  const void* scalars;
  const void* vectors;
  /// From one channel to the next.
  int64_t scalar_step;
  int64_t vector_step;
  /// Where each vector is, from the first one on.
  int64_t vector_at[OLSTM__CONV_TILE_VECTORS];
  /// One for each row, and a vector for each vector.
  const void* row_init;
  const void* vector_init;
  void* out;
  int64_t out_step;
  int64_t out_at[OLSTM__CONV_TILE_VECTORS];
  /// Lanes of the last vector that are stored: all of them where there are several.
  int64_t last_lanes;
  /// So many tiles side by side, and how far each moves on from the one before.
  int64_t repeat;
  int64_t scalar_advance, vector_advance, out_advance;
} olstm__conv_tile;

/// Channels that have windows of their own, one for each lane: each element starts from
/// the bias, and takes tap after tap. All steps are in reals.
typedef struct olstm__conv_depthwise {
  /// From one row of taps to the next, from tap to tap of a row, and from window to
  /// window of one.
  int64_t tap_row_step, tap_step, window_step;
  /// Taps of a row of the window, and windows of a row.
  int64_t columns, count;
  /// A vector for each tap, and one.
  const void *weights, *bias;
} olstm__conv_depthwise;

/// One channel that has a window of its own, of 3 x 3 taps in steps of one: each element
/// starts from the bias, and takes tap after tap, but for rows of them outside of the
/// input; beyond the ends of rows it finds zeros.
typedef struct olstm__conv_plane {
  /// The input, height x width.
  const void* from;
  int64_t height, width;
  /// The row and column of it that the first tap of the first result meets, and how many
  /// columns taps lie apart.
  int64_t top, first, spacing;
  /// One for each tap, and one.
  const void *weights, *bias;
  /// Of results, row after row.
  int64_t rows, columns;
  void* to;
} olstm__conv_plane;

/// Parts of planes, as many as lanes or fewer, that become rows of vectors, one for each
/// position.
typedef struct olstm__conv_spread {
  const void* from;
  int64_t plane_step, planes;
  int64_t rows, width;
  void* to;
  int64_t to_step;
} olstm__conv_spread;

typedef void (*olstm__conv_tile_function)(const olstm__conv_tile* tile);
/// Computes a row, a vector for each window, whose first tap is at `source`. Windows meet
/// rows first..last-1 of taps.
typedef void (*olstm__conv_depthwise_function)(const olstm__conv_depthwise* windows,
                                               int64_t first, int64_t last,
                                               const void* source, void* to);

/// Rows of planes that are copied with zeros around them: elements that are `stride`
/// apart. Up to a vector behind a row may be written before the next one is.
typedef struct olstm__conv_copy {
  const void* from;
  int64_t from_plane, from_step, stride;
  void* to;
  int64_t to_plane, to_step;
  int64_t planes, rows, before, count, after;
} olstm__conv_copy;

/// Rows whose elements first, first + 2, ... become a line of `length`, and those from
/// first + 1 on the next one; zeros stand for what lies beyond a row.
typedef struct olstm__conv_split {
  const void* from;
  int64_t from_step, size, first;
  void* to;
  int64_t rows, length;
} olstm__conv_split;

/// About what a tile takes for each tap, in multiply-adds of vectors: as many as there
/// are, or what this adds up to, if that is more.
typedef struct olstm__conv_tile_cost {
  double base, row, vector, product;
} olstm__conv_tile_cost;

typedef struct olstm__conv_tile_table {
  int32_t lanes;
  olstm__conv_tile_cost cost;
  /// The most rows of a tile of so many vectors, less one; 0 where there is none.
  int32_t max_rows[OLSTM__CONV_TILE_VECTORS];
  /// run[vectors - 1][rows - 1].
  const olstm__conv_tile_function (*run)[OLSTM__CONV_TILE_ROWS];
  /// Channels with windows of their own: by lanes, and by planes. NULL where they are not
  /// worth it.
  olstm__conv_depthwise_function depthwise;
  void (*spread)(const olstm__conv_spread* planes);
  void (*plane)(const olstm__conv_plane* plane);
  void (*copy)(const olstm__conv_copy* copy);
  /// to[i * to_step + j] = from[j * from_step + i] for i < rows, j < columns.
  void (*transpose)(const void* from, int64_t from_step, int64_t rows, int64_t columns,
                    void* to, int64_t to_step);
  void (*split)(const olstm__conv_split* split);
  /// to[2 * i] = even[i], to[2 * i + 1] = odd[i] for i < count.
  void (*join)(const void* even, const void* odd, int64_t count, void* to);
  /// Winograd's transform of `count` squares of 4 x 4 inputs that are two columns apart,
  /// which lie in 8 lines of `length`: even and odd columns of each row. Number k of the
  /// 16 of square i goes to to[k * step + i]. Up to a vector is read and written beyond
  /// the last square. check: a vector, which what is not finite makes NaN. NULL where it
  /// is not worth it.
  void (*transform)(const float* lines, int64_t length, int64_t count, float* to,
                    int64_t step, float* check);
  /// From the sums back to 2 x 2 results each, and the bias: two rows of them, `length`
  /// apart.
  void (*transform_back)(const float* sums, int64_t step, float bias, int64_t count,
                         float* to, int64_t length);
} olstm__conv_tile_table;

extern const olstm__conv_tile_table olstm__conv_tile_f32_plain;
extern const olstm__conv_tile_table olstm__conv_tile_f64_plain;
extern const olstm__conv_tile_table olstm__conv_tile_f32_avx2;
extern const olstm__conv_tile_table olstm__conv_tile_f64_avx2;
extern const olstm__conv_tile_table olstm__conv_tile_f32_avx512;

#endif  // OLSTM_OP_CONV_CONV_TILE_H_
