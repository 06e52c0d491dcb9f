#include "tests/support/float_sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/test_main.h"

double float_sweep_sigmoid(double x) {
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static float float_of_bits(uint32_t bits) {
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static double ulp_of(double value) {
  int exponent = 0;
  (void)frexp(value, &exponent);
  return ldexp(1.0, exponent < -125 ? -149 : exponent - 24);
}

static double error_in_ulps(float got, double exact) {
  if (isnan(exact)) return isnan(got) ? 0 : HUGE_VAL;
  // Half an ulp above FLT_MAX is where rounding gives infinity.
  if (exact >= 0x1.ffffffp127) return isinf(got) && got > 0 ? 0 : HUGE_VAL;
  if (isnan(got) || isinf(got)) return HUGE_VAL;
  return fabs((double)got - exact) / ulp_of(exact);
}

void float_sweep(const float_function* function, uint64_t step, bool with_special) {
  static float x[FLOAT_SWEEP_BATCH];
  static float y[FLOAT_SWEEP_BATCH];
  double worst = 0;
  float worst_x = 0;
  for (uint64_t bits = 0; bits < UINT64_C(1) << 32;) {
    size_t count = 0;
    for (; count < FLOAT_SWEEP_BATCH && bits < UINT64_C(1) << 32; bits += step) {
      x[count] = float_of_bits((uint32_t)bits);
      if (with_special || isfinite(x[count])) count++;
    }
    function->vector(count, x, y);
    for (size_t i = 0; i < count; i++) {
      const double error = error_in_ulps(y[i], function->exact((double)x[i]));
      if (error > worst) {
        worst = error;
        worst_x = x[i];
      }
    }
  }
  print_message("%s: at most %.3f ulp, at %a\n", function->name, worst, (double)worst_x);
  assert_true(worst <= function->ulps);
}
