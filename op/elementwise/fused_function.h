// The function of one number that a fused node ends with: what its attributes say, and
// the loop.
#ifndef OLSTM_OP_ELEMENTWISE_FUSED_FUNCTION_H_
#define OLSTM_OP_ELEMENTWISE_FUSED_FUNCTION_H_

#include "op/elementwise/unary_kernel.h"
#include "op/op_support.h"

typedef struct olstm__fused_function {
  /// NULL: there is none.
  olstm__unary_kernel kernel;
  olstm__unary_parameters parameters;
} olstm__fused_function;

/// Reads the attributes activation (the name of a function of one real number, or Clip;
/// none where it is absent), activation_alpha and activation_beta (the function's own
/// parameters with its own defaults; Clip: the bounds, infinite where they are absent).
/// Errors: INVALID_MODEL (no such function).
olstm_status olstm__fused_function_parse(const olstm__op_base* base,
                                         olstm__compute_type compute_type,
                                         olstm__fused_function* out_function,
                                         olstm_error* error);

/// y[i] = f(y[i]) for i < count; nothing where there is no function. [no-alloc]
static inline void olstm__fused_function_run(const olstm__fused_function* function,
                                             int64_t count, void* y) {
  if (function->kernel) function->kernel(&function->parameters, count, y, y);
}

#endif  // OLSTM_OP_ELEMENTWISE_FUSED_FUNCTION_H_
