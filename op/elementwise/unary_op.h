// What other families use of the operators with one operand.
#ifndef OLSTM_OP_ELEMENTWISE_UNARY_OP_H_
#define OLSTM_OP_ELEMENTWISE_UNARY_OP_H_

#include "op/elementwise/unary_kernel.h"
#include "op/traits.h"

/// A function of one real number, and its parameters with ONNX's defaults.
typedef struct olstm__unary_function {
  olstm__unary_code code;
  olstm__function_parameters parameters;
} olstm__unary_function;

/// The function that ONNX's operator of that name (its latest opset) computes; false when
/// there is none, it is not one of real numbers, or it has other attributes than numbers.
bool olstm__unary_function_find(const char* op_type, olstm__unary_function* out_function);

#endif  // OLSTM_OP_ELEMENTWISE_UNARY_OP_H_
