// The products of a chunk's inputs and of a step, panel by panel, and the cells. Included
// by lstm_kernel_native.inc alone.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_PRODUCTS_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_PRODUCTS_H_

#include "op/lstm/lstm_kernel_native_finish.h"

/// Bytes of a panel that stay in a core's own cache while many rows pass; panels of more
/// are better passed in pieces.
enum { CACHED_PANEL_BYTES = 128 * 1024 };
/// Bytes of rows of x that such a cache holds for all panels, and how many panels more
/// rows pass together.
enum { CACHED_ROWS_BYTES = 192 * 1024, PANELS_TOGETHER = 2 };
/// Weights that such a cache does not hold; and how far ahead of its reading a single
/// block of rows fetches them.
enum { FAR_BYTES = 512 * 1024, SOON_BYTES = 2048 };
/// Whether one block may fetch a whole panel, and for how many rows it does: measured.
enum {
  FETCHES_AT_ONCE = PANEL_TILES > 1 && !OLSTM_SIMD_DOUBLE,
  FIRST_AT_ONCE = 11,
  LAST_AT_ONCE = 3 * SIMD_ROWS
};

/// Steps through the rows of a chunk, a step's unfinished rows after the other's.
typedef struct chunk_cursor {
  int64_t step, row, end_row, index;
} chunk_cursor;

static void advance(const walk* w, chunk_cursor* at) {
  at->index++;
  if (++at->row < at->end_row) return;
  at->row = w->task->first_row;
  at->end_row = unfinished(w, at->end_row, ++at->step);
}

static bool is_inside(const walk* w, const chunk_cursor* at, int64_t end_step) {
  return at->step < end_step && at->end_row > w->task->first_row;
}

static chunk_cursor start_of_chunk(const walk* w) {
  return (chunk_cursor){w->chunk_step, w->task->first_row,
                        unfinished(w, w->end_row, w->chunk_step), 0};
}

/// Panel `index` of a factor. Field by field, and into the arguments of all panels: small
/// layers have many, and time for none.
SIMD_INLINE void set_panel(const walk* w, const olstm__native_phase* phase,
                           const olstm__native_factor* factor, int64_t index,
                           panel_factor* out) {
  const int64_t column = index * phase->panel_blocks * phase->gate_count * SIMD_LANES;
  out->k = factor->depth;
  out->first_k = 0;
  out->depth = factor->panel_rows;
  out->panel = w->packed + factor->panels + (size_t)index * factor->panel_bytes;
  if (w->layout->format != OLSTM__NATIVE_INT8) return;
  out->scales = (const float*)(const void*)(w->packed + factor->scales) + column;
  out->corrections =
      (const int32_t*)(const void*)(w->packed + factor->corrections) + column;
}

/// Whether all rows of a task are one block, and so the same rows for every panel.
SIMD_INLINE bool is_one_block(const walk* w) {
  return w->end_row - w->task->first_row <= SIMD_ROWS;
}

/// Has the last four of the blocks of rows that pass a panel fetch the one `distance`
/// bytes on, a fourth of it each, so that it is near when they come to it. Of two or
/// three blocks, the last one that takes tiles fetches all of it; a single block fetches
/// all that it will read soon. `rows` rows pass now, of `left` that have yet to, of
/// `all`.
SIMD_INLINE void set_fetch(const walk* w, int64_t rows, int64_t left, int64_t all,
                           int64_t distance, panel_factor* factor) {
  const int64_t blocks_left = (left + SIMD_ROWS - 1) / SIMD_ROWS;
  factor->fetch = 0;
  factor->fetches_all = false;
  if (w->layout->direction_bytes < FAR_BYTES) return;
  if (PANEL_TILES > 1 && all <= SIMD_ROWS) {
    factor->fetch = SOON_BYTES;
    factor->fetches_all = true;
  } else if (FETCHES_AT_ONCE && all >= FIRST_AT_ONCE && all <= LAST_AT_ONCE) {
    if (left - rows >= PANEL_VECTORS) return;
    factor->fetch = distance;
    factor->fetches_all = true;
  } else if (blocks_left <= 4) {
    factor->fetch = distance + (blocks_left - 1) * SIMD_LINE;
  }
}

