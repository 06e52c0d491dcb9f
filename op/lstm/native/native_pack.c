// Packs W, R, B and P in the order in which the native kernel reads them.
#include <float.h>
#include <math.h>
#include <string.h>

#include "op/lstm/lstm_spec.h"
#include "op/lstm/native/native_plan.h"
#include "op/math/real.h"

/// A panel has no more columns than 4 vectors of 16.
enum { kMaxColumns = 64 };

/// The packing of one direction.
typedef struct packing {
  const olstm__lstm_problem* problem;
  const olstm__native_layout* layout;
  /// Of reals in the packed weights: FLOAT or DOUBLE.
  olstm_dtype real;
  char* packed;
  /// Where the direction's W, R, B and P begin, in elements.
  int64_t w, r, b, p;
} packing;

/// The source of one tile of a panel: columns of a matrix [.., depth].
typedef struct tile {
  olstm_dtype dtype;
  const void* matrix;
  int64_t depth;
  int64_t vectors;
  /// Where each column begins, in elements; -1 for padding.
  int64_t columns[kMaxColumns];
} tile;

static double tile_value(const tile* from, int64_t k, int64_t column) {
  const int64_t start = from->columns[column];
  if (start < 0 || k >= from->depth) return 0;
  return olstm__real_load(from->dtype, from->matrix, start + k);
}

/// The columns of a panel from vector `first` on.
static void set_columns(const packing* to, const olstm__native_phase* phase,
                        int64_t first_block, int64_t first, int64_t start,
                        tile* out_tile) {
  const int64_t lanes = to->layout->lanes;
  const int64_t hidden = to->problem->hidden_size;
  int64_t* column = out_tile->columns;
  for (int64_t v = first; v < first + out_tile->vectors; v++) {
    const int64_t unit = (first_block + v / phase->gate_count) * lanes;
    const int64_t gate = phase->first_gate + v % phase->gate_count;
    for (int64_t lane = 0; lane < lanes; lane++) {
      *column++ = unit + lane < hidden
                      ? start + (gate * hidden + unit + lane) * out_tile->depth
                      : -1;
    }
  }
}

/// Copies floats column by column, so that memory is read in order. Padding is zero
/// already.
static void pack_floats(const tile* from, int64_t columns, float* out) {
  const float* matrix = from->matrix;
  for (int64_t c = 0; c < columns; c++) {
    if (from->columns[c] < 0) continue;
    const float* column = matrix + from->columns[c];
    for (int64_t k = 0; k < from->depth; k++) out[k * columns + c] = column[k];
  }
}

static void pack_reals(const packing* to, const tile* from, char* out) {
  const int64_t columns = from->vectors * to->layout->lanes;
  if (from->dtype == OLSTM_DTYPE_FLOAT) {
    pack_floats(from, columns, (float*)(void*)out);
    return;
  }
  for (int64_t k = 0; k < from->depth; k++) {
    for (int64_t c = 0; c < columns; c++) {
      olstm__real_store(to->real, out, k * columns + c, tile_value(from, k, c));
    }
  }
}

static uint32_t pair_of_bf16(double low, double high) {
  return olstm__double_to_bfloat16(low) | (uint32_t)olstm__double_to_bfloat16(high) << 16;
}

static void pack_bf16(const packing* to, const tile* from, char* out) {
  const int64_t lanes = to->layout->lanes;
  uint32_t* words = (uint32_t*)(void*)out;
  for (int64_t k = 0; k < from->depth; k++) {
    for (int64_t v = 0; v < from->vectors; v += 2) {
      for (int64_t lane = 0; lane < lanes; lane++) {
        const int64_t c = v * lanes + lane;
        const bool has_high = v + 1 < from->vectors;
        const double high = has_high ? tile_value(from, k, c + lanes) : 0;
        *words++ = pair_of_bf16(tile_value(from, k, c), high);
      }
    }
  }
}

