#include "op/lstm/activation.h"

#include <math.h>
#include <stddef.h>
#include <strings.h>

#include "op/elementwise/unary_op.h"

/// Parameters and defaults are those of the ONNX operator of that name, which
/// op/elementwise/unary_op.c has; this table has those of activations that are not
/// operators.
typedef struct named_activation {
  const char* name;
  olstm__activation_kind kind;
  olstm__function_parameters own;
} named_activation;

static const named_activation kActivations[] = {
    {"Relu", OLSTM__ACTIVATION_RELU, {0}},
    {"Tanh", OLSTM__ACTIVATION_TANH, {0}},
    {"Sigmoid", OLSTM__ACTIVATION_SIGMOID, {0}},
    {"Affine", OLSTM__ACTIVATION_AFFINE, {"alpha", 1.0F, "beta", 0.0F}},
    {"LeakyRelu", OLSTM__ACTIVATION_LEAKY_RELU, {0}},
    {"ThresholdedRelu", OLSTM__ACTIVATION_THRESHOLDED_RELU, {0}},
    {"ScaledTanh", OLSTM__ACTIVATION_SCALED_TANH, {"alpha", 1.0F, "beta", 1.0F}},
    {"HardSigmoid", OLSTM__ACTIVATION_HARD_SIGMOID, {0}},
    {"Elu", OLSTM__ACTIVATION_ELU, {0}},
    {"Softsign", OLSTM__ACTIVATION_SOFTSIGN, {0}},
    {"Softplus", OLSTM__ACTIVATION_SOFTPLUS, {0}},
};

bool olstm__activation_find(const char* name, olstm__activation* out_activation,
                            bool* out_takes_alpha, bool* out_takes_beta) {
  for (size_t i = 0; i < sizeof kActivations / sizeof kActivations[0]; i++) {
    const named_activation* found = &kActivations[i];
    if (strcasecmp(found->name, name) != 0) continue;
    olstm__unary_function function = {.parameters = found->own};
    if (!found->own.alpha_name) (void)olstm__unary_function_find(found->name, &function);
    const olstm__function_parameters* parameters = &function.parameters;
    *out_activation =
        (olstm__activation){found->kind, parameters->alpha, parameters->beta};
    *out_takes_alpha = parameters->alpha_name != NULL;
    *out_takes_beta = parameters->beta_name != NULL;
    return true;
  }
  return false;
}

/// Comparisons are written so that NaN fails them and falls through as NaN.
double olstm__activation_apply(const olstm__activation* activation, double x) {
  const double alpha = activation->alpha;
  const double beta = activation->beta;
  switch (activation->kind) {
    case OLSTM__ACTIVATION_RELU:
      return x < 0 ? 0 : x;
    case OLSTM__ACTIVATION_TANH:
      return tanh(x);
    case OLSTM__ACTIVATION_SIGMOID:
      return 1 / (1 + exp(-x));
    case OLSTM__ACTIVATION_AFFINE:
      return alpha * x + beta;
    case OLSTM__ACTIVATION_LEAKY_RELU:
      return x < 0 ? alpha * x : x;
    case OLSTM__ACTIVATION_THRESHOLDED_RELU:
      return x <= alpha ? 0 : x;
    case OLSTM__ACTIVATION_SCALED_TANH:
      return alpha * tanh(beta * x);
    case OLSTM__ACTIVATION_HARD_SIGMOID: {
      const double y = alpha * x + beta;
      return y < 0 ? 0 : y > 1 ? 1 : y;
    }
    case OLSTM__ACTIVATION_ELU:
      return x < 0 ? alpha * expm1(x) : x;
    case OLSTM__ACTIVATION_SOFTSIGN:
      // Infinity / infinity has a limit: the sign.
      return isinf(x) ? copysign(1, x) : x / (1 + fabs(x));
    case OLSTM__ACTIVATION_SOFTPLUS:
      return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
  }
  return x;
}
