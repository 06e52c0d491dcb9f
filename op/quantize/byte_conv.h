// Convolutions of bytes as products of bytes: what a window covers becomes a row.
#ifndef OLSTM_OP_QUANTIZE_BYTE_CONV_H_
#define OLSTM_OP_QUANTIZE_BYTE_CONV_H_

#include "op/conv/window.h"
#include "op/math/byte_product.h"

/// Factors behind the last one that may be read.
enum { OLSTM__BYTE_CONV_GROUP = 16 };

/// Weights are [groups * outputs, channels, kernel]; counts are of one group. Of the
/// window, packing looks at the kernel alone.
typedef struct olstm__byte_conv {
  olstm__window window;
  int64_t groups, channels, outputs;
  bool x_is_signed, w_is_signed;
  /// That a run's workspace has room for, 1 or more.
  int32_t threads;
} olstm__byte_conv;

/// Whether products are worth it: not for channels with a window of their own.
bool olstm__byte_conv_is_fit(const olstm__byte_conv* conv);

/// Bytes of packed weights, and of a run's workspace. False when they do not fit.
bool olstm__byte_conv_packed_bytes(const olstm__byte_conv* conv, size_t* out_bytes);
bool olstm__byte_conv_workspace_bytes(const olstm__byte_conv* conv, size_t* out_bytes);

/// Packs weights; `packed` is aligned to OLSTM_ALIGNMENT. [no-alloc]
void olstm__byte_conv_pack(const olstm__byte_conv* conv, const void* w, void* packed);

/// Makes bytes of sums: factors for each output channel, of all groups, and of
/// OLSTM__BYTE_CONV_GROUP more.
typedef struct olstm__byte_conv_bytes {
  const double* factors;
  const float* floats;
  bool are_finite;
  float zero;
  olstm_dtype dtype;
} olstm__byte_conv_bytes;

typedef struct olstm__byte_conv_args {
  /// One sample: [groups * channels, spatial].
  const void* x;
  const void* packed;
  /// x's is one for all, which pads are; w's one for all or one for each output channel.
  olstm__byte_zero x_zero, w_zero;
  /// What the sums of each output channel start from, or NULL.
  const int32_t* bias;
  /// NULL: sums are the results.
  const olstm__byte_conv_bytes* bytes;
  /// int32, or bytes: [groups * outputs, spatial].
  void* y;
  void* workspace;
  const olstm_parallel* parallel;
} olstm__byte_conv_args;

/// Computes. [no-alloc]
void olstm__byte_conv_run(const olstm__byte_conv* conv,
                          const olstm__byte_conv_args* args);

#endif  // OLSTM_OP_QUANTIZE_BYTE_CONV_H_
