// Steps of a plain LSTM whose units fit one vector. Included by lstm_kernel_native.inc
// alone.
//
// So few sums leave little to do at the same time, so each is cut into two chains: the
// bias, x and h's even elements; h's odd elements. That is part of what this kernel
// computes for such sizes, whatever the number of rows.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_SMALL_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_SMALL_H_

#include "op/lstm/lstm_kernel_native_finish.h"

/// Rows that share one pass over the weights: 8 sums each. Doubles are not worth the
/// code.
#if SIMD_REGISTERS >= 32 && !OLSTM_SIMD_DOUBLE
#define SMALL_ROWS 2
#else
#define SMALL_ROWS 1
#endif

/// sums[r] += a[r][k] * w[k], w a panel of `depth` rows.
SIMD_INLINE void small_add(const int rows, const simd_real* w, int64_t depth,
                           const simd_real* const* a, int64_t k,
                           simd_vec sums[SMALL_ROWS][4]) {
  simd_vec gates[4];
  SIMD_UNROLL
  for (int g = 0; g < 4; g++) {
    const int64_t row = g / PANEL_TILE * depth + k;
    gates[g] = simd_load(w + (row * PANEL_TILE + g % PANEL_TILE) * SIMD_LANES);
    if (rows > 1) SIMD_KEEP(gates[g]);
  }
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) {
    const simd_vec x = simd_set(a[r][k]);
    SIMD_UNROLL
    for (int g = 0; g < 4; g++) sums[r][g] = simd_fma(x, gates[g], sums[r][g]);
  }
}

/// The sums of one step of `count` rows (a constant, at most SMALL_ROWS) from `row` on.
SIMD_INLINE void small_sums(const walk* w, const int count, int64_t row,
                            simd_vec sums[SMALL_ROWS][4]) {
  const olstm__native_phase* phase = &w->layout->phases[0];
  const int64_t chunk_row = w->chunk_row + row - w->task->first_row;
  const int64_t depth = w->problem->hidden;
  const int64_t hidden = recurrent_k(w, depth);
  const int64_t inputs = w->projections ? 0 : w->problem->inputs;
  const simd_real* init = packed_at(w, phase->bias);
  int64_t init_stride = 0;
  simd_vec odd[SMALL_ROWS][4];
  const simd_real* a[SMALL_ROWS];
  if (w->projections) {
    init = w->projections + chunk_row * PANEL_COLUMNS;
    init_stride = PANEL_COLUMNS;
  }
  SIMD_UNROLL
  for (int v = 0; v < count; v++) {
    a[v] = inputs ? input_of(w, w->step, row + v, chunk_row + v) : NULL;
    SIMD_UNROLL
    for (int g = 0; g < 4; g++) {
      sums[v][g] = simd_load(init + v * init_stride + g * SIMD_LANES);
      odd[v][g] = simd_zero();
    }
  }
  for (int64_t k = 0; k < inputs; k++) {
    small_add(count, packed_at(w, phase->w.panels), inputs, a, k, sums);
  }
  SIMD_UNROLL
  for (int v = 0; v < count; v++) a[v] = place_of(w, row + v, 0).last_h;
  const simd_real* r = packed_at(w, phase->r.panels);
  for (int64_t k = 0; k + 1 < hidden; k += 2) {
    small_add(count, r, depth, a, k, sums);
    small_add(count, r, depth, a, k + 1, odd);
  }
  if (hidden & 1) small_add(count, r, depth, a, hidden - 1, sums);
  SIMD_UNROLL
  for (int v = 0; v < count; v++) {
    SIMD_UNROLL
    for (int g = 0; g < 4; g++) sums[v][g] = simd_add(sums[v][g], odd[v][g]);
  }
}

/// One step of one row, in registers.
static void small_row(const walk* w, int64_t row) {
  const cell_place place = place_of(w, row, 0);
  simd_vec sums[SMALL_ROWS][4];
  small_sums(w, 1, row, sums);
  finish_together(w, 1, &place, sums);
}

/// Stores the sums of `count` rows (as above); gives where the next ones go.
SIMD_INLINE simd_real* small_store(const walk* w, const int count, int64_t row,
                                   simd_real* to) {
  simd_vec sums[SMALL_ROWS][4];
  small_sums(w, count, row, sums);
  SIMD_UNROLL
  for (int i = 0; i < 4 * count; i++) {
    simd_store(to + i * SIMD_LANES, sums[i / 4][i % 4]);
  }
  return to + count * PANEL_COLUMNS;
}

/// One step of at most CELLS_TOGETHER rows.
static void small_rows(const walk* w, int64_t row, int64_t end_row) {
  const int64_t first_row = row;
  simd_real sums[CELLS_TOGETHER * PANEL_COLUMNS];
  simd_real* to = sums;
#if SMALL_ROWS > 1
  for (; end_row - row >= 2; row += 2) to = small_store(w, 2, row, to);
#endif
  for (; row < end_row; row++) to = small_store(w, 1, row, to);
  finish_plain(w, 0, 1, first_row, end_row, sums);
}

static void run_small_step(const walk* w) {
  int64_t row = w->task->first_row;
  if (w->end_row - row == 1) {
    small_row(w, row);
    return;
  }
  for (; row < w->end_row; row += CELLS_TOGETHER) {
    small_rows(w, row, smaller(row + CELLS_TOGETHER, w->end_row));
  }
}

#endif  // OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_SMALL_H_
