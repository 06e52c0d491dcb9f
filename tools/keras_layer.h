// The weights of a recurrent node as Keras keeps them: kernel, recurrent_kernel and bias,
// gates in Keras' order. Knows ONNX's layouts and Keras', and nothing of files.
#ifndef OLSTM_TOOLS_KERAS_LAYER_H_
#define OLSTM_TOOLS_KERAS_LAYER_H_

#include "olstm/node.h"
#include "olstm/tensor.h"

/// One array of a layer.
typedef struct olstm__keras_array {
  /// "kernel", "recurrent_kernel", "bias", "peephole".
  const char* name;
  /// Its gates in order, along the last axis: "i f c o".
  const char* gates;
  /// What it is made of: "W, gates i o f c".
  const char* source;
  olstm_tensor tensor;
} olstm__keras_array;

enum { OLSTM__KERAS_ARRAY_CAPACITY = 4 };

/// One direction of a node. deinit frees the arrays.
typedef struct olstm__keras_layer {
  /// "forward" or "backward".
  const char* direction;
  /// How many directions the node has.
  int64_t direction_count;
  int64_t units;
  int64_t input_size;
  size_t array_count;
  olstm__keras_array arrays[OLSTM__KERAS_ARRAY_CAPACITY];
} olstm__keras_layer;

/// Whether the node is an LSTM, GRU or RNN: ONNX's own, or what fusion made of one.
bool olstm__keras_layer_is_recurrent(const olstm_node* node);

/// Reads direction `direction` (0, or 1 of two) of a recurrent node.
///
/// Shapes: kernel (I, GH), recurrent_kernel (H, GH), bias (GH), or (2, 3H) of a GRU with
/// linear_before_reset (Keras: reset_after); peephole (3, H), which Keras lacks, gates
/// i o f. G is 4, 3, 1.
/// Errors: UNSUPPORTED when W, R, B or P is computed in the graph, SHAPE_MISMATCH,
/// OUT_OF_MEMORY; nothing is left to free then.
olstm_status olstm__keras_layer_read(const olstm_node* node, int64_t direction,
                                     olstm__keras_layer* out_layer, olstm_error* error);

void olstm__keras_layer_deinit(olstm__keras_layer* layer);

#endif  // OLSTM_TOOLS_KERAS_LAYER_H_
