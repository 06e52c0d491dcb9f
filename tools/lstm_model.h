// ONNX models of one LSTM layer, or of several stacked ones, of given sizes, made in
// memory. Writes only the protobuf fields that such a model needs.
#ifndef OLSTM_TOOLS_LSTM_MODEL_H_
#define OLSTM_TOOLS_LSTM_MODEL_H_

#include <stddef.h>
#include <stdint.h>

#include "olstm/status.h"

/// T steps, N batch, I input, H hidden, D directions, L layers.
typedef struct olstm__lstm_shape {
  int64_t steps;
  int64_t batch;
  int64_t input_size;
  int64_t units;
  int64_t directions;
  int64_t layers;
} olstm__lstm_shape;

/// Reads "T N I H D" or "T N I H D L" lines (L is 1 otherwise); "#" begins a comment. The
/// caller frees *out_shapes. Errors: IO_ERROR, INVALID_ARGUMENT (names the line),
/// OUT_OF_MEMORY.
olstm_status olstm__lstm_shapes_read(const char* path, olstm__lstm_shape** out_shapes,
                                     size_t* out_count, olstm_error* error);

/// A model with input X [T,N,I] and output Y, the last layer's, its weights made up and
/// always the same. Between layers stands what PyTorch's exporter writes there.
/// The caller frees *out_bytes. Errors: OUT_OF_MEMORY.
olstm_status olstm__lstm_model_write(const olstm__lstm_shape* shape,
                                     unsigned char** out_bytes, size_t* out_byte_count,
                                     olstm_error* error);

#endif  // OLSTM_TOOLS_LSTM_MODEL_H_