/// The rows of the next block when `left` are. Far weights take as long to read for few
/// rows, so that blocks of about the same size are best.
static int64_t block_rows(const walk* w, int64_t left) {
  if (w->layout->direction_bytes < FAR_BYTES) {
    // One row by itself has too few sums to keep a CPU busy.
    return left == SIMD_ROWS + 1 ? SIMD_ROWS - 1 : smaller(left, SIMD_ROWS);
  }
  const int64_t blocks = (left + SIMD_ROWS - 1) / SIMD_ROWS;
  const int64_t rows = (left + blocks - 1) / blocks;
  // So have four that take one tile at a time: rather five and three.
  const bool has_four = rows == 4 ? left > 4 : left - rows == 4 && rows < SIMD_ROWS;
  return PANEL_TILES > 1 && has_four ? rows + 1 : rows;
}

/// A row of x at one step, as the panels want it. `chunk_row` is its row in the chunk.
static const void* x_of(const walk* w, int64_t step, int64_t row, int64_t chunk_row) {
  if (w->x_bytes) return w->x_bytes + chunk_row * w->layout->phases[0].w.row_bytes;
  return input_of(w, step, row, chunk_row);
}

/// How many rows of a panel of `vectors` vectors pass many rows together: what stays in a
/// core's own cache.
static int64_t piece_depth(const walk* w, int64_t depth, int64_t vectors) {
  // Sums of INT8 are scaled once they are complete.
  if (w->layout->format == OLSTM__NATIVE_INT8) return depth;
  return CACHED_PANEL_BYTES / olstm__native_panel_row_bytes(w->layout, vectors);
}

static void list_inputs(walk* w) {
  w->input_count = 0;
  for (chunk_cursor at = start_of_chunk(w); is_inside(w, &at, w->end_step);
       advance(w, &at)) {
    w->inputs[w->input_count++] = x_of(w, at.step, at.row, at.index);
  }
}

/// X*W^T + bias for a block of a chunk's rows and a piece of the panel of `args`, whose
/// first column is `column`.
static void project_rows(const walk* w, const olstm__native_phase* phase, int64_t column,
                         int64_t row, int64_t rows, int64_t k, panel_args* args) {
  const int64_t stride = (int64_t)w->layout->projection_reals;
  args->out = w->projections + phase->projection + row * stride + column;
  args->out_stride = stride;
  args->init = k ? args->out : packed_at(w, phase->bias) + column;
  args->init_stride = k ? stride : 0;
  args->main.a_scales = w->x_scales + row;
  for (int64_t r = 0; r < rows; r++) {
    args->main.a[r] = (const simd_real*)w->inputs[row + r] + k;
  }
}

/// For all rows of a chunk, and `count` panels from `index` on, a piece of their depth at
/// a time.
static void project_together(const walk* w, const olstm__native_phase* phase,
                             int64_t index, int64_t count) {
  const int64_t vectors =
      olstm__native_panel_vectors(w->layout, phase, index * phase->panel_blocks);
  const int64_t columns = phase->panel_blocks * phase->gate_count * SIMD_LANES;
  const int64_t depth = phase->w.depth;
  const int64_t piece = piece_depth(w, depth, vectors);
  const int64_t distance = count * (int64_t)phase->w.panel_bytes;
  panel_args args[PANELS_TOGETHER] = {{.out = NULL}};
  int64_t k = 0;
  for (int64_t i = 0; i < count; i++) {
    set_panel(w, phase, &phase->w, index + i, &args[i].main);
  }
  do {
    int64_t rows = 0;
    for (int64_t i = 0; i < count; i++) {
      args[i].main.k = smaller(depth - k, piece);
      args[i].main.first_k = k;
    }
    for (int64_t row = 0; row < w->input_count; row += rows) {
      const int64_t left = w->input_count - row;
      rows = block_rows(w, left);
      for (int64_t i = 0; i < count; i++) {
        project_rows(w, phase, (index + i) * columns, row, rows, k, &args[i]);
        set_fetch(w, rows, left, w->input_count, distance, &args[i].main);
        w->panels[rows - 1][vectors - 1](&args[i], 0);
      }
    }
    k += args[0].main.k;
  } while (k < depth);
}

