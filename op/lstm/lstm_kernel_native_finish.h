// From the sums of a panel to c and h: which cell, for how many rows at a time. Included
// by lstm_kernel_native.inc alone.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_

#include "op/lstm/lstm_kernel_native_walk.h"

// The first half of `count` rows' plain cells: c, and in place of the sums what h is made
// of.
SIMD_INLINE void start_plain(const walk* w, const int count, const cell_place* place,
                             simd_real* sums) {
  simd_vec gates[4][MAX_TOGETHER];
  simd_real* c[MAX_TOGETHER];
  simd_vec new_c[MAX_TOGETHER];
  simd_vec numerators[MAX_TOGETHER];
  simd_vec below[MAX_TOGETHER];
  SIMD_UNROLL
  for (int g = 0; g < 4; g++) {
    SIMD_EACH(gates[g][v] = simd_load(sums + v * PANEL_COLUMNS + g * SIMD_LANES));
  }
  SIMD_EACH(c[v] = place->c + v * w->layout->padded_hidden);
  lstm_cells_plain_c(count, gates[0], gates[1], gates[2], gates[3], c, new_c, numerators,
                     below);
  SIMD_EACH(simd_store(sums + v * PANEL_COLUMNS, numerators[v]));
  SIMD_EACH(simd_store(sums + v * PANEL_COLUMNS + SIMD_LANES, below[v]));
}

// The second half: h and y.
SIMD_INLINE void end_plain(const walk* w, const int count, const cell_place* place,
                           int64_t row, const simd_real* sums) {
  const int64_t padded = w->layout->padded_hidden;
  simd_vec c[MAX_TOGETHER];
  simd_vec numerators[MAX_TOGETHER];
  simd_vec below[MAX_TOGETHER];
  simd_vec h[MAX_TOGETHER];
  SIMD_EACH(c[v] = simd_load(place->c + v * padded));
  SIMD_EACH(numerators[v] = simd_load(sums + v * PANEL_COLUMNS));
  SIMD_EACH(below[v] = simd_load(sums + v * PANEL_COLUMNS + SIMD_LANES));
  lstm_cells_plain_h(count, c, numerators, below, h);
  SIMD_EACH(simd_store(place->h + v * padded, h[v]));
  if (!place->y) return;
  SIMD_EACH(store_y(&w->cells, place->unit, h[v], y_of(w, row + v) + place->unit));
}

// In two halves for all rows, so that there always is something to compute while a row
// waits for its c.
static void finish_plain_rows(const walk* w, int64_t block, int64_t row, int64_t rows,
                              simd_real* sums) {
  const int64_t padded = w->layout->padded_hidden;
  cell_place place = place_of(w, row, block);
  int64_t r = 0;
  for (; r + 2 <= rows; r += 2, place.c += 2 * padded) {
    start_plain(w, 2, &place, sums + r * PANEL_COLUMNS);
  }
  if (r < rows) start_plain(w, 1, &place, sums + r * PANEL_COLUMNS);
  place = place_of(w, row, block);
  for (r = 0; r + 2 <= rows; r += 2, place.c += 2 * padded, place.h += 2 * padded) {
    end_plain(w, 2, &place, row + r, sums + r * PANEL_COLUMNS);
  }
  if (r < rows) end_plain(w, 1, &place, row + r, sums + r * PANEL_COLUMNS);
}

// The cells of one row and one block. gates: the block's sums.
static void finish_block(const walk* w, cell_kind kind, int64_t row, int64_t block,
                         const simd_real* gates) {
  const cell_context* cells = &w->cells;
  const cell_place place = place_of(w, row, block);
  switch (kind) {
    case CELL_LSTM:
      lstm_cell(cells, &place, gates);
      break;
    case CELL_RNN:
      rnn_cell(cells, &place, gates);
      break;
    case CELL_GRU_LINEAR: {
      const int64_t at = w->chunk_row + row - w->task->first_row;
      gru_cell_linear(cells, &place, gates,
                      w->projections + at * (int64_t)w->layout->projection_reals +
                          (block * 3 + 2) * SIMD_LANES);
      break;
    }
    case CELL_GRU_RESET:
      gru_cell_reset(cells, &place, gates);
      break;
    case CELL_GRU_UPDATE:
      gru_cell_update(cells, &place, gates);
      break;
    case CELL_LSTM_PLAIN:
      break;
  }
}

// The cells of rows [row, row + rows) and one panel, whose sums lie one row's after the
// other's.
static void finish_rows(const walk* w, int32_t p, int64_t first_block, int64_t row,
                        int64_t rows, simd_real* sums) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  const int64_t end_block = smaller(first_block + phase->panel_blocks, w->layout->blocks);
  if (w->kinds[p] == CELL_LSTM_PLAIN) {
    finish_plain_rows(w, first_block, row, rows, sums);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t block = first_block; block < end_block; block++) {
      finish_block(w, w->kinds[p], row + r, block, sums);
      sums += phase->gate_count * SIMD_LANES;
    }
  }
}

#endif  // OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_
