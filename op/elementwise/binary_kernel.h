// The inner loops of operators with two operands: one per compute type and expression.
#ifndef OLSTM_OP_ELEMENTWISE_BINARY_KERNEL_H_
#define OLSTM_OP_ELEMENTWISE_BINARY_KERNEL_H_

#include "op/elementwise/compute_type.h"

/// y[i] = f(a[i * a_step], b[i * b_step]) for i < count; steps are 0 or 1. y may be a or
/// b. False when a divisor was 0 (all elements are written nevertheless). [no-alloc]
typedef bool (*olstm__binary_kernel)(int64_t count, const void* a, int64_t a_step,
                                     const void* b, int64_t b_step, void* y);

typedef enum olstm__binary_code {
  OLSTM__BINARY_ADD,
  OLSTM__BINARY_SUB,
  OLSTM__BINARY_MUL,
  OLSTM__BINARY_DIV,  // integers: towards 0
  OLSTM__BINARY_POW,
  OLSTM__BINARY_MOD,   // the divisor's sign; integers alone
  OLSTM__BINARY_FMOD,  // the dividend's sign
  OLSTM__BINARY_MIN,   // NaN wins
  OLSTM__BINARY_MAX,
  OLSTM__BINARY_PRELU,       // a < 0 ? a * b : a
  OLSTM__BINARY_SHIFT_LEFT,  // by the width or more: 0
  OLSTM__BINARY_SHIFT_RIGHT,
  OLSTM__BINARY_BIT_AND,
  OLSTM__BINARY_BIT_OR,
  OLSTM__BINARY_BIT_XOR,
  // From here on y is bool: one byte an element.
  OLSTM__BINARY_EQUAL,
  OLSTM__BINARY_GREATER,
  OLSTM__BINARY_GREATER_OR_EQUAL,
  OLSTM__BINARY_LESS,
  OLSTM__BINARY_LESS_OR_EQUAL,
  OLSTM__BINARY_AND,
  OLSTM__BINARY_OR,
  OLSTM__BINARY_XOR,
  OLSTM__BINARY_CODE_COUNT
} olstm__binary_code;

/// Whether the results of `code` are bool.
static inline bool olstm__binary_gives_bool(olstm__binary_code code) {
  return code >= OLSTM__BINARY_EQUAL;
}

/// The loop, or NULL where the operator has no meaning for the compute type.
olstm__binary_kernel olstm__binary_kernel_find(olstm__binary_code code,
                                               olstm__compute_type compute_type);

/// The loop over bools, int8 or uint8 as they are stored, or NULL.
olstm__binary_kernel olstm__binary_kernel_of_bytes(olstm__binary_code code,
                                                   olstm_dtype dtype);

#endif  // OLSTM_OP_ELEMENTWISE_BINARY_KERNEL_H_
