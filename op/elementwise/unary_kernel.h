// The inner loops of operators with one operand.
#ifndef OLSTM_OP_ELEMENTWISE_UNARY_KERNEL_H_
#define OLSTM_OP_ELEMENTWISE_UNARY_KERNEL_H_

#include "op/elementwise/compute_type.h"
#include "op/elementwise/element_blocks.h"

typedef enum olstm__unary_code {
  OLSTM__UNARY_NEG,
  OLSTM__UNARY_ABS,
  OLSTM__UNARY_SIGN,
  OLSTM__UNARY_RELU,
  OLSTM__UNARY_BIT_NOT,
  OLSTM__UNARY_EXP,
  OLSTM__UNARY_LOG,
  OLSTM__UNARY_SQRT,
  OLSTM__UNARY_RECIPROCAL,
  OLSTM__UNARY_FLOOR,
  OLSTM__UNARY_CEIL,
  OLSTM__UNARY_ROUND,  // half to even
  OLSTM__UNARY_ERF,
  OLSTM__UNARY_SIN,
  OLSTM__UNARY_COS,
  OLSTM__UNARY_TAN,
  OLSTM__UNARY_ASIN,
  OLSTM__UNARY_ACOS,
  OLSTM__UNARY_ATAN,
  OLSTM__UNARY_SINH,
  OLSTM__UNARY_COSH,
  OLSTM__UNARY_TANH,
  OLSTM__UNARY_ASINH,
  OLSTM__UNARY_ACOSH,
  OLSTM__UNARY_ATANH,
  OLSTM__UNARY_SIGMOID,
  OLSTM__UNARY_HARD_SIGMOID,  // max(0, min(1, alpha * x + beta))
  OLSTM__UNARY_HARD_SWISH,
  OLSTM__UNARY_SWISH,       // x * sigmoid(alpha * x)
  OLSTM__UNARY_MISH,        // x * tanh(softplus(x))
  OLSTM__UNARY_GELU,        // by erf
  OLSTM__UNARY_GELU_TANH,   // its approximation
  OLSTM__UNARY_LEAKY_RELU,  // x < 0 ? alpha * x : x
  OLSTM__UNARY_ELU,         // x < 0 ? alpha * (exp(x) - 1) : x
  OLSTM__UNARY_SELU,        // beta * elu(x)
  OLSTM__UNARY_CELU,        // x < 0 ? alpha * (exp(x / alpha) - 1) : x
  OLSTM__UNARY_SOFTPLUS,
  OLSTM__UNARY_SOFTSIGN,
  OLSTM__UNARY_THRESHOLDED_RELU,  // x > alpha ? x : 0
  OLSTM__UNARY_SHRINK,            // alpha is lambd, beta is bias
  OLSTM__UNARY_CLIP,              // min(max(x, alpha), beta), NaN kept
  OLSTM__UNARY_AFFINE,            // alpha * x + beta, rounded twice; of floats alone
  // From here on y is bool: one byte an element.
  OLSTM__UNARY_IS_NAN,
  OLSTM__UNARY_IS_INF,  // alpha, beta: whether -inf, +inf counts
  OLSTM__UNARY_NOT,
  OLSTM__UNARY_CODE_COUNT
} olstm__unary_code;

typedef struct olstm__unary_parameters {
  float alpha;
  float beta;
} olstm__unary_parameters;

/// y[i] = f(x[i]) for i < count; y may be x. [no-alloc]
typedef void (*olstm__unary_kernel)(const olstm__unary_parameters* parameters,
                                    int64_t count, const void* x, void* y);

static inline bool olstm__unary_gives_bool(olstm__unary_code code) {
  return code >= OLSTM__UNARY_IS_NAN;
}

/// The loop, or NULL where there is none for the compute type.
olstm__unary_kernel olstm__unary_kernel_find(olstm__unary_code code,
                                             olstm__compute_type compute_type);

/// The loop over elements as they are stored, of 8 or 16 bits, or
/// OLSTM__UNARY_LOOP_COUNT.
olstm__unary_loop olstm__unary_loop_of(olstm__unary_code code,
                                       const olstm__unary_parameters* parameters,
                                       olstm_dtype dtype);

/// The loops over floats as compiled for each kind of CPU, by code; NULL where it has
/// none of its own.
extern const olstm__unary_kernel olstm__unary_loops_f32_plain[OLSTM__UNARY_CODE_COUNT];
extern const olstm__unary_kernel olstm__unary_loops_f32_avx2[OLSTM__UNARY_CODE_COUNT];

#endif  // OLSTM_OP_ELEMENTWISE_UNARY_KERNEL_H_
