// From the sums of a panel to c and h: which cell, for how many rows at a time. Included
// by lstm_kernel_native.inc alone.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_

#include "op/lstm/lstm_kernel_native_walk.h"

/// Vectors of units whose cells stay in registers.
enum { MAX_TOGETHER = 3 };

/// Plain cells of `count` (a constant) vectors of units, whose sums are in registers: for
/// steps that wait for them, what c waits for comes first.
SIMD_INLINE void finish_together(const walk* w, const int count, const cell_place* places,
                                 simd_vec gates[][4]) {
  simd_part i[MAX_TOGETHER];
  simd_part f[MAX_TOGETHER];
  simd_part g[MAX_TOGETHER];
  simd_vec c[MAX_TOGETHER];
  SIMD_UNROLL
  for (int v = 0; v < count; v++) i[v] = simd_sigmoid_part(gates[v][0]);
  SIMD_UNROLL
  for (int v = 0; v < count; v++) g[v] = simd_tanh_part(gates[v][3]);
  SIMD_UNROLL
  for (int v = 0; v < count; v++) f[v] = simd_sigmoid_part(gates[v][2]);
  SIMD_UNROLL
  for (int v = 0; v < count; v++) {
    c[v] = plain_cell_c(i[v], f[v], g[v], simd_load(places[v].c));
    simd_store(places[v].c, c[v]);
  }
  SIMD_UNROLL
  for (int v = 0; v < count; v++) {
    const simd_part o = simd_sigmoid_part(gates[v][1]);
    store_h(&w->cells, &places[v], plain_cell_h(o, c[v]));
  }
}

// Plain cells of some rows and some panels in three passes over all of them: each is a
// short chain of dependent instructions, so that a CPU has several of them to work on.
static void finish_plain(const walk* w, int64_t first_block, int64_t end_block,
                         int64_t first_row, int64_t end_row, simd_real* sums) {
  simd_real* o = sums + SIMD_LANES;
  simd_real* f = sums + 2 * SIMD_LANES;
  simd_real* g = sums + 3 * SIMD_LANES;
  const int64_t end = (end_block - first_block) * (end_row - first_row) * PANEL_COLUMNS;
  for (int64_t at = 0; at < end; at += PANEL_COLUMNS) {
    simd_store_signed(sums + at, simd_sigmoid_part(simd_load(sums + at)));
    simd_store_signed(o + at, simd_sigmoid_part(simd_load(o + at)));
    simd_store_signed(f + at, simd_sigmoid_part(simd_load(f + at)));
    simd_store_signed(g + at, simd_tanh_part(simd_load(g + at)));
  }
  int64_t at = 0;
  for (int64_t block = first_block; block < end_block; block++) {
    for (int64_t row = first_row; row < end_row; row++, at += PANEL_COLUMNS) {
      simd_real* c = place_of(w, row, block).c;
      simd_store(c, plain_cell_c(simd_load_signed(sums + at), simd_load_signed(f + at),
                                 simd_load_signed(g + at), simd_load(c)));
    }
  }
  at = 0;
  for (int64_t block = first_block; block < end_block; block++) {
    for (int64_t row = first_row; row < end_row; row++, at += PANEL_COLUMNS) {
      const cell_place place = place_of(w, row, block);
      store_h(&w->cells, &place,
              plain_cell_h(simd_load_signed(o + at), simd_load(place.c)));
    }
  }
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

// The cells of some rows and one panel, whose sums lie one row's after the other's.
static void finish_panel(const walk* w, int32_t p, int64_t first_block, int64_t first_row,
                         int64_t end_row, const simd_real* sums) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  const int64_t end_block = smaller(first_block + phase->panel_blocks, w->layout->blocks);
  for (int64_t row = first_row; row < end_row; row++) {
    for (int64_t block = first_block; block < end_block; block++) {
      finish_block(w, w->kinds[p], row, block, sums);
      sums += phase->gate_count * SIMD_LANES;
    }
  }
}

// The cells of some rows and `count` panels from `index` on, whose sums lie one panel's
// after the other's.
static void finish_panels(const walk* w, int32_t p, int64_t index, int64_t count,
                          int64_t first_row, int64_t end_row, simd_real* sums) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  const int64_t blocks = phase->panel_blocks;
  if (w->kinds[p] == CELL_LSTM_PLAIN) {
    finish_plain(w, index, index + count, first_row, end_row, sums);
    return;
  }
  for (int64_t i = index; i < index + count; i++) {
    finish_panel(w, p, i * blocks, first_row, end_row, sums);
    sums += (end_row - first_row) * blocks * phase->gate_count * SIMD_LANES;
  }
}

#endif  // OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_