static void pack_bf16_pairs(const packing* to, const tile* from, char* out) {
  const int64_t columns = from->vectors * to->layout->lanes;
  uint32_t* words = (uint32_t*)(void*)out;
  for (int64_t k = 0; k < from->depth; k += 2) {
    for (int64_t c = 0; c < columns; c++) {
      *words++ = pair_of_bf16(tile_value(from, k, c), tile_value(from, k + 1, c));
    }
  }
}

/// One column in -127..127, its scale and its sum.
static void pack_int8_column(const packing* to, const tile* from, int64_t c,
                             int64_t depth, int8_t* out, float* out_scale,
                             int32_t* out_sum) {
  const int64_t columns = from->vectors * to->layout->lanes;
  const int64_t group = to->layout->int8_group;
  double largest = 0;
  for (int64_t k = 0; k < from->depth; k++) {
    const double magnitude = fabs(tile_value(from, k, c));
    if (magnitude > largest) largest = magnitude;
    // A column with a NaN gives NaN.
    if (isnan(magnitude)) largest = NAN;
    if (isnan(largest)) break;
  }
  const bool is_usable = largest > 0 && largest <= DBL_MAX;
  *out_scale = (float)(largest / 127);
  *out_sum = 0;
  for (int64_t k = 0; k < depth; k++) {
    const double value = is_usable ? tile_value(from, k, c) * 127 / largest : 0;
    const int8_t rounded = (int8_t)lrint(value);
    out[((k & -group) * columns) + c * group + (k & (group - 1))] = rounded;
    *out_sum += rounded;
  }
}

/// A tile's columns from `column` on.
static void pack_tile(const packing* to, const olstm__native_matrix* matrix,
                      const tile* from, int64_t column, char* out) {
  switch (to->layout->format) {
    case OLSTM__NATIVE_REAL:
      pack_reals(to, from, out);
      break;
    case OLSTM__NATIVE_BF16:
      pack_bf16(to, from, out);
      break;
    case OLSTM__NATIVE_BF16_PAIRS:
      pack_bf16_pairs(to, from, out);
      break;
    case OLSTM__NATIVE_INT8: {
      float* scales = (float*)(void*)(to->packed + matrix->scales) + column;
      int32_t* sums = (int32_t*)(void*)(to->packed + matrix->corrections) + column;
      for (int64_t c = 0; c < from->vectors * to->layout->lanes; c++) {
        pack_int8_column(to, from, c, matrix->depth, (int8_t*)out, &scales[c], &sums[c]);
      }
      break;
    }
  }
}

/// W or R from `start` into the panels of one phase.
static void pack_matrix(const packing* to, const olstm__native_phase* phase,
                        const olstm__native_matrix* matrix, const void* values,
                        int64_t start, int64_t depth) {
  const olstm__native_layout* layout = to->layout;
  tile from = {.dtype = to->problem->dtype, .matrix = values, .depth = depth};
  char* out = to->packed + matrix->panels;
  int64_t column = 0;
  for (int64_t block = 0; block < layout->blocks; block += phase->panel_blocks) {
    const int64_t vectors = olstm__native_panel_vectors(layout, phase, block);
    for (int64_t v = 0; v < vectors; v += from.vectors) {
      from.vectors =
          vectors - v < layout->tile_vectors ? vectors - v : layout->tile_vectors;
      set_columns(to, phase, block, v, start, &from);
      pack_tile(to, matrix, &from, column, out);
      out += matrix->panel_rows * olstm__native_panel_row_bytes(layout, from.vectors);
      column += from.vectors * layout->lanes;
    }
  }
}

/// Wb + Rb of unit `unit` of gate g; Wb alone where the cell needs Rb separately.
static double bias_of(const packing* to, const void* b, int32_t g, int64_t unit) {
  const olstm_dtype dtype = to->problem->dtype;
  const int64_t hidden = to->problem->hidden_size;
  const int64_t gates = olstm__cell_gate_count(to->problem->spec.cell);
  const bool is_apart = olstm__native_is_linear_gru(to->problem) && g == 2;
  if (!b || unit >= hidden) return 0;
  const int64_t at = to->b + g * hidden + unit;
  const double wb = olstm__real_load(dtype, b, at);
  return is_apart ? wb : wb + olstm__real_load(dtype, b, at + gates * hidden);
}