/// How many panels from `index` on, before `end`, the rows of a chunk pass together: more
/// than one where the cache does not hold the rows, but no narrower one at the end.
static int64_t panels_together(const walk* w, const olstm__native_phase* phase,
                               int64_t index, int64_t end) {
  const int64_t full = w->layout->blocks / phase->panel_blocks;
  if (w->input_count * phase->w.row_bytes <= CACHED_ROWS_BYTES) return 1;
  const int64_t count = smaller(smaller(end, full) - index, PANELS_TOGETHER);
  return count > 1 ? count : 1;
}

/// Projects panels from `index` on, before `end`; gives the next one.
static int64_t project_panels(const walk* w, const olstm__native_phase* phase,
                              int64_t index, int64_t end) {
  const int64_t count = panels_together(w, phase, index, end);
  project_together(w, phase, index, count);
  return index + count;
}

/// What is to be multiplied with the panel: h, or r * h, and x where it was not
/// projected.
static void set_rows(const walk* w, int32_t p, int64_t row, int64_t rows, int64_t k,
                     panel_args* args) {
  const cell_place place = place_of(w, row, 0);
  const int64_t chunk_row = w->chunk_row + row - w->task->first_row;
  const simd_real* a = hidden_of(w, p, &place) + k;
  for (int64_t r = 0; r < rows; r++) {
    args->main.a[r] = a + r * w->layout->padded_hidden;
    if (!w->projections) args->lead.a[r] = x_of(w, w->step, row + r, chunk_row + r);
  }
  if (!w->h_bytes) return;
  for (int64_t r = 0; r < rows; r++) {
    const uint8_t* h = w->h_bytes + (row + r) * w->layout->phases[0].r.row_bytes;
    args->main.a[r] = (const simd_real*)(const void*)h + k;
  }
  args->main.a_scales = w->h_scales + row;
  args->lead.a_scales = w->x_scales + chunk_row;
}

/// Whether what sums start from is brought together where they go.
static bool is_gathered(const walk* w, int32_t p) {
  return w->projections && w->kinds[p] == CELL_GRU_LINEAR;
}

/// Has what the sums of some rows start from in the next panel fetched: projections of
/// several steps are out of the core's own cache by then.
SIMD_INLINE void fetch_projections(const walk* w, const olstm__native_phase* phase,
                                   const panel_args* args, int64_t rows) {
  const int64_t columns = phase->panel_blocks * phase->gate_count * SIMD_LANES;
  const simd_real* next = args->init + (w->step & 1 ? -columns : columns);
  if (w->layout->direction_bytes < FAR_BYTES) return;
  for (int64_t r = 0; r < rows; r++) {
    const char* row = (const char*)(next + r * args->init_stride);
    for (int64_t b = 0; b < columns * (int64_t)sizeof *next; b += SIMD_LINE) {
      SIMD_PREFETCH_L2(row + b);
    }
  }
}

/// Has what the cells of some rows read and write fetched, while there are sums to
/// compute.
SIMD_INLINE void fetch_cells(const walk* w, int64_t block, int64_t row, int64_t rows) {
  if (w->layout->direction_bytes < FAR_BYTES) return;
  for (int64_t r = row; r < row + rows; r++) {
    const cell_place place = place_of(w, r, block);
    __builtin_prefetch(place.c, 1);
    __builtin_prefetch(place.h, 1);
    if (place.y) __builtin_prefetch(place.y, 1);
  }
}

