// Rows of pooled floats, at the speed of the CPU's vectors: the input's rows under a row
// of windows are folded into one, along which the windows then slide.
#ifndef OLSTM_OP_CONV_POOL_ROWS_H_
#define OLSTM_OP_CONV_POOL_ROWS_H_

#include <stdbool.h>
#include <stdint.h>

enum {
  OLSTM__POOL_MAX_KERNEL = 256,
  OLSTM__POOL_MAX_STRIDE = 32,
  /// Most elements from a window's first to its last.
  OLSTM__POOL_MAX_EXTENT = 1024,
  /// Elements of folded rows that are worked on at a time, and the most rows.
  OLSTM__POOL_TILE = 2048,
  OLSTM__POOL_MAX_ROWS = 8,
  /// Divisors up to this one may have reciprocals.
  OLSTM__POOL_MAX_INVERTED = 4096,
  /// A multiple of every CPU's lanes.
  OLSTM__POOL_LANES = 16
};

/// What windows give: the largest value (-inf of nothing), the average, the sum of
/// magnitudes, or the root of the sum of squares.
typedef enum olstm__pool_kind {
  OLSTM__POOL_MAX,
  OLSTM__POOL_AVERAGE,
  OLSTM__POOL_L1,
  OLSTM__POOL_L2
} olstm__pool_kind;

/// How windows slide along a row.
typedef struct olstm__pool_slide {
  olstm__pool_kind kind;
  /// Of the input, and of the results.
  int64_t width, count;
  int64_t kernel, stride, pad, extent;
  /// Results of a row that are made at a time, and of how many rows.
  int64_t step, rows_together;
  /// Elements that are a stride apart are brought together first; sets of them lie so
  /// many floats apart, and a tap of the window finds its own at its offset.
  int64_t spacing;
  /// Floats of a tile from row to row: of the input, and of what windows slide along.
  int64_t pitch, slide_pitch;
  int32_t offsets[OLSTM__POOL_MAX_KERNEL];
} olstm__pool_slide;

/// What one row of results is made of.
typedef struct olstm__pool_row {
  /// The input's rows under it: `depths` times `rows` of them from x on.
  const float* x;
  int64_t depths, rows;
  /// For an average: how many it is of is divisors[k] * divisor, neither being 0.
  float divisor;
} olstm__pool_row;

/// Some rows of results, one after the other. What all have in common is first.
typedef struct olstm__pool_rows {
  const olstm__pool_slide* slide;
  int64_t depth_step, row_step;
  /// slide->count + OLSTM__POOL_LANES of them.
  const float* divisors;
  /// As many, 1 / (divisors[k] * usual_divisor) each, for rows with that divisor; NULL
  /// where one is more than OLSTM__POOL_MAX_INVERTED.
  const float* reciprocals;
  float usual_divisor;
  float* y;
  /// Floats from y on that may be written, though they are not results.
  int64_t room;
  int64_t row_count;
  olstm__pool_row rows[OLSTM__POOL_MAX_ROWS];
} olstm__pool_rows;

/// Plans rows; false for windows that are too large.
bool olstm__pool_slide_init(olstm__pool_slide* slide, olstm__pool_kind kind,
                            int64_t width, int64_t count, int64_t kernel,
                            int64_t dilation, int64_t stride, int64_t pad);

/// Computes rows. Gives the bits of those where a maximum may be NaN: they are to be
/// computed another way then. [no-alloc] [any-thread]
typedef uint32_t (*olstm__pool_rows_function)(const olstm__pool_rows* rows);

/// This CPU's.
olstm__pool_rows_function olstm__pool_rows_find(void);

/// Each kind of CPU's.
uint32_t olstm__pool_rows_f32_plain(const olstm__pool_rows* all);
uint32_t olstm__pool_rows_f32_avx2(const olstm__pool_rows* all);

#endif  // OLSTM_OP_CONV_POOL_ROWS_H_
