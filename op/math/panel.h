// Products with panels: a few rows times one panel of packed columns, all sums in
// registers. The innermost loops of gemm and of the recurrent cells.
//
// A panel holds up to PANEL_VECTORS vectors of columns in tiles of PANEL_TILE, the last
// of which may have fewer: [tiles][depth][vectors][SIMD_LANES]. Every sum is one chain of
// fma over k in rising order that starts from `init`, whatever the number of rows, and
// however the depth is cut into calls. Included by the SIMD templates alone.
#ifndef OLSTM_OP_MATH_PANEL_H_
#define OLSTM_OP_MATH_PANEL_H_

#include "op/math/simd.h"

enum { PANEL_VECTORS = 4, PANEL_COLUMNS = PANEL_VECTORS * SIMD_LANES };

/// Vectors whose sums fit the registers for `rows` rows, with as many weights and an
/// element of a row, or with one vector of weights and an element of each row.
#define PANEL_VECTORS_OF(rows)                                                \
  ((rows)*PANEL_VECTORS + ((rows) < PANEL_VECTORS ? (rows) : PANEL_VECTORS) < \
           SIMD_REGISTERS                                                     \
       ? PANEL_VECTORS                                                        \
       : PANEL_VECTORS / 2)

/// As many as a full block of rows takes: it reads them as one stream.
enum {
  PANEL_TILE = PANEL_VECTORS_OF(SIMD_ROWS),
  PANEL_TILES = PANEL_VECTORS / PANEL_TILE
};

/// How a panel's columns are stored: as reals; two vectors at a time, as bfloat16: the
/// even one in the low halves of the lanes, the odd one in the high halves; or, two k at
/// a time, as pairs of bfloat16, for rows of the same (panel_bf16.h).
enum { PANEL_REAL, PANEL_BF16, PANEL_BF16_PAIRS };