/// What the sums of a block of rows start from: the projections, or the biases. `sums` is
/// where they go, and may be used to bring it together.
static void set_init(const walk* w, int32_t p, int64_t block, int64_t row, int64_t rows,
                     simd_real* sums, panel_args* args) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  const int64_t column = block * phase->gate_count * SIMD_LANES;
  const int64_t stride = (int64_t)w->layout->projection_reals;
  if (!w->projections) {
    args->init = packed_at(w, phase->bias) + column;
    args->init_stride = 0;
    return;
  }
  const int64_t chunk_row = w->chunk_row + row - w->task->first_row;
  args->init = w->projections + chunk_row * stride + phase->projection + column;
  args->init_stride = stride;
  fetch_projections(w, phase, args, rows);
  if (!is_gathered(w, p)) return;
  // The third gate's recurrent part starts from its own bias.
  const simd_vec bias =
      simd_load(packed_at(w, w->layout->recurrent_bias) + block * SIMD_LANES);
  for (int64_t r = 0; r < rows; r++) {
    simd_real* to = sums + r * args->out_stride;
    simd_store(to, simd_load(args->init + r * stride));
    simd_store(to + SIMD_LANES, simd_load(args->init + r * stride + SIMD_LANES));
    simd_store(to + 2 * SIMD_LANES, bias);
  }
  args->init = sums;
  args->init_stride = args->out_stride;
}

SIMD_INLINE void start_panel(const walk* w, const olstm__native_phase* phase,
                             int64_t index, panel_args* args) {
  set_panel(w, phase, &phase->r, index, &args->main);
  args->main.k = recurrent_k(w, args->main.k);
  args->lead.k = 0;
  if (w->projections) return;
  set_panel(w, phase, &phase->w, index, &args->lead);
  args->lead.fetch = 0;
}

/// How many bytes on the panel lies that comes next in a step: see run_phase.
static int64_t next_panel(const walk* w, const olstm__native_phase* phase) {
  const int64_t bytes = (int64_t)phase->r.panel_bytes;
  return w->step & 1 ? -bytes : bytes;
}

/// The sums of a block of rows and panel `index`, which is started. Rows of a single
/// block are set.
static void multiply_panel(const walk* w, int32_t p, int64_t index, int64_t row,
                           int64_t rows, simd_real* sums) {
  panel_args* args = w->args;
  const olstm__native_phase* phase = &w->layout->phases[p];
  const int64_t block = index * phase->panel_blocks;
  const int64_t vectors = olstm__native_panel_vectors(w->layout, phase, block);
  const int64_t first_row = w->task->first_row;
  args->out = sums;
  args->out_stride = vectors * SIMD_LANES;
  if (!is_one_block(w)) set_rows(w, p, row, rows, 0, args);
  fetch_cells(w, block, row, rows);
  set_init(w, p, block, row, rows, sums, args);
  set_fetch(w, rows, w->end_row - row, w->end_row - first_row, next_panel(w, phase),
            &args->main);
  w->panels[rows - 1][vectors - 1](args, 0);
}

/// One panel for all rows, a block of rows at a time.
static void run_panel(const walk* w, int32_t p, int64_t index) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  simd_real sums[CELLS_TOGETHER * PANEL_COLUMNS];
  simd_real* to = sums;
  int64_t rows = 0;
  int64_t first = w->task->first_row;
  start_panel(w, phase, index, w->args);
  for (int64_t row = first; row < w->end_row; row += rows) {
    rows = block_rows(w, w->end_row - row);
    if (row - first + rows > CELLS_TOGETHER) {
      finish_panels(w, p, index, 1, first, row, sums);
      first = row;
      to = sums;
    }
    multiply_panel(w, p, index, row, rows, to);
    to += rows * w->args->out_stride;
  }
  finish_panels(w, p, index, 1, first, w->end_row, sums);
}

/// `count` panels from `index` on for a single block of rows.
static void run_panels(const walk* w, int32_t p, int64_t index, int64_t count) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  const int64_t row = w->task->first_row;
  const int64_t rows = w->end_row - row;
  const int64_t reals = rows * phase->panel_blocks * phase->gate_count * SIMD_LANES;
  simd_real sums[CELLS_TOGETHER * PANEL_COLUMNS];
  for (int64_t turn = 0; turn < count; turn++) {
    const int64_t i = w->step & 1 ? count - 1 - turn : turn;
    start_panel(w, phase, index + i, w->args);
    multiply_panel(w, p, index + i, row, rows, sums + i * reals);
  }
  finish_panels(w, p, index, count, row, w->end_row, sums);
}