static void pack_bias(const packing* to, const olstm__native_phase* phase,
                      const void* b) {
  const olstm__native_layout* layout = to->layout;
  int64_t index = 0;
  for (int64_t block = 0; block < layout->blocks; block++) {
    for (int32_t g = 0; g < phase->gate_count; g++) {
      for (int64_t lane = 0; lane < layout->lanes; lane++) {
        const double bias =
            bias_of(to, b, phase->first_gate + g, block * layout->lanes + lane);
        olstm__real_store(to->real, to->packed + phase->bias, index++, bias);
      }
    }
  }
}

/// `count` vectors [H] from `start`, each padded.
static void pack_padded(const packing* to, const void* from, int64_t start, int64_t count,
                        size_t offset) {
  const int64_t hidden = to->problem->hidden_size;
  for (int64_t v = 0; from && v < count; v++) {
    for (int64_t unit = 0; unit < hidden; unit++) {
      olstm__real_store(
          to->real, to->packed + offset, v * to->layout->padded_hidden + unit,
          olstm__real_load(to->problem->dtype, from, start + v * hidden + unit));
    }
  }
}

static bool is_finite(const packing* to, const void* r) {
  const int64_t count = olstm__cell_gate_count(to->problem->spec.cell) *
                        to->problem->hidden_size * to->problem->hidden_size;
  // Times zero, a finite value gives zero, and infinities and NaN give NaN.
  double sum = 0;
  if (to->problem->dtype == OLSTM_DTYPE_FLOAT) {
    const float* values = (const float*)r + to->r;
    float sums[4] = {0};
    for (int64_t i = 0; i < count; i++) sums[i % 4] += values[i] * 0;
    sum = (double)(sums[0] + sums[1] + sums[2] + sums[3]);
  } else {
    for (int64_t i = 0; i < count; i++) {
      sum += olstm__real_load(to->problem->dtype, r, to->r + i) * 0;
    }
  }
  return sum == 0;
}

static void pack_direction(const packing* to, const olstm__lstm_weights* weights) {
  const olstm__lstm_problem* problem = to->problem;
  for (int32_t p = 0; p < to->layout->phase_count; p++) {
    const olstm__native_phase* phase = &to->layout->phases[p];
    pack_matrix(to, phase, &phase->w, weights->w, to->w, problem->input_size);
    pack_matrix(to, phase, &phase->r, weights->r, to->r, problem->hidden_size);
    pack_bias(to, phase, weights->b);
  }
  to->packed[to->layout->is_finite] = is_finite(to, weights->r);
  // GRU's Rbh is the last of B's six vectors.
  if (olstm__native_is_linear_gru(problem)) {
    pack_padded(to, weights->b, to->b + 5 * problem->hidden_size, 1,
                to->layout->recurrent_bias);
  }
  if (problem->has_peepholes) {
    pack_padded(to, weights->p, to->p, 3, to->layout->peepholes);
  }
}

void olstm__native_pack(const olstm__lstm_problem* problem,
                        const olstm__native_layout* layout,
                        const olstm__lstm_weights* weights, void* packed) {
  const int64_t hidden = problem->hidden_size;
  const int64_t columns = olstm__cell_gate_count(problem->spec.cell) * hidden;
  // Padding stays zero.
  memset(packed, 0, layout->packed_bytes);
  for (int32_t d = 0; d < problem->spec.direction_count; d++) {
    const packing to = {.problem = problem,
                        .layout = layout,
                        .real = layout->real_bytes == sizeof(float) ? OLSTM_DTYPE_FLOAT
                                                                    : OLSTM_DTYPE_DOUBLE,
                        .packed = (char*)packed + (size_t)d * layout->direction_bytes,
                        .w = d * columns * problem->input_size,
                        .r = d * columns * hidden,
                        .b = d * 2 * columns,
                        .p = d * 3 * hidden};
    pack_direction(&to, weights);
  }
}
