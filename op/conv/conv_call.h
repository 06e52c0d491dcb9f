// What Conv and ConvTranspose do alike around the kernel: weights are packed once where
// they are constants, and half floats are converted to float around it.
#ifndef OLSTM_OP_CONV_CONV_CALL_H_
#define OLSTM_OP_CONV_CONV_CALL_H_

#include "op/conv/conv_kernel.h"
#include "op/conv/conv_winograd.h"
#include "op/elementwise/fused_function.h"
#include "op/packed_memory.h"

/// The convolution of weights of `dtype`, [groups * output_channels, input_channels, ...]
/// or, transposed, with channels the other way round: everything but windows, of which
/// the kernel alone is set, in steps of one, and batch.
olstm__conv olstm__conv_of_weights(const olstm_tensor_desc* w, int64_t groups,
                                   bool is_transposed);

/// Packs weights that are a constant; others, and those that do not fit the operator, are
/// left alone: *weight stays zeroed. Errors: OUT_OF_MEMORY. Memory: the caller deinits.
olstm_status olstm__conv_pack_constant(olstm__packed_memory* weight,
                                       const olstm__op_base* base,
                                       const olstm__window_attributes* attributes,
                                       int64_t groups, bool is_transposed,
                                       olstm_error* error);

/// Makes the second form that weights have where windows are for Winograd; else *winograd
/// stays zeroed. As olstm__conv_pack_constant.
olstm_status olstm__conv_pack_winograd(olstm__packed_memory* winograd,
                                       const olstm__op_base* base,
                                       const olstm__window_attributes* attributes,
                                       int64_t groups, olstm_error* error);

/// Reads the activation of a fused node; others have none.
olstm_status olstm__conv_parse_function(const olstm__op_base* base,
                                        olstm__fused_function* out_function,
                                        olstm_error* error);

/// A convolution prepared for its shapes. Offsets are into the workspace.
typedef struct olstm__conv_call {
  olstm__conv_plan plan;
  olstm__winograd_plan winograd;
  /// Of the tensors.
  olstm_dtype dtype;
  int64_t x_count, y_count, weight_count;
  bool has_bias;
  size_t x, y, bias, weights, packed, kernel, winograd_offset;
} olstm__conv_call;

/// conv: of float or double. Errors: OUT_OF_MEMORY.
olstm_status olstm__conv_call_init(olstm__conv_call* call, const olstm__op_base* base,
                                   const olstm__packed_memory* weight,
                                   const olstm__packed_memory* winograd,
                                   const olstm__conv* conv,
                                   const olstm_prepare_args* args,
                                   olstm_prepared* out_prepared, olstm_error* error);

/// What a fused node does with the results. Zeroed: nothing.
typedef struct olstm__conv_ending {
  /// Added to them: a tensor of their shape. NULL: nothing is.
  const void* residual;
  /// Taken of each then. NULL: nothing is.
  const olstm__fused_function* function;
} olstm__conv_ending;

/// Computes. ending: of float and double tensors alone. [no-alloc]
void olstm__conv_call_run(const olstm__conv_call* call,
                          const olstm__packed_memory* weight,
                          const olstm__packed_memory* winograd,
                          const olstm_run_args* args, const olstm__conv_ending* ending);

#endif  // OLSTM_OP_CONV_CONV_CALL_H_
