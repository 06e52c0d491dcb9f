// Gathers the families' tables into the one that is registered.
#include "op/builtin.h"

#include "olstm/version.h"
#include "op/op_family.h"

// One a line, so that families come and go without touching others.
// clang-format off
static const olstm__op_family* const kFamilies[] = {
    &olstm__lstm_family,
    &olstm__step_mask_family,
    &olstm__matmul_family,
    &olstm__gemm_family,
    &olstm__dense_family,
    &olstm__einsum_family,
    &olstm__binary_family,
    &olstm__unary_family,
    &olstm__variadic_family,
    &olstm__where_family,
    &olstm__clip_family,
    &olstm__softmax_family,
    &olstm__reduce_family,
    &olstm__arg_family,
    &olstm__cumsum_family,
    &olstm__topk_family,
    &olstm__batch_norm_family,
    &olstm__layer_norm_family,
    &olstm__channel_norm_family,
    &olstm__composed_norm_family,
    &olstm__conv_family,
    &olstm__conv_transpose_family,
    &olstm__pool_family,
    &olstm__global_pool_family,
    &olstm__quantize_linear_family,
    &olstm__dynamic_quantize_family,
    &olstm__quantized_matmul_family,
    &olstm__quantized_conv_family,
    &olstm__shape_family,
    &olstm__gather_family,
    &olstm__image_family,
};
// clang-format on
enum { kFamilyCount = sizeof kFamilies / sizeof kFamilies[0] };

static size_t operator_count(void) {
  size_t count = 0;
  for (size_t f = 0; f < kFamilyCount; f++) count += kFamilies[f]->operator_count;
  return count;
}

static const olstm_operator* get_operator(size_t index) {
  for (size_t f = 0; f < kFamilyCount; f++) {
    if (index < kFamilies[f]->operator_count) return &kFamilies[f]->operators[index];
    index -= kFamilies[f]->operator_count;
  }
  return NULL;
}

const olstm_plugin* olstm__builtin_plugin(void) {
  static const olstm_plugin kPlugin = {
      .struct_size = sizeof(olstm_plugin),
      .abi_version = OLSTM__BUILTIN_ABI_VERSION,
      .name = "olstm",
      .version = OLSTM_VERSION_TEXT,
      .operator_count = operator_count,
      .get_operator = get_operator,
  };
  return &kPlugin;
}
