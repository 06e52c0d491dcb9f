// Convolutions of float and double. Where there are few output channels a group, straight
// loops along the last dimension; otherwise windows become rows of a matrix product, some
// rows at a time.
#ifndef OLSTM_OP_CONV_CONV_KERNEL_H_
#define OLSTM_OP_CONV_CONV_KERNEL_H_

#include "op/conv/window.h"
#include "op/dense/product.h"

typedef struct olstm__conv {
  /// FLOAT or DOUBLE.
  olstm_dtype dtype;
  olstm__window window;
  int64_t batch;
  int64_t groups;
  /// Of one group.
  int64_t input_channels;
  int64_t output_channels;
} olstm__conv;

/// Whether straight loops are used: weights are then taken as they are.
bool olstm__conv_is_direct(const olstm__conv* conv);

/// The product of one group's rows: k is a window of all input channels.
olstm__product olstm__conv_product(const olstm__conv* conv);

/// Multiply-adds of the whole convolution.
uint64_t olstm__conv_work(const olstm__conv* conv);

/// Bytes of workspace for `thread_count` threads; false when they do not fit.
bool olstm__conv_workspace_bytes(const olstm__conv* conv, int32_t thread_count,
                                 size_t* out_bytes);

typedef struct olstm__conv_args {
  const void* x;
  /// Direct: [groups * output_channels, input_channels, kernel]. Otherwise NULL.
  const void* weights;
  /// Otherwise: what olstm__product_pack made of each group, packed_bytes apart.
  const void* packed;
  size_t packed_bytes;
  /// [groups * output_channels], or NULL.
  const void* bias;
  void* y;
  /// For so many threads, of which `parallel` may have more.
  void* workspace;
  int32_t thread_count;
  const olstm_parallel* parallel;
} olstm__conv_args;

/// Computes. The same result whatever the number of threads. [no-alloc]
void olstm__conv_run(const olstm__conv* conv, const olstm__conv_args* args);

#endif  // OLSTM_OP_CONV_CONV_KERNEL_H_
