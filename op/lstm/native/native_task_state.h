// One task while it runs: where it is, and where its arrays are. Included by the native
// kernel's templates alone.
#ifndef OLSTM_OP_LSTM_NATIVE_NATIVE_TASK_STATE_H_
#define OLSTM_OP_LSTM_NATIVE_NATIVE_TASK_STATE_H_

#include "op/lstm/native/native_cells.inc"
#if OLSTM_SIMD_DOUBLE
#include "op/math/panel.h"
#else
#include "op/math/panel_bf16.h"
#include "op/math/panel_int8.h"
#endif

typedef enum cell_kind {
  CELL_LSTM_PLAIN,
  CELL_LSTM,
  CELL_RNN,
  CELL_GRU_LINEAR,
  CELL_GRU_RESET,
  CELL_GRU_UPDATE
} cell_kind;

/// One task while it runs.
typedef struct walk {
  const olstm__native_task* task;
  const olstm__native_direction* direction;
  const olstm__lstm_problem* problem;
  const olstm__native_layout* layout;
  cell_context cells;
  cell_kind kinds[OLSTM__NATIVE_MAX_PHASES];
  /// Products for the weights' format: a block of rows, and an LSTM's one row with two
  /// panels (NULL for other cells).
  const panel_function (*panels)[PANEL_VECTORS];
  void (*pair)(const panel_args* args);
  /// A plain LSTM whose units fit one vector.
  bool is_small;
  /// No initial h is given, and zeros times R are zeros: the first step has no such
  /// product.
  bool starts_from_zeros;
  const char* packed;
  /// Rows in the weights' format, and their scales; h's by row, x's by row of the chunk.
  /// NULL where they stay reals. `offset` is what INT8's bytes have added.
  int32_t offset;
  uint8_t *h_bytes, *x_bytes;
  float *h_scales, *x_scales;
  simd_real *h, *c, *z, *reset, *projections, *x, *sums;
  /// Of a step's products, and filled in again and again: small layers have no time to
  /// clear them.
  panel_args* args;
  /// Where the chunk's rows of x are, and how many it has.
  const void** inputs;
  int64_t input_count;
  /// The current chunk's first step and its end; the current step and its phase.
  int64_t chunk_step, end_step, step;
  int32_t phase;
  /// Rows [task's first, end_row) are not finished at the current step.
  int64_t end_row;
  /// Row of `projections` and `x` (task's own) where the current step's rows begin.
  int64_t chunk_row;
} walk;

SIMD_INLINE int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/// Reals of the packed weights, `offset` bytes from the direction's start.
SIMD_INLINE const simd_real* packed_at(const walk* w, size_t offset) {
  return (const simd_real*)(const void*)(w->packed + offset);
}

/// k of what is multiplied with R at the current step, of `depth`.
SIMD_INLINE int64_t recurrent_k(const walk* w, int64_t depth) {
  return w->starts_from_zeros && w->step == 0 ? 0 : depth;
}

/// The end of the rows that still have step `step`; `end` is that of an earlier step.
SIMD_INLINE int64_t unfinished(const walk* w, int64_t end, int64_t step) {
  const olstm__native_row* rows = w->direction->rows;
  while (end > w->task->first_row && rows[end - 1].length <= step) end--;
  return end;
}

SIMD_INLINE const simd_real* input_of(const walk* w, int64_t step, int64_t row,
                                      int64_t chunk_row) {
  const olstm__native_direction* d = w->direction;
  if (w->x) return w->x + chunk_row * w->problem->inputs;
  return (const simd_real*)(const void*)(d->rows[row].x + step * d->x_step);
}

/// The current step's row of y; NULL where y is not written directly.
SIMD_INLINE simd_real* y_of(const walk* w, int64_t row) {
  const olstm__native_direction* d = w->direction;
  if (!d->wants_y || w->x) return NULL;
  return (simd_real*)(void*)(d->rows[row].y + w->step * d->y_step);
}

SIMD_INLINE cell_place place_of(const walk* w, int64_t row, int64_t block) {
  const int64_t unit = block * SIMD_LANES;
  const int64_t at = row * w->layout->padded_hidden + unit;
  const int64_t turn = w->problem->rows * w->layout->padded_hidden;
  simd_real* y = y_of(w, row);
  return (cell_place){.unit = unit,
                      .last_h = w->h + (w->step & 1) * turn + at,
                      .h = w->h + (~w->step & 1) * turn + at,
                      .c = w->c + at,
                      .z = w->z + at,
                      .reset = w->reset + at,
                      .y = y ? y + unit : NULL};
}

/// What phase `p` multiplies with R: h, or GRU's r * h.
SIMD_INLINE const simd_real* hidden_of(const walk* w, int32_t p,
                                       const cell_place* place) {
  return w->kinds[p] == CELL_GRU_UPDATE ? place->reset : place->last_h;
}

#endif  // OLSTM_OP_LSTM_NATIVE_NATIVE_TASK_STATE_H_