/// `k` elements of a row for each row, and a panel of `depth` rows of which those from
/// `first_k` on meet them.
typedef struct panel_factor {
  int64_t k, first_k, depth;
  /// Contiguous reals. (panel_int8.h: bytes. panel_bf16.h: pairs, and k counts them.)
  const void* a[SIMD_ROWS];
  const void* panel;
  /// How many bytes on from what is read other lines are fetched: one of four, or, where
  /// they are needed soon, all. Wherever that is: it need not be memory at all.
  int64_t fetch;
  bool fetches_all;
  /// For panel_int8.h alone: see there.
  const float *a_scales, *scales;
  const int32_t* corrections;
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

/// Bytes of one row of a tile. All below: `rows` (1..SIMD_ROWS), `vectors`
/// (1..PANEL_VECTORS) and `format` must be constants.
SIMD_INLINE int panel_row_bytes(const int format, const int vectors) {
  return (format == PANEL_BF16 ? (vectors + 1) / 2 : vectors) * SIMD_BYTES;
}

/// Vectors of tile `tile` among `vectors`.
SIMD_INLINE int panel_tile_vectors(const int vectors, const int tile) {
  const int left = vectors - tile * PANEL_TILE;
  return left < PANEL_TILE ? left : PANEL_TILE;
}

/// Where a factor's tile `tile` begins, of `vectors` vectors from there on.
SIMD_INLINE const char* panel_tile(const int format, const int vectors,
                                   const panel_factor* factor, const int tile) {
  const int row_bytes = panel_row_bytes(format, panel_tile_vectors(vectors, 0));
  return (const char*)factor->panel + factor->first_k * row_bytes +
         tile * factor->depth * panel_row_bytes(format, PANEL_TILE);
}

SIMD_INLINE void panel_load_tile(const int format, const int vectors, const char* row,
                                 simd_vec* w) {
#if !OLSTM_SIMD_DOUBLE
  if (format == PANEL_BF16) {
    SIMD_UNROLL
    for (int v = 0; v < vectors; v += 2) {
      simd_vec odd;
      w[v] = simd_load_bf16_pair(row + v / 2 * SIMD_BYTES, &odd);
      if (v + 1 < vectors) w[v + 1] = odd;
    }
    return;
  }
#endif
  (void)format;
  SIMD_UNROLL
  for (int v = 0; v < vectors; v++) {
    w[v] = simd_load((const simd_real*)(const void*)(row + v * SIMD_BYTES));
  }
}

/// The tiles that a call goes through.
typedef struct panel_stream {
  const char* at[PANEL_TILES];
} panel_stream;

/// `vectors` vectors of a factor from `first` on, which begins a tile.
SIMD_INLINE panel_stream panel_open(const int format, const int vectors,
                                    const panel_factor* factor, const int first) {
  panel_stream stream;
  SIMD_UNROLL
  for (int t = 0; t * PANEL_TILE < vectors; t++) {
    stream.at[t] =
        panel_tile(format, vectors - t * PANEL_TILE, factor, first / PANEL_TILE + t);
  }
  return stream;
}

/// Goes on to the next row.
SIMD_INLINE void panel_advance(const int format, const int vectors,
                               panel_stream* stream) {
  SIMD_UNROLL
  for (int t = 0; t * PANEL_TILE < vectors; t++) {
    stream->at[t] += panel_row_bytes(format, panel_tile_vectors(vectors, t));
  }
}

/// Takes a row, and goes on to the next one.
SIMD_INLINE void panel_read(const int format, const int vectors, panel_stream* stream,
                            simd_vec* w) {
  SIMD_UNROLL
  for (int t = 0; t * PANEL_TILE < vectors; t++) {
    panel_load_tile(format, panel_tile_vectors(vectors, t), stream->at[t],
                    w + t * PANEL_TILE);
  }
  panel_advance(format, vectors, stream);
}

/// One of `rows` rows' sums. A single row's weights pass through no register.
SIMD_INLINE simd_vec panel_fma(const int rows, const int format, simd_vec x, simd_vec w,
                               simd_vec sum) {
#if defined(__AVX512BF16__)
  if (format == PANEL_BF16_PAIRS) return simd_dot_bf16(x, w, sum);
#endif
#if SIMD_HAS_FMA_IN_PLACE
  if (rows > 1) return simd_fma_in_place(x, w, sum);
#endif
  (void)rows;
  (void)format;
  return simd_fma(x, w, sum);
}

/// Fetches what is `distance` bytes on from `count` rows: the first line, into the core's
/// own cache; or all of them, into L1.
SIMD_INLINE void panel_fetch(const int format, const int vectors, const int count,
                             const bool all, const char* row, int64_t distance) {
  const int bytes = count * panel_row_bytes(format, vectors);
  if (!all) SIMD_PREFETCH_L2(row + distance);
  SIMD_UNROLL
  for (int b = 0; all && b < bytes; b += SIMD_LINE)
    __builtin_prefetch(row + distance + b);
}

/// Vector `v` of a row.
SIMD_INLINE simd_vec panel_load_vector(const int format, const int v, const char* row) {
#if !OLSTM_SIMD_DOUBLE
  if (format == PANEL_BF16) {
    simd_vec odd;
    const simd_vec even = simd_load_bf16_pair(row + v / 2 * SIMD_BYTES, &odd);
    return v % 2 ? odd : even;
  }
#endif
  (void)format;
  return simd_load((const simd_real*)(const void*)(row + v * SIMD_BYTES));
}

/// Adds row `p` of a factor: elements of rows stay in registers, weights pass.
SIMD_INLINE void panel_add_few(const int rows, const int vectors, const int format,
                               const simd_real* const* a, int64_t p, panel_stream* stream,
                               simd_vec sums[SIMD_ROWS][PANEL_VECTORS]) {
  simd_vec x[SIMD_ROWS];
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) x[r] = simd_set(a[r][p]);
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) SIMD_KEEP(x[r]);
  SIMD_UNROLL
  for (int v = 0; v < vectors; v++) {
    simd_vec w = panel_load_vector(format, v % PANEL_TILE, stream->at[v / PANEL_TILE]);
    SIMD_KEEP(w);
    SIMD_UNROLL
    for (int r = 0; r < rows; r++) {
      sums[r][v] = panel_fma(rows, format, x[r], w, sums[r][v]);
    }
  }
  panel_advance(format, vectors, stream);
}

/// Adds row `p` of a factor: weights stay in registers, elements of rows pass.
SIMD_INLINE void panel_add_row(const int rows, const int vectors, const int format,
                               const simd_real* const* a, int64_t p, panel_stream* stream,
                               simd_vec sums[SIMD_ROWS][PANEL_VECTORS]) {
  simd_vec w[PANEL_VECTORS];
  panel_read(format, vectors, stream, w);
  if (rows > 1) {
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) SIMD_KEEP(w[v]);
  }
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) {
    const simd_vec x = simd_set(a[r][p]);
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
      sums[r][v] = panel_fma(rows, format, x, w[v], sums[r][v]);
    }
  }
}