/// One row and two neighbouring panels of an LSTM. Their cells are computed while the CPU
/// already reads the next panels.
static void run_pair(const walk* w, int64_t index) {
  panel_args* args = w->args;
  const int64_t row = w->task->first_row;
  simd_real sums[2 * PANEL_COLUMNS];
  args->out = sums;
  args->out_stride = PANEL_COLUMNS;
  start_panel(w, &w->layout->phases[0], index, args);
  set_init(w, 0, index, row, 1, sums, args);
  w->pair(args);
  if (w->kinds[0] != CELL_LSTM_PLAIN) {
    finish_panels(w, 0, index, 2, row, row + 1, sums);
    return;
  }
  const cell_place places[] = {place_of(w, row, index), place_of(w, row, index + 1)};
  simd_vec gates[2][4];
  SIMD_UNROLL
  for (int i = 0; i < 8; i++) gates[i / 4][i % 4] = simd_load(sums + i * SIMD_LANES);
  finish_together(w, 2, places, gates);
}

/// As run_panel, for a panel that all rows pass a piece of its depth at a time.
static void run_large_panel(const walk* w, int32_t p, int64_t index) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  panel_args* args = w->args;
  const int64_t block = index * phase->panel_blocks;
  const int64_t vectors = olstm__native_panel_vectors(w->layout, phase, block);
  const int64_t first_row = w->task->first_row;
  int64_t k = 0;
  start_panel(w, phase, index, args);
  args->out_stride = vectors * SIMD_LANES;
  const int64_t depth = args->main.k;
  const int64_t piece = piece_depth(w, depth, vectors);
  do {
    int64_t rows = 0;
    args->main.k = smaller(depth - k, piece);
    args->main.first_k = k;
    for (int64_t row = first_row; row < w->end_row; row += rows) {
      rows = block_rows(w, w->end_row - row);
      args->out = w->sums + (row - first_row) * args->out_stride;
      set_rows(w, p, row, rows, k, args);
      if (k == 0) {
        fetch_cells(w, block, row, rows);
        set_init(w, p, block, row, rows, args->out, args);
      } else {
        args->init = args->out;
        args->init_stride = args->out_stride;
      }
      set_fetch(w, rows, w->end_row - row, w->end_row - first_row, next_panel(w, phase),
                &args->main);
      w->panels[rows - 1][vectors - 1](args, 0);
    }
    args->lead.k = 0;
    k += args->main.k;
  } while (k < depth);
  finish_panels(w, p, index, 1, first_row, w->end_row, w->sums);
}

/// An LSTM's step of one row.
static void run_row(const walk* w) {
  const int64_t first = w->task->first_block;
  const int64_t count = (w->task->end_block - first + 1) / 2;
  for (int64_t i = 0; i < count; i++) {
    const int64_t block = first + 2 * (w->step & 1 ? count - 1 - i : i);
    if (block + 1 < w->task->end_block) {
      run_pair(w, block);
    } else {
      run_panels(w, 0, block, 1);
    }
  }
}

static void run_phase(const walk* w, int32_t p) {
  const olstm__native_phase* phase = &w->layout->phases[p];
  const int64_t rows = w->end_row - w->task->first_row;
  const bool is_large = rows > SIMD_ROWS && w->layout->format != OLSTM__NATIVE_INT8 &&
                        phase->r.panel_bytes > CACHED_PANEL_BYTES;
  const int64_t blocks = phase->panel_blocks;
  const int64_t first = w->task->first_block / blocks;
  const int64_t end = (w->task->end_block + blocks - 1) / blocks;
  // Panels at a time: more than one where they are few cells.
  const int64_t step = is_one_block(w) && !is_large ? CELLS_TOGETHER / rows : 1;
  const int64_t turns = (end - first + step - 1) / step;
  // Every other step goes backwards: it begins with the weights that were used last and
  // are still in the cache.
  for (int64_t turn = 0; turn < turns; turn++) {
    const int64_t index = first + step * (w->step & 1 ? turns - 1 - turn : turn);
    if (is_large) {
      run_large_panel(w, p, index);
    } else if (is_one_block(w)) {
      run_panels(w, p, index, smaller(step, end - index));
    } else {
      run_panel(w, p, index);
    }
  }
}

#endif  // OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_PRODUCTS_H_
