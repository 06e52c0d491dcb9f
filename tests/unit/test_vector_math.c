// op/math/vector_math.h against the C library's double functions, over the floats.
#include <math.h>
#include <string.h>

#include "op/math/vector_math.h"
#include "tests/support/float_sweep.h"
#include "tests/support/test_main.h"

static const float_function kExp = {"exp", olstm__vector_exp_f32, exp, 1.25};
static const float_function kSigmoid = {"sigmoid", olstm__vector_sigmoid_f32,
                                        float_sweep_sigmoid, 3.25};
static const float_function kTanh = {"tanh", olstm__vector_tanh_f32, tanh, 3.75};
static const float_function kErf = {"erf", olstm__vector_erf_f32, erf, 1.25};

static void exp_is_within_its_ulps(void** state) {
  (void)state;
  float_sweep(&kExp, FLOAT_SWEEP_QUICK, true);
}

static void sigmoid_is_within_its_ulps(void** state) {
  (void)state;
  float_sweep(&kSigmoid, FLOAT_SWEEP_QUICK, true);
}

static void tanh_is_within_its_ulps(void** state) {
  (void)state;
  float_sweep(&kTanh, FLOAT_SWEEP_QUICK, true);
}

static void erf_is_within_its_ulps(void** state) {
  (void)state;
  float_sweep(&kErf, FLOAT_SWEEP_QUICK, true);
}

static void slow_all_floats_exp(void** state) {
  (void)state;
  float_sweep(&kExp, 1, true);
}

static void slow_all_floats_sigmoid(void** state) {
  (void)state;
  float_sweep(&kSigmoid, 1, true);
}

static void slow_all_floats_tanh(void** state) {
  (void)state;
  float_sweep(&kTanh, 1, true);
}

static void slow_all_floats_erf(void** state) {
  (void)state;
  float_sweep(&kErf, 1, true);
}

/// Of doubles, against libm's long doubles.
static void doubles_are_within_their_ulps(void** state) {
  enum { kCount = 4003 };
  static double x[kCount], y[kCount];
  static const struct {
    void (*run)(size_t count, const double* x, double* y);
    int kind;
    double reach;
  } kFunctions[] = {{olstm__vector_exp_f64, 0, 740},  {olstm__vector_sigmoid_f64, 1, 700},
                    {olstm__vector_tanh_f64, 2, 25},  {olstm__vector_tanh_f64, 2, 1e-3},
                    {olstm__vector_sin_f64, 3, 10},   {olstm__vector_cos_f64, 4, 10},
                    {olstm__vector_sin_f64, 3, 1e6},  {olstm__vector_cos_f64, 4, 1e6},
                    {olstm__vector_sin_f64, 3, 1e-3}, {olstm__vector_sin_f64, 3, 1e300},
                    {olstm__vector_cos_f64, 4, 1e300}};
  (void)state;
  for (size_t f = 0; f < sizeof kFunctions / sizeof kFunctions[0]; f++) {
    for (int i = 0; i < kCount; i++) {
      x[i] = kFunctions[f].reach * sin(i * 1.7) * (i % 3 ? 1 : 1e-2);
    }
    kFunctions[f].run(kCount, x, y);
    for (int i = 0; i < kCount; i++) {
      const long double v = x[i];
      const double expected = (double)(kFunctions[f].kind == 0   ? expl(v)
                                       : kFunctions[f].kind == 1 ? 1 / (1 + expl(-v))
                                       : kFunctions[f].kind == 2 ? tanhl(v)
                                       : kFunctions[f].kind == 3 ? sinl(v)
                                                                 : cosl(v));
      const double ulp = nextafter(fabs(expected), INFINITY) - fabs(expected);
      if (isinf(expected)) {
        assert_true(y[i] == expected);
      } else {
        assert_true(fabs(y[i] - expected) <= 4 * ulp);
      }
    }
  }
}

static void special_doubles_give_special_values(void** state) {
  const double x[] = {-INFINITY, INFINITY, NAN, 0, -0.0};
  double y[5];
  (void)state;
  olstm__vector_exp_f64(5, x, y);
  assert_true(y[0] == 0 && isinf(y[1]) && isnan(y[2]) && y[3] == 1 && y[4] == 1);
  olstm__vector_sigmoid_f64(5, x, y);
  assert_true(y[0] == 0 && y[1] == 1 && isnan(y[2]) && y[3] == 0.5 && y[4] == 0.5);
  olstm__vector_tanh_f64(5, x, y);
  assert_true(y[0] == -1 && y[1] == 1 && isnan(y[2]) && y[3] == 0 && y[4] == 0);
  assert_true(!signbit(y[3]) && signbit(y[4]));
  olstm__vector_sin_f64(5, x, y);
  assert_true(isnan(y[0]) && isnan(y[1]) && isnan(y[2]) && y[3] == 0 && y[4] == 0);
  assert_true(!signbit(y[3]) && signbit(y[4]));
  olstm__vector_cos_f64(5, x, y);
  assert_true(isnan(y[0]) && isnan(y[1]) && isnan(y[2]) && y[3] == 1 && y[4] == 1);
}

/// Close to multiples of pi / 2, where little of the angle is left.
static void sines_near_their_zeros_are_within_their_ulps(void** state) {
  enum { kCount = 4000 };
  static double x[kCount], sines[kCount], cosines[kCount];
  (void)state;
  for (int i = 0; i < kCount; i++) {
    x[i] = nextafter((double)(i * 37L * 1.57079632679489661923132169164L), i % 2 * 1e9);
  }
  olstm__vector_sin_f64(kCount, x, sines);
  olstm__vector_cos_f64(kCount, x, cosines);
  for (int i = 0; i < kCount; i++) {
    const long double sine = sinl(x[i]), cosine = cosl(x[i]);
    assert_true(fabsl(sines[i] - sine) <= 0x1p-51L * fabsl(sine));
    assert_true(fabsl(cosines[i] - cosine) <= 0x1p-51L * fabsl(cosine));
  }
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
  const float_function* functions[] = {&kExp, &kSigmoid, &kTanh, &kErf};
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
      cmocka_unit_test(doubles_are_within_their_ulps),
      cmocka_unit_test(special_doubles_give_special_values),
      cmocka_unit_test(sines_near_their_zeros_are_within_their_ulps),
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
