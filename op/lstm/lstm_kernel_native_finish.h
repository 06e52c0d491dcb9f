// From the sums of a panel to c and h: which cell, for how many rows at a time. Included
// by lstm_kernel_native.inc alone.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_

#include "op/lstm/lstm_kernel_native_walk.h"

SIMD_INLINE void finish_plain_sums(const walk* w, const int count, int64_t block,
                                   int64_t row, const simd_real* sums) {
  const cell_place place = place_of(w, row, block);
  simd_vec gates[MAX_TOGETHER][4];
  SIMD_UNROLL
  for (int g = 0; g < 4; g++) {
    SIMD_EACH(gates[v][g] = simd_load(sums + (v * 4 + g) * SIMD_LANES));
  }
  finish_plain(w, count, &place, row, gates);
}

static void finish_plain_rows(const walk* w, int64_t block, int64_t row, int64_t rows,
                              const simd_real* sums) {
#if CELLS_OF_THREE
  for (; rows >= 3 && rows != 4; rows -= 3) {
    finish_plain_sums(w, 3, block, row, sums);
    row += 3;
    sums += 3 * PANEL_COLUMNS;
  }
#endif
  for (; rows >= 2; rows -= 2) {
    finish_plain_sums(w, 2, block, row, sums);
    row += 2;
    sums += 2 * PANEL_COLUMNS;
  }
  if (rows) finish_plain_sums(w, 1, block, row, sums);
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
                        int64_t rows, const simd_real* sums) {
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
