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

/// Computes. [no-alloc]
void olstm__conv_run(const olstm__conv_plan* plan, const olstm__conv_args* args);

#endif  // OLSTM_OP_CONV_CONV_KERNEL_H_
