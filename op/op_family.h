// A family's table: its operators and their traits. All families are listed here.
#ifndef OLSTM_OP_OP_FAMILY_H_
#define OLSTM_OP_OP_FAMILY_H_

#include "op/op_row.h"
#include "op/traits.h"

/// Traits of one operator, at every opset.
typedef struct olstm__type_traits {
  const char* op_type;
  olstm__traits traits;
} olstm__type_traits;

typedef struct olstm__op_family {
  const olstm__op_row* rows;
  size_t row_count;
  /// Of all its operators.
  olstm__traits traits;
  /// Additional traits of single operators; ends with an op_type of NULL. NULL for none.
  const olstm__type_traits* type_traits;
} olstm__op_family;

/// A family's operators: `array` has all of them.
#define OLSTM__ROWS(array) .rows = (array), .row_count = sizeof(array) / sizeof(array)[0]

/// All families, one a line.
#define OLSTM__FOR_EACH_FAMILY(use)                                                    \
  use(lstm) use(step_mask) use(matmul) use(gemm) use(dense) use(einsum) use(binary)    \
      use(unary) use(variadic) use(where) use(clip) use(softmax) use(reduce) use(arg)  \
          use(cumsum) use(topk) use(batch_norm) use(layer_norm) use(channel_norm)      \
              use(composed_norm) use(conv) use(conv_transpose) use(pool)               \
                  use(global_pool) use(quantize_linear) use(dynamic_quantize)          \
                      use(quantized_matmul) use(quantized_conv) use(shape) use(gather) \
                          use(image) use(random) use(signal) use(align) use(join_steps)

#define OLSTM__DECLARE_FAMILY(name) extern const olstm__op_family olstm__##name##_family;
OLSTM__FOR_EACH_FAMILY(OLSTM__DECLARE_FAMILY)

#endif  // OLSTM_OP_OP_FAMILY_H_
