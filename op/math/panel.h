// Products with panels: a few rows times one panel of packed columns, all sums in
// registers. What gemm and the recurrent kernel call; the loops are in panel_block.inc.
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

/// The vectors that a full block of rows takes at a time, read as one stream.
enum {
  PANEL_TILE = PANEL_VECTORS_OF(SIMD_ROWS),
  PANEL_TILES = PANEL_VECTORS / PANEL_TILE
};

/// How a panel's columns are stored: as reals; two vectors at a time, as bfloat16: the
/// even one in the low halves of the lanes, the odd one in the high halves; or, two k at
/// a time, as pairs of bfloat16, for rows of the same (panel_bf16.h).
enum { PANEL_REAL, PANEL_BF16, PANEL_BF16_PAIRS };

/// The most panels that one row takes at a time.
#if SIMD_HAS_FMA_LANE
#define PANEL_NEIGHBOURS 4
#else
#define PANEL_NEIGHBOURS 2
#endif

/// Elements of a column in 8 bits that lie side by side, and bytes of an element of a row
/// (panel_int8.h).
#if defined(__ARM_FEATURE_MATMUL_INT8)
enum { PANEL_INT8_GROUP = 8 };
#else
enum { PANEL_INT8_GROUP = 4 };
#endif
#if OLSTM_SIMD_ISA == 0 && !defined(__aarch64__)
enum { PANEL_INT8_BYTES = 2 };
#else
enum { PANEL_INT8_BYTES = 1 };
#endif

/// `k` elements of a row for each row, and a panel of `depth` rows of which those from
/// `first_k` on meet them.
typedef struct panel_operand {
  int64_t k, first_k, depth;
  /// Contiguous reals. (panel_int8.h: bytes. panel_bf16.h: pairs, and k counts them.)
  const void* a[SIMD_ROWS];
  const void* panel;
  /// The distance in bytes at which lines are prefetched: one of four, or all of them.
  /// The address need not be valid.
  int64_t fetch;
  bool fetches_all;
  /// For panel_int8.h only: see there.
  const float *a_scales, *scales;
  const int32_t* corrections;
} panel_operand;

/// out[r] = init[r] + x.a[r] * x.panel + h.a[r] * h.panel for one block of rows. Named
/// after what a recurrent step multiplies: x with W, h with R. Either may be empty (k 0):
/// a single product takes x alone.
typedef struct panel_args {
  panel_operand x, h;
  /// `vectors` vectors for each row; a stride of 0 gives all rows the same. May be `out`.
  const simd_real* init;
  int64_t init_stride;
  simd_real* out;
  int64_t out_stride;
} panel_args;

/// Multiplies a block of as many rows and vectors as its index in the table says, from
/// vector `first` on.
typedef void (*panel_function)(const panel_args* args, int first);

/// The products of one format.
typedef struct panel_products {
  /// functions[rows - 1][vectors - 1].
  const panel_function (*functions)[PANEL_VECTORS];
  /// One row times two neighbouring full panels, and times PANEL_NEIGHBOURS where that is
  /// more.
  void (*pair)(const panel_args* args);
#if PANEL_NEIGHBOURS > 2
  void (*four)(const panel_args* args);
#endif
  /// Brings `count` reals of a row into the format's own, and gives the scale that brings
  /// them back. NULL where rows stay reals.
  float (*quantize_row)(const simd_real* from, int64_t count, void* to);
} panel_products;

extern const panel_products SIMD_NAME(olstm__panel_real);
extern const panel_products SIMD_NAME(olstm__panel_loaded_bf16);

#endif  // OLSTM_OP_MATH_PANEL_H_
