// One folder's operators, for the built-in table: each family ends in one such array.
#ifndef OLSTM_OP_OP_FAMILY_H_
#define OLSTM_OP_OP_FAMILY_H_

#include "olstm/plugin.h"

typedef struct olstm__op_family {
  const olstm_operator* operators;
  size_t operator_count;
} olstm__op_family;

extern const olstm__op_family olstm__lstm_family;
extern const olstm__op_family olstm__step_mask_family;
extern const olstm__op_family olstm__matmul_family;
extern const olstm__op_family olstm__gemm_family;
extern const olstm__op_family olstm__dense_family;
extern const olstm__op_family olstm__einsum_family;
extern const olstm__op_family olstm__binary_family;
extern const olstm__op_family olstm__unary_family;
extern const olstm__op_family olstm__variadic_family;
extern const olstm__op_family olstm__where_family;
extern const olstm__op_family olstm__clip_family;
extern const olstm__op_family olstm__softmax_family;
extern const olstm__op_family olstm__reduce_family;
extern const olstm__op_family olstm__arg_family;
extern const olstm__op_family olstm__cumsum_family;
extern const olstm__op_family olstm__topk_family;
extern const olstm__op_family olstm__batch_norm_family;
extern const olstm__op_family olstm__layer_norm_family;
extern const olstm__op_family olstm__channel_norm_family;
extern const olstm__op_family olstm__composed_norm_family;
extern const olstm__op_family olstm__conv_family;
extern const olstm__op_family olstm__conv_transpose_family;
extern const olstm__op_family olstm__pool_family;
extern const olstm__op_family olstm__global_pool_family;
extern const olstm__op_family olstm__quantize_linear_family;
extern const olstm__op_family olstm__dynamic_quantize_family;
extern const olstm__op_family olstm__quantized_matmul_family;
extern const olstm__op_family olstm__quantized_conv_family;
extern const olstm__op_family olstm__shape_family;
extern const olstm__op_family olstm__gather_family;
extern const olstm__op_family olstm__image_family;

#endif  // OLSTM_OP_OP_FAMILY_H_
