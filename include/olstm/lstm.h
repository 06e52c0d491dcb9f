// One LSTM layer without a graph: sizes and pointers in, a step or a sequence at a time,
// with its state kept. For audio, control, and whoever trained a layer and wants just
// that.
//
//   olstm_lstm_options options;
//   olstm_lstm_options_init(&options);
//   options.input_size = 1;
//   options.hidden_size = 32;
//   olstm_lstm_weights weights = {.struct_size = sizeof weights,
//                                 .order = OLSTM_LSTM_ORDER_KERAS,
//                                 .kernel = kernel, .recurrent_kernel = recurrent_kernel,
//                                 .bias = bias};
//   olstm_lstm* lstm = NULL;
//   if (olstm_lstm_create(&options, &weights, &lstm, &error) != OLSTM_STATUS_OK) ...
//   olstm_lstm_step(lstm, x, y, NULL);             // as often as there is input
//   olstm_lstm_destroy(lstm);
//
// Functions marked [real-time] do no allocation, lock, system call or unbounded loop.
#ifndef OLSTM_LSTM_H_
#define OLSTM_LSTM_H_

#include "olstm/allocator.h"
#include "olstm/export.h"
#include "olstm/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/// An LSTM layer with the state of N independent rows (a batch: voices, channels). One
/// thread at a time; clones are independent of each other.
typedef struct olstm_lstm olstm_lstm;

/// Whose order weights are in. I is the input size, H the hidden size (Keras: units).
enum {
  /// kernel [I,4*H], recurrent_kernel [H,4*H], bias [4*H], gates i f c o: what
  /// layer.get_weights() of Keras gives.
  OLSTM_LSTM_ORDER_KERAS = 0,
  /// kernel is W [4*H,I], recurrent_kernel R [4*H,H], bias B [8*H] (Wb, then Rb), gates i
  /// o f c, peepholes P [3*H] i o f: what an ONNX LSTM node has, for one direction.
  OLSTM_LSTM_ORDER_ONNX = 1
};

/// Row-major weights; not needed after olstm_lstm_create.
typedef struct olstm_lstm_weights {
  size_t struct_size;
  /// One of OLSTM_LSTM_ORDER_*.
  int32_t order;
  const float* kernel;
  const float* recurrent_kernel;
  /// NULL for none.
  const float* bias;
  /// NULL for none; Keras has none.
  const float* peepholes;
} olstm_lstm_weights;

/// What the layer is. Init with olstm_lstm_options_init.
typedef struct olstm_lstm_options {
  size_t struct_size;
  /// NULL for the C library's. Copied.
  const olstm_allocator* allocator;
  /// I and H, 1 or more: to be set.
  int64_t input_size, hidden_size;
  /// N, rows that run side by side, each with its own state. Default 1.
  int64_t batch_size;
  /// Steps that olstm_lstm_sequence computes at once (it takes any number). Default 64.
  int64_t block_steps;
  /// ONNX's names of f (gates), g (candidate) and h (output); NULL: Sigmoid, Tanh, Tanh.
  /// Keras' recurrent_activation is f, its activation g and h. Parameters have ONNX's
  /// defaults: Keras' linear is Affine, hard_sigmoid of Keras 2 is HardSigmoid.
  const char* activations[3];
  /// Bounds the input of every activation; 0 (the default) for no bound.
  float clip;
  /// Not 0: the forget gate is 1 - input gate. Default 0.
  int32_t input_forget;
} olstm_lstm_options;

/// Writes the defaults to a struct of `struct_size` bytes, which is what a caller in
/// another language passes; C and C++ take olstm_lstm_options_init, which knows its own
/// size.
OLSTM_API void olstm_lstm_options_init_sized(olstm_lstm_options* options,
                                             size_t struct_size);
static inline void olstm_lstm_options_init(olstm_lstm_options* options) {
  olstm_lstm_options_init_sized(options, sizeof *options);
}

/// Makes a layer: checks, packs the weights, sets the state to zeros.
///
/// Errors: INVALID_ARGUMENT (NULL, a size, an unknown activation or order), UNSUPPORTED
/// (peepholes in Keras' order), OUT_OF_MEMORY; *out_lstm is NULL then. Memory: the caller
/// owns *out_lstm: olstm_lstm_destroy.
OLSTM_API olstm_status olstm_lstm_create(const olstm_lstm_options* options,
                                         const olstm_lstm_weights* weights,
                                         olstm_lstm** out_lstm, olstm_error* error);

/// A second layer with the same weights, which it shares, and its own state, which starts
/// as a copy. [any-thread] while `lstm` is not running.
OLSTM_API olstm_status olstm_lstm_clone(const olstm_lstm* lstm, olstm_lstm** out_lstm,
                                        olstm_error* error);

/// NULL is legal. Weights go with the last layer that uses them.
OLSTM_API void olstm_lstm_destroy(olstm_lstm* lstm);

/// One step: reads x [N,I], writes the new h to y [N,H], keeps the state. [real-time]
/// y may be NULL. x and y must not overlap.
OLSTM_API olstm_status olstm_lstm_step(olstm_lstm* lstm, const float* x, float* y,
                                       olstm_error* error);

/// `step_count` steps: reads x [T,N,I], writes h of every step to y [T,N,H], keeps the
/// state. Bit for bit what as many calls of olstm_lstm_step give, and faster. [real-time]
/// y may be NULL: olstm_lstm_get_state has the last h. x and y must not overlap.
OLSTM_API olstm_status olstm_lstm_sequence(olstm_lstm* lstm, int64_t step_count,
                                           const float* x, float* y, olstm_error* error);

/// Copies the state out: h and c are [N,H], NULL for one that is not wanted. [real-time]
OLSTM_API void olstm_lstm_get_state(const olstm_lstm* lstm, float* h, float* c);

/// Copies the state in: h and c are [N,H], NULL for one that stays. [real-time]
OLSTM_API void olstm_lstm_set_state(olstm_lstm* lstm, const float* h, const float* c);

/// Row `row` back to zeros, or all rows for -1. [real-time]
/// Errors: INVALID_ARGUMENT (there is no such row).
OLSTM_API olstm_status olstm_lstm_reset_state(olstm_lstm* lstm, int64_t row,
                                              olstm_error* error);

/// What olstm_lstm_create was given. [real-time]
OLSTM_API int64_t olstm_lstm_input_size(const olstm_lstm* lstm);
OLSTM_API int64_t olstm_lstm_hidden_size(const olstm_lstm* lstm);
OLSTM_API int64_t olstm_lstm_batch_size(const olstm_lstm* lstm);

/// The kernel that computes ("native"). Lives for ever. [real-time]
OLSTM_API const char* olstm_lstm_kernel_name(const olstm_lstm* lstm);

#ifdef __cplusplus
}
#endif

#endif  // OLSTM_LSTM_H_
