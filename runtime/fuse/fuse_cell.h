// One step of a recurrent cell written out as matrix products, sums and activations, as
// Keras, PyTorch and people write it: recognised by its equations. Knows nothing of loops
// and sequences.
#ifndef OLSTM_RUNTIME_FUSE_FUSE_CELL_H_
#define OLSTM_RUNTIME_FUSE_FUSE_CELL_H_

#include "runtime/fuse/fuse_sum.h"

enum { OLSTM__FUSE_MAX_ACTIVATIONS = 3, OLSTM__FUSE_MAX_GATES = 4 };

/// A gate's weights: of x, of h, and its biases.
typedef struct olstm__cell_gate {
  olstm__weight_block kernel, recurrent_kernel;
  size_t bias_count;
  olstm__weight_block biases[OLSTM__SUM_MAX_BIASES];
  /// Of a reset gate's product with a sum: that sum's own (linear_before_reset).
  size_t recurrent_bias_count;
  olstm__weight_block recurrent_biases[OLSTM__SUM_MAX_BIASES];
} olstm__cell_gate;

/// A recognised cell. Values are those of the graph that was searched.
typedef struct olstm__cell_match {
  /// "LSTM", "GRU" or "RNN".
  const char* op_type;
  bool linear_before_reset;
  /// The step's input, previous and new c (LSTM).
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

/// Whether `new_h` is the h that an LSTM, GRU or RNN cell computes from `old_h`.
bool olstm__match_cell(const olstm__graph* graph, int32_t new_h, int32_t old_h,
                       const olstm__constants* constants, olstm__cell_match* out_match);

/// Whether two cells compute the same, of whatever they are given.
bool olstm__cell_equal(const olstm__cell_match* a, const olstm__cell_match* b);

/// The cell's weights as ONNX wants them, W [1,G*H,I], R [1,G*H,H], B [1,2*G*H], as
/// constants added to `graph`. False when there is no memory.
bool olstm__cell_add_weights(olstm__graph* graph, const olstm__cell_match* match,
                             int32_t out_weights[3]);

/// The cell's attributes for a node of its op_type, in `graph`'s memory. NULL when there
/// is none.
const olstm_attribute* olstm__cell_attributes(olstm__graph* graph,
                                              const olstm__cell_match* match,
                                              bool is_reverse, size_t* out_count);

#endif  // OLSTM_RUNTIME_FUSE_FUSE_CELL_H_
