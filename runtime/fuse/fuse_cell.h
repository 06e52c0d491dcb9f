// Recognises one step of a recurrent cell that is written as matrix products, sums and
// activations, by its equations. Knows nothing of loops and sequences.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_CELL_H_
#define OLSTM_RUNTIME_FUSE_FUSE_CELL_H_

#include "runtime/fuse/fuse_sum.h"

enum { OLSTM__FUSE_MAX_ACTIVATIONS = 3, OLSTM__FUSE_MAX_GATES = 4 };

/// A gate: weights of x and of h, and biases.
typedef struct olstm__cell_gate {
  olstm__weight_block kernel, recurrent_kernel;
  size_t bias_count;
  olstm__weight_block biases[OLSTM__SUM_MAX_BIASES];
  /// Biases inside the product with the reset gate (linear_before_reset).
  size_t recurrent_bias_count;
  olstm__weight_block recurrent_biases[OLSTM__SUM_MAX_BIASES];
  /// Whether ONNX's gate has all of these with the opposite sign.
  bool is_negated;
} olstm__cell_gate;

/// A recognised cell. Values belong to the searched graph.
typedef struct olstm__cell_match {
  /// "LSTM", "GRU" or "RNN".
  const char* op_type;
  bool linear_before_reset;
  /// The cell's input; previous and new c (LSTM only).
  int32_t x, old_c, new_c;
  /// Whether x is known to have two dimensions.
  bool is_x_matrix;
  int64_t inputs, hidden;
  olstm_dtype dtype;
  /// In ONNX's order: f, g, h; f, g; f.
  olstm__match_activation activations[OLSTM__FUSE_MAX_ACTIVATIONS];
  size_t activation_count;
  /// In ONNX's order: i, o, f, c; z, r, h; i.
  olstm__cell_gate gates[OLSTM__FUSE_MAX_GATES];
  size_t gate_count;
} olstm__cell_match;

/// Whether `new_h` is computed from `old_h` by an LSTM, GRU or RNN cell.
bool olstm__match_cell(const olstm__graph* graph, int32_t new_h, int32_t old_h,
                       const olstm__constants* constants, olstm__cell_match* out_match);

/// Whether two cells have the same type, weights and activations.
bool olstm__cell_equal(const olstm__cell_match* a, const olstm__cell_match* b);

/// Adds the cell's weights to `graph` as ONNX defines them: W [1,G*H,I], R [1,G*H,H], B
/// [1,2*G*H]. False when there is no memory.
bool olstm__cell_add_weights(olstm__graph* graph, const olstm__cell_match* match,
                             int32_t out_weights[3]);

/// The attributes of a node of the cell's op_type, in the memory of `graph`. NULL when
/// there is no memory.
const olstm_attribute* olstm__cell_attributes(olstm__graph* graph,
                                              const olstm__cell_match* match,
                                              bool is_reverse, size_t* out_count);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_CELL_H_
