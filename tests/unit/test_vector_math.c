// op/math/vector_math.h against the C library's double functions, over the floats.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "op/math/vector_math.h"
#include "tests/support/test_main.h"

typedef struct function_case {
  const char* name;
  void (*vector)(size_t count, const float* x, float* y);
  double (*exact)(double x);
  // The largest error allowed, in units in the last place of the exact result.
  double ulps;
} function_case;

static double exact_sigmoid(double x) {
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static const function_case kExp = {"exp", olstm__vector_exp_f32, exp, 1.25};
static const function_case kSigmoid = {"sigmoid", olstm__vector_sigmoid_f32,
                                       exact_sigmoid, 3.25};
static const function_case kTanh = {"tanh", olstm__vector_tanh_f32, tanh, 3.75};
static const function_case kErf = {"erf", olstm__vector_erf_f32, erf, 1.25};

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

enum { BATCH = 4096 };

// All floats whose bits are a multiple of `step`, signs, subnormals, infinities and NaN
// included.
static void check_floats(const function_case* function, uint64_t step) {
  static float x[BATCH];
  static float y[BATCH];
  double worst = 0;
  float worst_x = 0;
  for (uint64_t bits = 0; bits < UINT64_C(1) << 32;) {
    size_t count = 0;
    for (; count < BATCH && bits < UINT64_C(1) << 32; count++, bits += step) {
      x[count] = float_of_bits((uint32_t)bits);
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

// The quick run's step is prime to the powers of two, so that all mantissas are mixed.
enum { QUICK_STEP = 4093 };

static void exp_is_within_its_ulps(void** state) {
  (void)state;
  check_floats(&kExp, QUICK_STEP);
}

static void sigmoid_is_within_its_ulps(void** state) {
  (void)state;
  check_floats(&kSigmoid, QUICK_STEP);
}

static void tanh_is_within_its_ulps(void** state) {
  (void)state;
  check_floats(&kTanh, QUICK_STEP);
}

static void erf_is_within_its_ulps(void** state) {
  (void)state;
  check_floats(&kErf, QUICK_STEP);
}

static void slow_all_floats_exp(void** state) {
  (void)state;
  check_floats(&kExp, 1);
}

static void slow_all_floats_sigmoid(void** state) {
  (void)state;
  check_floats(&kSigmoid, 1);
}

static void slow_all_floats_tanh(void** state) {
  (void)state;
  check_floats(&kTanh, 1);
}

static void slow_all_floats_erf(void** state) {
  (void)state;
  check_floats(&kErf, 1);
}

static void special_values_give_special_values(void** state) {
  const float x[] = {-INFINITY, INFINITY, NAN, 0.0F, -0.0F};
  float y[5];
  (void)state;
  olstm__vector_exp_f32(5, x, y);
  assert_true(y[0] == 0 && isinf(y[1]) && isnan(y[2]) && y[3] == 1 && y[4] == 1);
  olstm__vector_sigmoid_f32(5, x, y);
  assert_true(y[0] == 0 && y[1] == 1 && isnan(y[2]) && y[3] == 0.5F && y[4] == 0.5F);
  olstm__vector_tanh_f32(5, x, y);
  assert_true(y[0] == -1 && y[1] == 1 && isnan(y[2]) && y[3] == 0 && y[4] == 0);
  assert_true(!signbit(y[3]) && signbit(y[4]));
  olstm__vector_erf_f32(5, x, y);
  assert_true(y[0] == -1 && y[1] == 1 && isnan(y[2]) && y[3] == 0 && y[4] == 0);
  assert_true(!signbit(y[3]) && signbit(y[4]));
}

static void results_do_not_depend_on_count_or_position(void** state) {
  const function_case* functions[] = {&kExp, &kSigmoid, &kTanh, &kErf};
  float x[67];
  (void)state;
  for (size_t i = 0; i < 67; i++) x[i] = (float)i * 0.37F - 11.3F;
  for (size_t f = 0; f < 4; f++) {
    float alone[67];
    float together[68];
    for (size_t i = 0; i < 67; i++) functions[f]->vector(1, x + i, alone + i);
    for (size_t count = 0; count <= 67; count++) {
      memset(together, 0x55, sizeof together);
      functions[f]->vector(count, x, together);
      assert_memory_equal(together, alone, count * sizeof(float));
      // Nothing beyond is touched.
      const uint32_t canary = 0x55555555U;
      assert_memory_equal(together + count, &canary, sizeof canary);
    }
  }
}

static void x_and_y_may_be_the_same(void** state) {
  float x[21];
  float y[21];
  (void)state;
  for (size_t i = 0; i < 21; i++) x[i] = (float)i - 10;
  olstm__vector_tanh_f32(21, x, y);
  olstm__vector_tanh_f32(21, x, x);
  assert_memory_equal(x, y, sizeof x);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exp_is_within_its_ulps),
      cmocka_unit_test(sigmoid_is_within_its_ulps),
      cmocka_unit_test(tanh_is_within_its_ulps),
      cmocka_unit_test(erf_is_within_its_ulps),
      cmocka_unit_test(special_values_give_special_values),
      cmocka_unit_test(results_do_not_depend_on_count_or_position),
      cmocka_unit_test(x_and_y_may_be_the_same),
      cmocka_unit_test(slow_all_floats_exp),
      cmocka_unit_test(slow_all_floats_sigmoid),
      cmocka_unit_test(slow_all_floats_tanh),
      cmocka_unit_test(slow_all_floats_erf),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
