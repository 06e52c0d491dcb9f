// Convolutions and transposed convolutions of float and double, on tensors that lie as
// ONNX has them.
//
// Every element of the result is one chain of multiply-adds from the bias on, over input
// channels, then taps: the same bits whatever the batch, the cut or the threads.
#ifndef OLSTM_OP_CONV_CONV_KERNEL_H_
#define OLSTM_OP_CONV_CONV_KERNEL_H_

#include "op/conv/conv_plan.h"

/// Packs weights as ONNX has them. [no-alloc]
void olstm__conv_pack(const olstm__conv* conv, const void* weights, void* packed);

/// What is done to results as soon as they are there: `count` elements of plane `plane`
/// (sample * channels + channel), from `first` on.
typedef void (*olstm__conv_finish)(const void* context, int64_t plane, int64_t first,
                                   int64_t count, void* y);

typedef struct olstm__conv_args {
  const void* x;
  const void* packed;
  /// [groups * output_channels], or NULL.
  const void* bias;
  void* y;
  /// Of the plan's workspace_bytes, for as many threads as it was made for; `parallel`
  /// may have more.
  void* workspace;
  const olstm_parallel* parallel;
  /// NULL for nothing.
  olstm__conv_finish finish;
  const void* finish_context;
} olstm__conv_args;

/// Computes. [no-alloc]
void olstm__conv_run(const olstm__conv_plan* plan, const olstm__conv_args* args);

#endif  // OLSTM_OP_CONV_CONV_KERNEL_H_