/// Adds rows of a factor from `p` on, `together` at a time; gives where it ends.
SIMD_INLINE int64_t panel_add_rows(const int rows, const int vectors, const int format,
                                   const int together, const bool fetches_all,
                                   const simd_real* const* a, int64_t p, int64_t k,
                                   int64_t fetch, panel_stream* stream,
                                   simd_vec sums[SIMD_ROWS][PANEL_VECTORS]) {
  const bool are_few = format != PANEL_BF16_PAIRS && rows > 1 && rows < vectors;
  // Tiles side by side are fetched well enough by the CPU.
  const bool fetches = rows > 1 && vectors <= PANEL_TILE;
  for (; p + together <= k; p += together) {
    if (fetches) {
      panel_fetch(format, vectors, together, fetches_all, stream->at[0], fetch);
    }
    SIMD_UNROLL
    for (int i = 0; i < together; i++) {
      if (are_few) {
        panel_add_few(rows, vectors, format, a, p + i, stream, sums);
      } else {
        panel_add_row(rows, vectors, format, a, p + i, stream, sums);
      }
    }
  }
  return p;
}

/// Adds a factor's vectors `first` to first + vectors.
SIMD_INLINE void panel_add(const int rows, const int vectors, const int format,
                           const panel_factor* factor, const int first,
                           simd_vec sums[SIMD_ROWS][PANEL_VECTORS]) {
  // Where registers hold few vectors, what goes on around them counts: then several rows
  // of the panel at a time. Doubles are not worth so much code.
  const bool is_tile = rows > 2 && vectors == PANEL_TILE && PANEL_TILES > 1;
  const int together = !is_tile ? 1 : OLSTM_SIMD_DOUBLE ? 2 : 4;
  const int64_t fetch = factor->fetch;
  const int64_t k = factor->k;
  const simd_real* a[SIMD_ROWS];
  panel_stream stream = panel_open(format, vectors, factor, first);
  int64_t p = 0;
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) a[r] = factor->a[r];
  if (is_tile && !OLSTM_SIMD_DOUBLE && factor->fetches_all) {
    p = panel_add_rows(rows, vectors, format, together, true, a, p, k, fetch, &stream,
                       sums);
  } else {
    p = panel_add_rows(rows, vectors, format, together, false, a, p, k, fetch, &stream,
                       sums);
  }
  if (!is_tile) return;
  panel_add_rows(rows, vectors, format, 1, false, a, p, k, fetch, &stream, sums);
}

/// What the sums of the vectors from `first` on start from, and where they go.
SIMD_INLINE void panel_load_sums(const int rows, const int vectors,
                                 const panel_args* args, const int first,
                                 simd_vec sums[SIMD_ROWS][PANEL_VECTORS]) {
  const simd_real* init = args->init + first * SIMD_LANES;
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) {
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
      sums[r][v] = simd_load(init + r * args->init_stride + v * SIMD_LANES);
    }
  }
}

SIMD_INLINE void panel_store_sums(const int rows, const int vectors,
                                  const panel_args* args, const int first,
                                  simd_vec sums[SIMD_ROWS][PANEL_VECTORS]) {
  simd_real* out = args->out + first * SIMD_LANES;
  SIMD_UNROLL
  for (int r = 0; r < rows; r++) {
    SIMD_UNROLL
    for (int v = 0; v < vectors; v++) {
      simd_store(out + r * args->out_stride + v * SIMD_LANES, sums[r][v]);
    }
  }
}

/// One block of rows and the vectors from `first` on, all of whose sums fit registers.
SIMD_INLINE void panel_block(const int rows, const int vectors, const int format,
                             const panel_args* args, const int first) {
  simd_vec sums[SIMD_ROWS][PANEL_VECTORS];
  const panel_factor* const factors[] = {&args->lead, &args->main};
  int factor_count = 2;
  SIMD_UNKNOWN(factor_count);
  panel_load_sums(rows, vectors, args, first, sums);
  for (int f = 0; f < factor_count; f++) {
    panel_add(rows, vectors, format, factors[f], first, sums);
  }
  panel_store_sums(rows, vectors, args, first, sums);
}

SIMD_INLINE void panel_pair_add(const int format, const panel_factor* factor,
                                simd_vec sums[2][PANEL_VECTORS]) {
  const int row_bytes = panel_row_bytes(format, PANEL_TILE);
  const int64_t tile_bytes = factor->depth * row_bytes;
  const simd_real* a = factor->a[0];
  const char* row = factor->panel;
  for (int64_t p = 0; p < factor->k; p++, row += row_bytes) {
    const simd_vec x = simd_set(a[p]);
    SIMD_UNROLL
    for (int t = 0; t < 2 * PANEL_TILES; t++) {
      simd_vec* tile = &sums[t / PANEL_TILES][t % PANEL_TILES * PANEL_TILE];
      simd_vec w[PANEL_TILE];
      panel_load_tile(format, PANEL_TILE, row + t * tile_bytes, w);
      SIMD_UNROLL
      for (int v = 0; v < PANEL_TILE; v++)
        tile[v] = panel_fma(1, format, x, w[v], tile[v]);
    }
  }
}

