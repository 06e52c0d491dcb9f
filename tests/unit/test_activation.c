// op/lstm/activation.c: every function by its formula, names and defaults by ONNX's
// pages.
#include "op/lstm/activation.h"

#include <math.h>
#include <string.h>

#include "tests/support/test_main.h"

static olstm__activation find(const char* name) {
  olstm__activation activation;
  bool alpha = false;
  bool beta = false;
  assert_true(olstm__activation_find(name, &activation, &alpha, &beta));
  return activation;
}

static void check(const char* name, double x, double expected) {
  const olstm__activation activation = find(name);
  const double got = olstm__activation_apply(&activation, x);
  if (isnan(expected) ? !isnan(got)
                      : fabs(got - expected) > 1e-7 * (1 + fabs(expected))) {
    fail_msg("%s(%g) is %.9g, expected %.9g", name, x, got, expected);
  }
}

static void computes_every_function_with_its_defaults(void** state) {
  (void)state;
  check("Relu", -2, 0);
  check("Relu", 3, 3);
  check("Tanh", 0.5, 0.46211715726);
  check("Sigmoid", 0.5, 0.62245933120);
  check("Affine", -3.5, -3.5);
  check("LeakyRelu", -2, -0.02);
  check("LeakyRelu", 2, 2);
  check("ThresholdedRelu", 0.5, 0);
  check("ThresholdedRelu", 1, 0);
  check("ThresholdedRelu", 1.5, 1.5);
  check("ScaledTanh", 0.5, 0.46211715726);
  check("HardSigmoid", 1, 0.7);
  check("HardSigmoid", -2.5, 0);
  check("HardSigmoid", 4, 1);
  check("Elu", -1, -0.63212055883);
  check("Elu", 2, 2);
  check("Softsign", -3, -0.75);
  check("Softplus", 0, 0.69314718056);
}

static void takes_names_in_any_case(void** state) {
  (void)state;
  assert_int_equal(find("sigmoid").kind, OLSTM__ACTIVATION_SIGMOID);
  assert_int_equal(find("HARDSIGMOID").kind, OLSTM__ACTIVATION_HARD_SIGMOID);
  assert_int_equal(find("softPlus").kind, OLSTM__ACTIVATION_SOFTPLUS);
}

static void refuses_other_names(void** state) {
  olstm__activation activation;
  bool alpha = false;
  bool beta = false;
  (void)state;
  assert_false(olstm__activation_find("Swish", &activation, &alpha, &beta));
  assert_false(olstm__activation_find("", &activation, &alpha, &beta));
  assert_false(olstm__activation_find("Tanh ", &activation, &alpha, &beta));
}

static void says_which_take_alpha_and_beta(void** state) {
  static const struct {
    const char* name;
    bool alpha, beta;
  } kExpected[] = {
      {"Relu", false, false},     {"Tanh", false, false},
      {"Sigmoid", false, false},  {"Affine", true, true},
      {"LeakyRelu", true, false}, {"ThresholdedRelu", true, false},
      {"ScaledTanh", true, true}, {"HardSigmoid", true, true},
      {"Elu", true, false},       {"Softsign", false, false},
      {"Softplus", false, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof kExpected / sizeof kExpected[0]; i++) {
    olstm__activation activation;
    bool alpha = false;
    bool beta = false;
    assert_true(olstm__activation_find(kExpected[i].name, &activation, &alpha, &beta));
    assert_int_equal(alpha, kExpected[i].alpha);
    assert_int_equal(beta, kExpected[i].beta);
  }
}

static void alpha_and_beta_enter_as_the_formulas_say(void** state) {
  static const struct {
    olstm__activation activation;
    double x, expected;
  } kCases[] = {
      {{OLSTM__ACTIVATION_AFFINE, 2, 3}, 5, 13},
      {{OLSTM__ACTIVATION_LEAKY_RELU, 0.5F, 0}, -4, -2},
      {{OLSTM__ACTIVATION_THRESHOLDED_RELU, 2, 0}, 1.5, 0},
      {{OLSTM__ACTIVATION_THRESHOLDED_RELU, -1, 0}, -0.5, -0.5},
      {{OLSTM__ACTIVATION_SCALED_TANH, 2, 0.5F}, 1, 0.92423431452},
      {{OLSTM__ACTIVATION_HARD_SIGMOID, 0.5F, 0.25F}, 0.5, 0.5},
      {{OLSTM__ACTIVATION_ELU, 2, 0}, -1, -1.26424111765},
  };
  (void)state;
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    const double got = olstm__activation_apply(&kCases[i].activation, kCases[i].x);
    assert_true(fabs(got - kCases[i].expected) < 1e-9);
  }
}

static void nan_stays_nan_and_infinities_have_their_limits(void** state) {
  static const struct {
    const char* name;
    double low, high;
  } kLimits[] = {
      {"Relu", 0, INFINITY},
      {"Tanh", -1, 1},
      {"Sigmoid", 0, 1},
      {"Affine", -INFINITY, INFINITY},
      {"LeakyRelu", -INFINITY, INFINITY},
      {"ThresholdedRelu", 0, INFINITY},
      {"ScaledTanh", -1, 1},
      {"HardSigmoid", 0, 1},
      {"Elu", -1, INFINITY},
      {"Softsign", -1, 1},
      {"Softplus", 0, INFINITY},
  };
  (void)state;
  for (size_t i = 0; i < sizeof kLimits / sizeof kLimits[0]; i++) {
    const olstm__activation activation = find(kLimits[i].name);
    assert_true(olstm__activation_apply(&activation, -INFINITY) == kLimits[i].low);
    assert_true(olstm__activation_apply(&activation, INFINITY) == kLimits[i].high);
    assert_true(isnan(olstm__activation_apply(&activation, NAN)));
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(computes_every_function_with_its_defaults),
      cmocka_unit_test(takes_names_in_any_case),
      cmocka_unit_test(refuses_other_names),
      cmocka_unit_test(says_which_take_alpha_and_beta),
      cmocka_unit_test(alpha_and_beta_enter_as_the_formulas_say),
      cmocka_unit_test(nan_stays_nan_and_infinities_have_their_limits),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
