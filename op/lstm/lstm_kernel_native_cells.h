// The cells of LSTM, GRU and RNN on one vector of units: from the gates' sums to c and h.
// Included by lstm_kernel_native.inc alone.
#ifndef OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_CELLS_H_
#define OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_CELLS_H_

#include "op/lstm/lstm_kernel_native_task.h"
#include "op/math/simd_math.h"

/// What the cells of one direction have in common.
typedef struct cell_context {
  const olstm__activation* activations;
  bool has_clip, input_forget;
  simd_vec clip, minus_clip;
  /// NULL without peepholes. [3][padded_hidden]: i, o, f.
  const simd_real* peepholes;
  int64_t hidden, padded_hidden;
} cell_context;

/// One row's vectors of one block of units at one step.
typedef struct cell_place {
  /// First unit of the block.
  int64_t unit;
  const simd_real* last_h;
  simd_real* h;
  simd_real *c, *z, *reset;
  /// NULL when y is not written here.
  simd_real* y;
} cell_place;

/// Called, not inlined: a cell has up to five, and most models have plain LSTMs.
static __attribute__((noinline)) simd_vec activate(const cell_context* context, int index,
                                                   simd_vec x) {
  const olstm__activation* f = &context->activations[index];
  const simd_vec zero = simd_zero();
  const simd_vec alpha = simd_set((simd_real)f->alpha);
  const simd_vec beta = simd_set((simd_real)f->beta);
  if (context->has_clip) {
    x = simd_max(context->minus_clip, simd_min(context->clip, x));
  }
  switch (f->kind) {
    case OLSTM__ACTIVATION_RELU:
      return simd_max(zero, x);
    case OLSTM__ACTIVATION_TANH:
      return simd_tanh(x);
    case OLSTM__ACTIVATION_SIGMOID:
      return simd_sigmoid(x);
    case OLSTM__ACTIVATION_AFFINE:
      return simd_fma(alpha, x, beta);
    case OLSTM__ACTIVATION_LEAKY_RELU:
      return simd_select_lt(x, zero, simd_mul(alpha, x), x);
    case OLSTM__ACTIVATION_THRESHOLDED_RELU:
      return simd_select_le(x, alpha, zero, x);
    case OLSTM__ACTIVATION_SCALED_TANH:
      return simd_mul(alpha, simd_tanh(simd_mul(beta, x)));
    case OLSTM__ACTIVATION_HARD_SIGMOID:
      return simd_max(zero, simd_min(simd_set(1), simd_fma(alpha, x, beta)));
    case OLSTM__ACTIVATION_ELU:
      return simd_select_lt(x, zero, simd_mul(alpha, simd_expm1_negative(x)), x);
    case OLSTM__ACTIVATION_SOFTSIGN:
      return simd_softsign(x);
    case OLSTM__ACTIVATION_SOFTPLUS:
      return simd_softplus(x);
  }
  return x;
}

/// h of a block, as far as there are units: `units` from its first one on.
SIMD_INLINE void store_y(simd_real* y, simd_vec h, int64_t units) {
  if (units >= SIMD_LANES) {
    simd_store(y, h);
  } else {
    simd_store_part(y, h, units);
  }
}

SIMD_INLINE void store_h(const cell_context* context, const cell_place* place,
                         simd_vec h) {
  simd_store(place->h, h);
  if (place->y) store_y(place->y, h, context->hidden - place->unit);
}

// A plain LSTM cell, with sigmoid, tanh, tanh, and nothing else, is what nearly all
// models have. It is computed from what its gates' sigmoids and tanh are made of.

/// c = f * last_c + i * g, with one division. below_i and below_f: simd_sigmoid_below;
/// half_g: simd_tanh_half.
SIMD_INLINE simd_vec plain_cell_c(simd_vec below_i, simd_vec below_f, simd_vec half_g,
                                  simd_vec last_c) {
  const simd_vec below_ig = simd_fnma(below_i, half_g, below_i);
  const simd_vec sum = simd_fma(half_g, below_f, simd_mul(last_c, below_ig));
  return simd_div(sum, simd_mul(below_ig, below_f));
}

/// h = o * tanh(c), with one division. half_c: simd_tanh_half.
SIMD_INLINE simd_vec plain_cell_h(simd_vec below_o, simd_vec half_c) {
  return simd_div(half_c, simd_fnma(below_o, half_c, below_o));
}

/// gates: i o f c.
SIMD_INLINE void lstm_cell(const cell_context* context, const cell_place* place,
                           const simd_real* gates) {
  const simd_real* p = context->peepholes ? context->peepholes + place->unit : NULL;
  const simd_vec last_c = simd_load(place->c);
  simd_vec i = simd_load(gates);
  simd_vec o = simd_load(gates + SIMD_LANES);
  simd_vec f = simd_load(gates + 2 * SIMD_LANES);
  const simd_vec g = activate(context, 1, simd_load(gates + 3 * SIMD_LANES));
  if (p) i = simd_fma(simd_load(p), last_c, i);
  i = activate(context, 0, i);
  if (context->input_forget) {
    f = simd_sub(simd_set(1), i);
  } else {
    if (p) f = simd_fma(simd_load(p + 2 * context->padded_hidden), last_c, f);
    f = activate(context, 0, f);
  }
  const simd_vec c = simd_fma(f, last_c, simd_mul(i, g));
  if (p) o = simd_fma(simd_load(p + context->padded_hidden), c, o);
  o = activate(context, 0, o);
  simd_store(place->c, c);
  store_h(context, place, simd_mul(o, activate(context, 2, c)));
}

/// gates: i.
SIMD_INLINE void rnn_cell(const cell_context* context, const cell_place* place,
                          const simd_real* gates) {
  store_h(context, place, activate(context, 0, simd_load(gates)));
}

/// (1 - z) * new + z * last.
SIMD_INLINE simd_vec gru_mix(simd_vec z, simd_vec new_h, const simd_real* last_h) {
  return simd_fma(z, simd_load(last_h), simd_mul(simd_sub(simd_set(1), z), new_h));
}

/// gates: z r and h's recurrent part; from_input: h's other part.
SIMD_INLINE void gru_cell_linear(const cell_context* context, const cell_place* place,
                                 const simd_real* gates, const simd_real* from_input) {
  const simd_vec z = activate(context, 0, simd_load(gates));
  const simd_vec r = activate(context, 0, simd_load(gates + SIMD_LANES));
  const simd_vec sum =
      simd_fma(r, simd_load(gates + 2 * SIMD_LANES), simd_load(from_input));
  store_h(context, place, gru_mix(z, activate(context, 1, sum), place->last_h));
}

/// The first phase. gates: z r.
SIMD_INLINE void gru_cell_reset(const cell_context* context, const cell_place* place,
                                const simd_real* gates) {
  const simd_vec r = activate(context, 0, simd_load(gates + SIMD_LANES));
  simd_store(place->z, activate(context, 0, simd_load(gates)));
  simd_store(place->reset, simd_mul(r, simd_load(place->last_h)));
}

/// The second phase. gates: h.
SIMD_INLINE void gru_cell_update(const cell_context* context, const cell_place* place,
                                 const simd_real* gates) {
  const simd_vec new_h = activate(context, 1, simd_load(gates));
  store_h(context, place, gru_mix(simd_load(place->z), new_h, place->last_h));
}

#endif  // OLSTM_OP_LSTM_LSTM_KERNEL_NATIVE_CELLS_H_
