// From the sums of a panel to c and h: which cell, for how many rows at a time. Included
// by lstm_kernel_native.inc alone.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_FINISH_H_

#include "op/lstm/lstm_kernel_native_walk.h"

/// Vectors of units whose cells stay in registers.
enum { MAX_TOGETHER = 2 };
/// Rows times panels whose cells are computed pass by pass: enough to keep a CPU busy.
enum { CELLS_TOGETHER = 24 };

/// Plain cells of `count` (a constant) vectors of units, whose sums are in registers: for
/// steps that wait for them, what c waits for comes first.
SIMD_INLINE void finish_together(const walk* w, const int count, const cell_place* places,
                                 simd_vec gates[][4]) {
  simd_vec i[MAX_TOGETHER];
  simd_vec f[MAX_TOGETHER];
  simd_vec g[MAX_TOGETHER];
  simd_vec c[MAX_TOGETHER];
  SIMD_UNROLL
  for (int v = 0; v < count; v++) i[v] = simd_sigmoid_below(gates[v][0]);
  SIMD_UNROLL
  for (int v = 0; v < count; v++) g[v] = simd_tanh_half(gates[v][3]);
  SIMD_UNROLL
  for (int v = 0; v < count; v++) f[v] = simd_sigmoid_below(gates[v][2]);
  SIMD_UNROLL
  for (int v = 0; v < count; v++) {
    c[v] = plain_cell_c(i[v], f[v], g[v], simd_load(places[v].c));
    simd_store(places[v].c, c[v]);
  }
  SIMD_UNROLL
  for (int v = 0; v < count; v++) {
    const simd_vec o = simd_sigmoid_below(gates[v][1]);
    store_h(&w->cells, &places[v], plain_cell_h(o, simd_tanh_half(c[v])));
  }
}

// Plain cells of some rows and some panels pass by pass, each over all of them: a pass is
// a short chain of dependent instructions, so that a CPU has several of them to work on.
// Sums become, in place, what the gates' sigmoids and tanh are made of.

static void pass_sigmoids(simd_real* sums, const simd_real* end) {
  for (; sums < end; sums += PANEL_COLUMNS) {
    SIMD_UNROLL
    for (int gate = 0; gate < 3; gate++) {
      simd_real* sum = sums + gate * SIMD_LANES;
      simd_store(sum, simd_sigmoid_below(simd_load(sum)));
    }
  }
}

/// The last gate's, or what has taken its place.
static void pass_tanh(simd_real* sums, const simd_real* end) {
  for (simd_real* sum = sums + 3 * SIMD_LANES; sum < end; sum += PANEL_COLUMNS) {
    simd_store(sum, simd_tanh_half(simd_load(sum)));
  }
}

/// c of `rows` rows from `first_row` on and one block, also to the last gate's place.
static void pass_c(const walk* w, int64_t block, int64_t first_row, int64_t rows,
                   simd_real* sums) {
  const int64_t stride = w->layout->padded_hidden;
  simd_real* c = place_of(w, first_row, block).c;
  for (int64_t r = 0; r < rows; r++, sums += PANEL_COLUMNS, c += stride) {
    simd_real* last = sums + 3 * SIMD_LANES;
    const simd_vec new_c = plain_cell_c(simd_load(sums), simd_load(sums + 2 * SIMD_LANES),
                                        simd_load(last), simd_load(c));
    simd_store(c, new_c);
    simd_store(last, new_c);
  }
}

static void pass_h(const walk* w, int64_t block, int64_t first_row, int64_t rows,
                   const simd_real* sums) {
  const cell_place place = place_of(w, first_row, block);
  const int64_t stride = w->layout->padded_hidden;
  const int64_t y_offset = w->step * w->direction->y_step;
  const olstm__native_row* row = w->direction->rows + first_row;
  const int64_t units = w->cells.hidden - place.unit;
  simd_real* h = place.h;
  for (int64_t r = 0; r < rows; r++, sums += PANEL_COLUMNS, h += stride) {
    const simd_vec new_h =
        plain_cell_h(simd_load(sums + SIMD_LANES), simd_load(sums + 3 * SIMD_LANES));
    simd_store(h, new_h);
    if (!place.y) continue;
    simd_real* y = (simd_real*)(void*)(row[r].y + y_offset);
    store_y(y + place.unit, new_h, units);
  }
}

static void finish_plain(const walk* w, int64_t first_block, int64_t end_block,
                         int64_t first_row, int64_t end_row, simd_real* sums) {
  const int64_t rows = end_row - first_row;
  const int64_t reals = rows * PANEL_COLUMNS;
  const simd_real* end = sums + (end_block - first_block) * reals;
  pass_sigmoids(sums, end);
  pass_tanh(sums, end);
  for (int64_t b = 0; b < end_block - first_block; b++) {
    pass_c(w, first_block + b, first_row, rows, sums + b * reals);
  }
  pass_tanh(sums, end);
  for (int64_t b = 0; b < end_block - first_block; b++) {
    pass_h(w, first_block + b, first_row, rows, sums + b * reals);
  }
}

/// The cells of one row and one block. gates: the block's sums.
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

/// The cells of some rows and one panel, whose sums lie one row's after the other's.
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

/// The cells of some rows and `count` panels from `index` on, whose sums lie one panel's
/// after the other's.
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
