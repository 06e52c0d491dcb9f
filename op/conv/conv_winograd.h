// Convolutions of 3 x 3 taps in steps of one by Winograd's F(2x2, 3x3): 16 products for
// four results where tiles take 36. Input and sums are transformed by additions alone, so
// that each result keeps all but some of its last bits; which depend on the sample alone,
// not on others of the batch, cut or threads.
#ifndef OLSTM_OP_CONV_CONV_WINOGRAD_H_
#define OLSTM_OP_CONV_CONV_WINOGRAD_H_

#include "op/conv/conv_plan.h"

/// How a convolution is cut into blocks of squares of 2 x 2 results. Counts of floats,
/// but for bytes.
typedef struct olstm__winograd_plan {
  olstm__conv conv;
  /// NULL: the convolution is not computed so.
  const olstm__conv_tile_table* tiles;
  /// The largest tile.
  int32_t rows, vectors;
  /// Squares below and beside each other, of the whole output and of a block.
  int64_t down, across, block_down, block_across;
  int64_t block_count;
  /// Of a line of every second column, and of all squares of a block.
  int64_t length, step;
  /// Of one thread: lines, transformed input, sums, offsets of channels, which samples
  /// have what is not finite.
  size_t input_offset, sums_offset, list_offset, marks_offset, thread_bytes;
  size_t workspace_bytes;
} olstm__winograd_plan;

/// Whether weights are worth a second form: those of enough channels, float, 3 x 3 taps,
/// one group. What windows' strides are does not matter here.
bool olstm__winograd_takes(const olstm__conv* conv);

/// Bytes of that form.
size_t olstm__winograd_bytes(const olstm__conv* conv);

/// Makes it of weights as ONNX has them. [no-alloc]
void olstm__winograd_pack(const olstm__conv* conv, const float* weights, float* packed);

/// Plans for `thread_count` threads; out_plan->tiles is NULL where tiles of taps are as
/// fast or the workspace does not fit.
void olstm__winograd_plan_init(const olstm__conv* conv, int32_t thread_count,
                               olstm__winograd_plan* out_plan);

/// Computes; args->packed is the second form. The results of samples whose input is not
/// finite everywhere are wrong: infinities become NaN, and both spread. [no-alloc]
void olstm__winograd_run(const olstm__winograd_plan* plan, const olstm__conv_args* args);

/// Whether the run with these arguments found what is not finite in a sample. [no-alloc]
bool olstm__winograd_is_wrong(const olstm__winograd_plan* plan,
                              const olstm__conv_args* args, int64_t sample);

#endif  // OLSTM_OP_CONV_CONV_WINOGRAD_H_