/// One row times two neighbouring full panels, which keeps twice as many chains of fma
/// going: init and out hold 2 * PANEL_COLUMNS.
SIMD_INLINE void panel_pair(const int format, const panel_args* args) {
  simd_vec sums[2][PANEL_VECTORS];
  SIMD_UNROLL
  for (int i = 0; i < 2; i++) {
    SIMD_UNROLL
    for (int v = 0; v < PANEL_VECTORS; v++) {
      sums[i][v] = simd_load(args->init + i * PANEL_COLUMNS + v * SIMD_LANES);
    }
  }
  const panel_factor* const factors[] = {&args->lead, &args->main};
  int factor_count = 2;
  SIMD_UNKNOWN(factor_count);
  for (int f = 0; f < factor_count; f++) panel_pair_add(format, factors[f], sums);
  SIMD_UNROLL
  for (int i = 0; i < 2; i++) {
    SIMD_UNROLL
    for (int v = 0; v < PANEL_VECTORS; v++) {
      simd_store(args->out + i * PANEL_COLUMNS + v * SIMD_LANES, sums[i][v]);
    }
  }
}

/// Takes a block of as many rows and vectors as its place in a table says, from vector
/// `first` on.
typedef void (*panel_function)(const panel_args* args, int first);

/// The products of one format.
typedef struct panel_products {
  /// functions[rows - 1][vectors - 1].
  const panel_function (*functions)[PANEL_VECTORS];
  /// One row times two neighbouring full panels.
  void (*pair)(const panel_args* args);
} panel_products;

extern const panel_products SIMD_NAME(olstm__panel_real);
extern const panel_products SIMD_NAME(olstm__panel_loaded_bf16);

/// Defines the table `name`[rows - 1][vectors - 1] of functions that call
/// block(rows, vectors, format, args, first). Where more vectors than a tile do not fit
/// registers, they take one tile after the other; elsewhere first is always 0.
#define PANEL_FUNCTION(name, block, format, rows, vectors)         \
  static __attribute__((noinline)) void name##_##rows##x##vectors( \
      const panel_args* args, int first) {                         \
    block(rows, vectors, format, args,                             \
          PANEL_VECTORS_OF(rows) == PANEL_VECTORS ? 0 : first);    \
  }
#define PANEL_LONG_FUNCTION(name, block, format, rows, vectors, rest)        \
  static void name##_##rows##x##vectors(const panel_args* args, int first) { \
    if (vectors <= PANEL_VECTORS_OF(rows)) {                                 \
      block(rows, vectors, format, args, 0);                                 \
    } else {                                                                 \
      name##_##rows##x2(args, first);                                        \
      name##_##rows##x##rest(args, first + 2);                               \
    }                                                                        \
  }
#define PANEL_FUNCTIONS(name, block, format, rows)     \
  PANEL_FUNCTION(name, block, format, rows, 1)         \
  PANEL_FUNCTION(name, block, format, rows, 2)         \
  PANEL_LONG_FUNCTION(name, block, format, rows, 3, 1) \
  PANEL_LONG_FUNCTION(name, block, format, rows, 4, 2)
#define PANEL_ENTRIES(name, rows) \
  { name##_##rows##x1, name##_##rows##x2, name##_##rows##x3, name##_##rows##x4 }

#if SIMD_ROWS == 6
#define PANEL_TABLE(name, block, format)                                      \
  PANEL_FUNCTIONS(name, block, format, 1)                                     \
  PANEL_FUNCTIONS(name, block, format, 2)                                     \
  PANEL_FUNCTIONS(name, block, format, 3)                                     \
  PANEL_FUNCTIONS(name, block, format, 4)                                     \
  PANEL_FUNCTIONS(name, block, format, 5)                                     \
  PANEL_FUNCTIONS(name, block, format, 6)                                     \
  static const panel_function name[SIMD_ROWS][PANEL_VECTORS] = {              \
      PANEL_ENTRIES(name, 1), PANEL_ENTRIES(name, 2), PANEL_ENTRIES(name, 3), \
      PANEL_ENTRIES(name, 4), PANEL_ENTRIES(name, 5), PANEL_ENTRIES(name, 6)};
#else
#define PANEL_TABLE(name, block, format)                                                \
  PANEL_FUNCTIONS(name, block, format, 1)                                               \
  PANEL_FUNCTIONS(name, block, format, 2)                                               \
  static const panel_function name[SIMD_ROWS][PANEL_VECTORS] = {PANEL_ENTRIES(name, 1), \
                                                                PANEL_ENTRIES(name, 2)};
#endif

#endif  // OLSTM_OP_MATH_PANEL_H_
