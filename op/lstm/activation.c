#include "op/lstm/activation.h"

#include <math.h>
#include <stddef.h>
#include <strings.h>

typedef struct named_activation {
  const char* name;
  olstm__activation defaults;
  bool takes_alpha, takes_beta;
} named_activation;

static const named_activation kActivations[] = {
    {"Relu", {OLSTM__ACTIVATION_RELU, 0, 0}, false, false},
    {"Tanh", {OLSTM__ACTIVATION_TANH, 0, 0}, false, false},
    {"Sigmoid", {OLSTM__ACTIVATION_SIGMOID, 0, 0}, false, false},
    {"Affine", {OLSTM__ACTIVATION_AFFINE, 1.0F, 0}, true, true},
    {"LeakyRelu", {OLSTM__ACTIVATION_LEAKY_RELU, 0.01F, 0}, true, false},
    {"ThresholdedRelu", {OLSTM__ACTIVATION_THRESHOLDED_RELU, 1.0F, 0}, true, false},
    {"ScaledTanh", {OLSTM__ACTIVATION_SCALED_TANH, 1.0F, 1.0F}, true, true},
    {"HardSigmoid", {OLSTM__ACTIVATION_HARD_SIGMOID, 0.2F, 0.5F}, true, true},
    {"Elu", {OLSTM__ACTIVATION_ELU, 1.0F, 0}, true, false},
    {"Softsign", {OLSTM__ACTIVATION_SOFTSIGN, 0, 0}, false, false},
    {"Softplus", {OLSTM__ACTIVATION_SOFTPLUS, 0, 0}, false, false},
};

bool olstm__activation_find(const char* name, olstm__activation* out_activation,
                            bool* out_takes_alpha, bool* out_takes_beta) {
  for (size_t i = 0; i < sizeof kActivations / sizeof kActivations[0]; i++) {
    if (strcasecmp(kActivations[i].name, name) != 0) continue;
    *out_activation = kActivations[i].defaults;
    *out_takes_alpha = kActivations[i].takes_alpha;
    *out_takes_beta = kActivations[i].takes_beta;
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
