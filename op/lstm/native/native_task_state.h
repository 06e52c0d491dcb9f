// The state of a task while it runs: its current step, and pointers to its arrays.
// Included by native_steps.inc and what that includes.
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
  kCellLstmPlain,
  kCellLstm,
  kCellRnn,
  kCellGruLinear,
  kCellGruReset,
  kCellGruUpdate
} cell_kind;

/// A task, or a part of one, while it runs.
typedef struct task_state {
  const olstm__native_task* task;
  const olstm__native_direction* direction;
  const olstm__lstm_problem* problem;
  const olstm__native_layout* layout;
  cell_context context;
  cell_kind kinds[OLSTM__NATIVE_MAX_PHASES];
  /// Products for the weights' format: a block of rows, and an LSTM's one row with
  /// neighbouring panels (NULL for other cells).
  const panel_function (*panels)[PANEL_VECTORS];
  const panel_products* row_products;
  float (*quantize_row)(const simd_real* from, int64_t count, void* to);
  /// A plain LSTM whose units fit one vector.
  bool is_small;
  /// No initial h is given and R is finite: h * R is zero in the first step and skipped.
  bool starts_from_zeros;
  const char* packed;
  /// Rows of h [N] and x [chunk rows] in the weights' format, and their scales. NULL
  /// where rows stay reals.
  uint8_t *h_bytes, *x_bytes;
  float *h_scales, *x_scales;
  simd_real *h, *c, *z, *reset, *projections, *x, *sums;
  /// The arguments of a step's products, reused for every panel: clearing them each time
  /// is measurable in small layers.
  panel_args* args;
  /// Pointers to the chunk's rows of x, and how many there are.
  const void** inputs;
  int64_t input_count;
  /// The current chunk's first step and its end; the current step and its phase.
  int64_t chunk_step, end_step, step;
  int32_t phase;
  /// Rows [task's first, end_row) are not finished at the current step.
  int64_t end_row;
  /// Row of `projections` and `x` (task's own) where the current step's rows begin.
  int64_t chunk_row;
} task_state;

SIMD_INLINE int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/// Reals of the packed weights, `offset` bytes from the direction's start.
SIMD_INLINE const simd_real* packed_at(const task_state* s, size_t offset) {
  return (const simd_real*)(const void*)(s->packed + offset);
}

/// k of the product with R at the current step: 0 or `depth`.
SIMD_INLINE int64_t recurrent_k(const task_state* s, int64_t depth) {
  return s->starts_from_zeros && s->step == 0 ? 0 : depth;
}

/// The end of the rows that are longer than `step`; `end` is that of an earlier step.
SIMD_INLINE int64_t unfinished(const task_state* s, int64_t end, int64_t step) {
  const olstm__native_row* rows = s->direction->rows;
  while (end > s->task->first_row && rows[end - 1].length <= step) end--;
  return end;
}

SIMD_INLINE const simd_real* input_of(const task_state* s, int64_t step, int64_t row,
                                      int64_t chunk_row) {
  const olstm__native_direction* d = s->direction;
  if (s->x) return s->x + chunk_row * s->problem->input_size;
  return (const simd_real*)(const void*)(d->rows[row].x + step * d->x_step);
}

/// The current step's row of y; NULL where y is not written directly.
SIMD_INLINE simd_real* y_of(const task_state* s, int64_t row) {
  const olstm__native_direction* d = s->direction;
  if (!d->wants_y || s->x) return NULL;
  return (simd_real*)(void*)(d->rows[row].y + s->step * d->y_step);
}

SIMD_INLINE cell_pointers cell_at(const task_state* s, int64_t row, int64_t block) {
  const int64_t unit = block * SIMD_LANES;
  const int64_t at = row * s->layout->padded_hidden + unit;
  const int64_t h_stride = s->problem->batch * s->layout->padded_hidden;
  simd_real* y = y_of(s, row);
  return (cell_pointers){.unit = unit,
                         .last_h = s->h + (s->step & 1) * h_stride + at,
                         .h = s->h + (~s->step & 1) * h_stride + at,
                         .c = s->c + at,
                         .z = s->z + at,
                         .reset = s->reset + at,
                         .y = y ? y + unit : NULL};
}

/// What phase `p` multiplies with R: h, or GRU's r * h.
SIMD_INLINE const simd_real* hidden_of(const task_state* s, int32_t p,
                                       const cell_pointers* cell) {
  return s->kinds[p] == kCellGruUpdate ? cell->reset : cell->last_h;
}

#endif  // OLSTM_OP_LSTM_NATIVE_NATIVE_TASK_STATE_H_
