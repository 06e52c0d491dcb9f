// One step of a recurrent cell written out as matrix products, sums and activations, as
// Keras writes it: recognised, and its weights brought into ONNX's order. Knows the
// cells' equations, nothing of loops.
#ifndef OLSTM_RUNTIME_FUSE_CELL_H_
#define OLSTM_RUNTIME_FUSE_CELL_H_

#include "runtime/fuse_match.h"

enum { OLSTM__FUSE_MAX_ACTIVATIONS = 3 };

/// The tensor of a value that is the same at every step, or NULL: constants, and whatever
/// else the caller knows.
typedef struct olstm__cell_constants {
  const void* user;
  const olstm_tensor* (*get)(const void* user, int32_t value);
} olstm__cell_constants;

/// A recognised cell. Values are those of the net that was searched.
typedef struct olstm__cell_match {
  /// "LSTM", "GRU" or "RNN".
  const char* op_type;
  /// The step's input, previous and new c (LSTM).
  int32_t x, old_c, new_c;
  int64_t inputs, hidden;
  /// In ONNX's order: f, g, h; f, g; f.
  olstm__match_activation activations[OLSTM__FUSE_MAX_ACTIVATIONS];
  size_t activation_count;
  /// Keras' kernel [I,G*H], recurrent_kernel [H,G*H], and biases [G*H], of the input and
  /// (GRU) of the recurrent product; NULL for none.
  const olstm_tensor *kernel, *recurrent_kernel, *bias, *recurrent_bias;
} olstm__cell_match;

/// Whether `new_h` is the h that an LSTM, GRU or RNN cell computes from `old_h`.
bool olstm__match_cell(const olstm__net* net, int32_t new_h, int32_t old_h,
                       const olstm__cell_constants* constants,
                       olstm__cell_match* out_match);

/// The cell's weights as ONNX wants them, W [1,G*H,I], R [1,G*H,H], B [1,2*G*H], as
/// constants added to `net`. False when there is no memory.
bool olstm__cell_add_weights(olstm__net* net, const olstm__cell_match* match,
                             int32_t out_weights[3]);

/// The cell's attributes for a node of its op_type, in `net`'s memory. NULL when there is
/// none.
const olstm_attribute* olstm__cell_attributes(olstm__net* net,
                                              const olstm__cell_match* match,
                                              size_t* out_count);

#endif  // OLSTM_RUNTIME_FUSE_CELL_H_
