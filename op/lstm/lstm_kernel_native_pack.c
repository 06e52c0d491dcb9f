// Brings W, R, B and P into the order in which the native kernel reads them.
#include <string.h>

#include "op/lstm/lstm_kernel_native_plan.h"
#include "op/lstm/lstm_spec.h"
#include "op/math/real.h"

// One direction on its way into packed weights.
typedef struct packing {
  const olstm__lstm_problem* problem;
  const olstm__native_layout* layout;
  /// The packed weights' dtype: FLOAT or DOUBLE.
  olstm_dtype real;
  void* packed;
  /// Where the direction's W, R, B and P begin, in elements.
  int64_t w, r, b, p;
} packing;

static void put(const packing* to, size_t index, double value) {
  olstm__real_store(to->real, to->packed, (int64_t)index, value);
}

// One vector: row k of `lanes` columns of the matrix [.., depth] that starts at `first`.
static void pack_vector(const packing* to, const void* matrix, int64_t first,
                        int64_t depth, int64_t units, size_t index) {
  const olstm_dtype dtype = to->problem->dtype;
  const int64_t lanes = to->layout->lanes;
  for (int64_t lane = 0; lane < lanes; lane++) {
    put(to, index + (size_t)lane,
        lane < units ? olstm__real_load(dtype, matrix, first + lane * depth) : 0);
  }
}

// W or R, [G*H, depth] from `start`, into the panels of one phase.
static void pack_panels(const packing* to, const olstm__native_phase* phase,
                        const void* matrix, int64_t start, int64_t depth, size_t index) {
  const olstm__native_layout* layout = to->layout;
  const int64_t hidden = to->problem->hidden;
  for (int64_t panel = 0; panel < layout->blocks; panel += phase->panel_blocks) {
    const int64_t rest = layout->blocks - panel;
    const int64_t end = panel + (rest < phase->panel_blocks ? rest : phase->panel_blocks);
    for (int64_t k = 0; k < depth; k++) {
      for (int64_t block = panel; block < end; block++) {
        const int64_t unit = block * layout->lanes;
        const int64_t units =
            hidden - unit < layout->lanes ? hidden - unit : layout->lanes;
        for (int32_t g = 0; g < phase->gate_count; g++) {
          const int64_t row = (phase->first_gate + g) * hidden + unit;
          pack_vector(to, matrix, start + row * depth + k, depth, units, index);
          index += (size_t)layout->lanes;
        }
      }
    }
  }
}

// Wb + Rb of unit `unit` of gate g; Wb alone where the cell needs Rb apart.
static double bias_of(const packing* to, const void* b, int32_t g, int64_t unit) {
  const olstm_dtype dtype = to->problem->dtype;
  const int64_t hidden = to->problem->hidden;
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
  size_t index = phase->bias;
  for (int64_t block = 0; block < layout->blocks; block++) {
    for (int32_t g = 0; g < phase->gate_count; g++) {
      for (int64_t lane = 0; lane < layout->lanes; lane++) {
        put(to, index++,
            bias_of(to, b, phase->first_gate + g, block * layout->lanes + lane));
      }
    }
  }
}

// Vectors [H] from `start`, each padded.
static void pack_padded(const packing* to, const void* from, int64_t start, int64_t count,
                        size_t index) {
  const int64_t hidden = to->problem->hidden;
  const int64_t padded = to->layout->padded_hidden;
  for (int64_t v = 0; v < count; v++) {
    for (int64_t unit = 0; unit < padded; unit++) {
      const bool has_value = from && unit < hidden;
      put(to, index++,
          has_value
              ? olstm__real_load(to->problem->dtype, from, start + v * hidden + unit)
              : 0);
    }
  }
}

static void pack_direction(const packing* to, const olstm__lstm_weights* weights) {
  const olstm__lstm_problem* problem = to->problem;
  for (int32_t p = 0; p < to->layout->phase_count; p++) {
    const olstm__native_phase* phase = &to->layout->phases[p];
    pack_panels(to, phase, weights->w, to->w, problem->inputs, phase->w);
    pack_panels(to, phase, weights->r, to->r, problem->hidden, phase->r);
    pack_bias(to, phase, weights->b);
  }
  // GRU's Rbh is the last of B's six vectors.
  if (olstm__native_is_linear_gru(problem)) {
    pack_padded(to, weights->b, to->b + 5 * problem->hidden, 1,
                to->layout->recurrent_bias);
  }
  if (problem->has_peepholes) {
    pack_padded(to, weights->p, to->p, 3, to->layout->peepholes);
  }
}

void olstm__native_pack(const olstm__lstm_problem* problem,
                        const olstm__native_layout* layout,
                        const olstm__lstm_weights* weights, void* packed) {
  const int64_t hidden = problem->hidden;
  const int64_t columns = olstm__cell_gate_count(problem->spec.cell) * hidden;
  // What lies between the pieces stays defined.
  memset(packed, 0, layout->packed_bytes);
  for (int32_t d = 0; d < problem->spec.direction_count; d++) {
    const packing to = {.problem = problem,
                        .layout = layout,
                        .real = layout->real_bytes == sizeof(float) ? OLSTM_DTYPE_FLOAT
                                                                    : OLSTM_DTYPE_DOUBLE,
                        .packed = (char*)packed + (size_t)d * layout->direction_reals *
                                                      layout->real_bytes,
                        .w = d * columns * problem->inputs,
                        .r = d * columns * hidden,
                        .b = d * 2 * columns,
                        .p = d * 3 * hidden};
    pack_direction(&to, weights);
  }
}
