// Products with panels: a few rows times one panel of packed columns, all sums in
// registers. The innermost loops of gemm and of the recurrent cells.
//
// A panel holds up to PANEL_VECTORS vectors of columns for each k:
// [k][vectors][SIMD_LANES]. Every sum is one chain of fma over k in rising order that
// starts from `init`, whatever the number of rows, and however k is cut into calls.
// Included by the SIMD templates alone.
#ifndef OLSTM_OP_MATH_PANEL_H_
#define OLSTM_OP_MATH_PANEL_H_

#include "op/math/simd.h"

enum { PANEL_VECTORS = 4, PANEL_COLUMNS = PANEL_VECTORS * SIMD_LANES };

/// `k` contiguous reals for each row, and a panel of as many rows.
typedef struct panel_factor {
  int64_t k;
  const simd_real* a[SIMD_ROWS];
  const simd_real* panel;
} panel_factor;

/// out[r] = init[r] + lead.a[r] * lead.panel + main.a[r] * main.panel for one block of
/// rows.
typedef struct panel_args {
  panel_factor lead, main;
  /// `vectors` vectors for each row; a stride of 0 gives all rows the same. May be `out`.
  const simd_real* init;
  int64_t init_stride;
  simd_real* out;
  int64_t out_stride;
} panel_args;

/// `rows` (1..SIMD_ROWS) and `vectors` (1..PANEL_VECTORS) must be constants.
SIMD_INLINE void panel_add(const int rows, const int vectors, const panel_factor* factor,
                           simd_vec sums[SIMD_ROWS][PANEL_VECTORS]) {
  const simd_real* a[SIMD_ROWS];
  const simd_real* panel = factor->panel;
  const int64_t k = factor->k;
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) a[r] = factor->a[r];
  for (int64_t p = 0; p < k; p++) {
    simd_vec w[PANEL_VECTORS];
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
      w[v] = simd_load(panel + v * SIMD_LANES);
      if (rows > 1) SIMD_KEEP(w[v]);
    }
    panel += vectors * SIMD_LANES;
    SIMD_UNROLL
    for (int r = 0; r < rows; r++) {
      const simd_vec x = simd_set(a[r][p]);
      SIMD_UNROLL
      for (int v = 0; v < vectors; v++) sums[r][v] = simd_fma(x, w[v], sums[r][v]);
    }
  }
}

SIMD_INLINE void panel_block(const int rows, const int vectors, const panel_args* args) {
  simd_vec sums[SIMD_ROWS][PANEL_VECTORS];
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) {
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
      sums[r][v] = simd_load(args->init + r * args->init_stride + v * SIMD_LANES);
    }
  }
  panel_add(rows, vectors, &args->lead, sums);
  panel_add(rows, vectors, &args->main, sums);
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) {
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
      simd_store(args->out + r * args->out_stride + v * SIMD_LANES, sums[r][v]);
    }
  }
}

SIMD_INLINE void panel_pair_add(const panel_factor* factor,
                                simd_vec sums[2 * PANEL_VECTORS]) {
  const simd_real* a = factor->a[0];
  const simd_real* first = factor->panel;
  const simd_real* second = first + factor->k * PANEL_COLUMNS;
  for (int64_t p = 0; p < factor->k; p++) {
    const simd_vec x = simd_set(a[p]);
    SIMD_UNROLL
    for (int v = 0; v < PANEL_VECTORS; v++) {
      sums[v] = simd_fma(x, simd_load(first + v * SIMD_LANES), sums[v]);
      sums[PANEL_VECTORS + v] =
          simd_fma(x, simd_load(second + v * SIMD_LANES), sums[PANEL_VECTORS + v]);
    }
    first += PANEL_COLUMNS;
    second += PANEL_COLUMNS;
  }
}

/// One row times two neighbouring full panels, which keeps twice as many chains of fma
/// going: init and out hold 2 * PANEL_COLUMNS.
SIMD_INLINE void panel_pair(const panel_args* args) {
  simd_vec sums[2 * PANEL_VECTORS];
  SIMD_UNROLL
  for (int v = 0; v < 2 * PANEL_VECTORS; v++) {
    sums[v] = simd_load(args->init + v * SIMD_LANES);
  }
  panel_pair_add(&args->lead, sums);
  panel_pair_add(&args->main, sums);
  SIMD_UNROLL
  for (int v = 0; v < 2 * PANEL_VECTORS; v++) {
    simd_store(args->out + v * SIMD_LANES, sums[v]);
  }
}

typedef void (*panel_function)(const panel_args* args);

#define PANEL_DEFINE(rows, vectors)                              \
  static void panel_##rows##x##vectors(const panel_args* args) { \
    panel_block(rows, vectors, args);                            \
  }
#define PANEL_DEFINE_ROWS(rows) \
  PANEL_DEFINE(rows, 1)         \
  PANEL_DEFINE(rows, 2)         \
  PANEL_DEFINE(rows, 3)         \
  PANEL_DEFINE(rows, 4)
#define PANEL_ENTRIES(rows) \
  { panel_##rows##x1, panel_##rows##x2, panel_##rows##x3, panel_##rows##x4 }

PANEL_DEFINE_ROWS(1)
PANEL_DEFINE_ROWS(2)
#if SIMD_ROWS > 2
PANEL_DEFINE_ROWS(3)
#endif
#if SIMD_ROWS > 3
PANEL_DEFINE_ROWS(4)
PANEL_DEFINE_ROWS(5)
PANEL_DEFINE_ROWS(6)
#endif

/// kPanelFunctions[rows - 1][vectors - 1].
static const panel_function kPanelFunctions[SIMD_ROWS][PANEL_VECTORS] = {
    PANEL_ENTRIES(1), PANEL_ENTRIES(2),
#if SIMD_ROWS > 2
    PANEL_ENTRIES(3),
#endif
#if SIMD_ROWS > 3
    PANEL_ENTRIES(4), PANEL_ENTRIES(5), PANEL_ENTRIES(6),
#endif
};

#endif  // OLSTM_OP_MATH_PANEL_H_
