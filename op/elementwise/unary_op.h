// What other families use of the operators with one operand.
#ifndef OLSTM_OP_ELEMENTWISE_UNARY_OP_H_
#define OLSTM_OP_ELEMENTWISE_UNARY_OP_H_

#include "op/elementwise/unary_kernel.h"

/// A function of one number, and its parameters as far as ONNX has defaults for them.
typedef struct olstm__unary_function {
  olstm__unary_code code;
  olstm__unary_parameters parameters;
} olstm__unary_function;

/// The function that ONNX's operator of that name (its latest opset) computes; false when
/// there is none, or it has attributes other than numbers.
bool olstm__unary_function_find(const char* op_type, olstm__unary_function* out_function);

#endif  // OLSTM_OP_ELEMENTWISE_UNARY_OP_H_
