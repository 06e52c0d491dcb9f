// op/elementwise/unary_op.c and unary_kernel.c: values by hand, dtypes, attributes.
#include <math.h>
#include <stdio.h>

#include "op/elementwise/unary_kernel.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void real_functions_have_the_values_of_libm(void** state) {
  (void)state;
  op_text_expect("Exp-13", "f32[2] 0 1", "f32[2] 1 2.7182818");
  op_text_expect("Log-13", "f64[2] 1 2", "f64[2] 0 0.6931471806");
  op_text_expect("Sqrt-13", "f16[2] 4 9", "f16[2] 2 3");
  op_text_expect("Reciprocal-6", "bf16[2] 4 0.5", "bf16[2] 0.25 2");
  op_text_expect("Erf-9", "f32[3] 0 1 -1", "f32[3] 0 0.84270079 -0.84270079");
  op_text_expect("Tanh-6", "f32[2] 0 1", "f32[2] 0 0.76159416");
  op_text_expect("Sigmoid-13", "f64[2] 0 1", "f64[2] 0.5 0.7310585786");
  op_text_expect("Atanh-9", "f32[1] 0.5", "f32[1] 0.54930614");
  op_text_expect("Acosh-9", "f64[1] 2", "f64[1] 1.3169578969");
}

static void rounding_goes_to_even(void** state) {
  (void)state;
  op_text_expect("Round-11", "f32[7] 0.5 1.5 2.5 -0.5 -1.5 -2.5 0.9",
                 "f32[7] 0 2 2 0 -2 -2 1");
  op_text_expect("Floor-6", "f32[2] -1.5 1.5", "f32[2] -2 1");
  op_text_expect("Ceil-13", "f64[2] -1.5 1.5", "f64[2] -1 2");
}

static void integers_have_their_own_loops(void** state) {
  (void)state;
  op_text_expect("Neg-13", "i8[2] -128 5", "i8[2] -128 -5");
  op_text_expect("Abs-13", "i64[2] -9223372036854775808 -5",
                 "i64[2] -9223372036854775808 5");
  op_text_expect("Abs-6", "u8[2] 200 5", "u8[2] 200 5");
  op_text_expect("Sign-9", "i32[3] -7 0 7", "i32[3] -1 0 1");
  op_text_expect("Sign-13", "u64[2] 0 18446744073709551615", "u64[2] 0 1");
  op_text_expect("Relu-14", "i32[2] -7 7", "i32[2] 0 7");
  op_text_expect("BitwiseNot-18", "u8[2] 0 240", "u8[2] 255 15");
  op_text_expect("Not-1", "bool[2] 0 1", "bool[2] 1 0");
  op_text_expect("Shrink-9 lambd=1.5 bias=1.0", "i32[4] -3 -1 1 3", "i32[4] -2 0 0 2");
}

static void activations_take_their_attributes(void** state) {
  (void)state;
  op_text_expect("LeakyRelu-6", "f32[2] -1 1", "f32[2] -0.01 1");
  op_text_expect("LeakyRelu-16 alpha=0.5", "f64[2] -1 1", "f64[2] -0.5 1");
  op_text_expect("Elu-6 alpha=2.0", "f32[2] -1 1", "f32[2] -1.2642411 1");
  op_text_expect("Selu-6", "f32[2] -1 1", "f32[2] -1.1113307 1.0507010");
  op_text_expect("Celu-12 alpha=2.0", "f32[2] -1 1", "f32[2] -0.78693868 1");
  op_text_expect("HardSigmoid-6", "f32[3] -3 0 3", "f32[3] 0 0.5 1");
  op_text_expect("HardSigmoid-6 alpha=0.5 beta=0.6", "f32[2] -1 0", "f32[2] 0.1 0.6");
  op_text_expect("HardSwish-14", "f32[3] -4 1.5 4", "f32[3] 0 1.125 4");
  op_text_expect("ThresholdedRelu-10 alpha=2.0", "f32[3] 1 2 3", "f32[3] 0 0 3");
  op_text_expect("Softplus-1", "f32[3] 0 100 -100", "f32[3] 0.69314718 100 0");
  op_text_expect("Softsign-1", "f32[2] -1 3", "f32[2] -0.5 0.75");
  op_text_expect("Mish-18", "f32[2] 0 1", "f32[2] 0 0.86509839");
  op_text_expect("Swish-24 alpha=2.0", "f32[1] 1", "f32[1] 0.88079708");
  op_text_expect("Gelu-20", "f32[2] 1 -1", "f32[2] 0.84134475 -0.15865525");
  op_text_expect("Gelu-20 approximate='tanh'", "f64[1] 1", "f64[1] 0.8411919906");
}

static void what_is_not_a_number_is_found(void** state) {
  (void)state;
  op_text_expect("IsNaN-13", "f32[3] nan 1 inf", "bool[3] 1 0 0");
  op_text_expect("IsInf-10", "f64[3] inf -inf nan", "bool[3] 1 1 0");
  // By groups of 16, and what remains.
  for (int d = 0; d < 3; d++) {
    static const char* const kDtypes[] = {"f16", "f32", "f64"};
    char x[128];
    (void)snprintf(x, sizeof x,
                   "%s[19] inf 1 -inf nan 0 -0 6e4 nan 2 3 4 5 6 7 8 inf 9 -inf nan",
                   kDtypes[d]);
    op_text_expect("IsInf-20", x, "bool[19] 1 0 1 0 0 0 0 0 0 0 0 0 0 0 0 1 0 1 0");
    op_text_expect("IsInf-20 detect_negative=0", x,
                   "bool[19] 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0");
    op_text_expect("IsInf-20 detect_positive=0", x,
                   "bool[19] 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0");
    op_text_expect("IsInf-20 detect_positive=0 detect_negative=0", x,
                   "bool[19] 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0");
    op_text_expect("IsNaN-20", x, "bool[19] 0 0 0 1 0 0 0 1 0 0 0 0 0 0 0 0 0 0 1");
  }
  op_text_expect("IsInf-10 detect_negative=0", "f32[2] inf -inf", "bool[2] 1 0");
  op_text_expect("IsInf-20 detect_positive=0", "f16[2] inf -inf", "bool[2] 0 1");
}

/// Of every length around a vector's, with values on both sides of 0 and far from it.
static void floats_are_mapped_as_doubles_are(void** state) {
  static const char* const kNodes[] = {"Neg-13",
                                       "Abs-13",
                                       "Sign-13",
                                       "Relu-14",
                                       "Sqrt-13",
                                       "Reciprocal-13",
                                       "Floor-13",
                                       "Ceil-13",
                                       "Round-11",
                                       "Log-13",
                                       "Sin-7",
                                       "Cos-7",
                                       "Tan-7",
                                       "Asin-7",
                                       "Acos-7",
                                       "Atan-7",
                                       "Sinh-9",
                                       "Cosh-9",
                                       "HardSigmoid-6 alpha=0.3 beta=0.4",
                                       "HardSwish-14",
                                       "Swish-24 alpha=1.5",
                                       "Mish-18",
                                       "Gelu-20",
                                       "Gelu-20 approximate='tanh'",
                                       "LeakyRelu-6 alpha=0.1",
                                       "Elu-6 alpha=1.5",
                                       "Selu-6",
                                       "Celu-12 alpha=0.7",
                                       "Softplus-1",
                                       "Softsign-1",
                                       "ThresholdedRelu-10 alpha=0.5",
                                       "Shrink-9 lambd=0.5 bias=0.25"};
  static const int kCounts[] = {1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 70001};
  char x[64];
  (void)state;
  for (size_t n = 0; n < sizeof kNodes / sizeof kNodes[0]; n++) {
    for (size_t c = 0; c < sizeof kCounts / sizeof kCounts[0]; c++) {
      (void)snprintf(x, sizeof x, "f32[%d] ~", kCounts[c]);
      op_text_expect_as_double(kNodes[n], x, 1e-6);
    }
    op_text_expect_as_double(
        kNodes[n], "f32[13] nan 0 -0 1 -1 -30.5 30.5 -88 88 -0.5 2.5 3.5 1e-30", 1e-6);
  }
}

/// Where angles are reduced by vectors and where the C library does it.
static void large_angles_are_reduced(void** state) {
  static const char* const kNodes[] = {"Sin-7", "Cos-7", "Tan-7"};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    op_text_expect_as_double(kNodes[i],
                             "f32[17] 100 -1000 4000.5 -8191 8192 8193 -9000 12345.5 1e5 "
                             "-1e6 3e7 1e10 -1e20 3e38 1.57079633 3.14159265 -6.28318531",
                             1e-6);
  }
}

static void bools_of_any_length_are_negated(void** state) {
  (void)state;
  op_text_expect("Not-1", "bool[19] 1 0 0 1 0 1 1 1 0 0 0 0 1 1 1 1 0 1 0",
                 "bool[19] 0 1 1 0 1 0 0 0 1 1 1 1 0 0 0 0 1 0 1");
}

static void celu_takes_a_negative_alpha(void** state) {
  (void)state;
  op_text_expect_as_double("Celu-12 alpha=-0.7", "f32[19] ~", 1e-6);
}

static void special_values_go_through_vectors(void** state) {
  (void)state;
  op_text_expect("Log-13", "f32[9] 0 -0 -1 inf -inf nan 1e-42 1e-45 3e38",
                 "f32[9] -inf -inf nan inf nan nan -96.708046 -103.278931 88.5967102");
  op_text_expect("Floor-13", "f32[9] -0.5 0.5 inf -inf nan 1e30 -1e30 8388609 -2.5",
                 "f32[9] -1 0 inf -inf nan 1e30 -1e30 8388609 -3");
  op_text_expect("Ceil-13", "f32[9] -0.5 0.5 inf -inf nan 1e30 -1e30 8388609 -2.5",
                 "f32[9] 0 1 inf -inf nan 1e30 -1e30 8388609 -2");
  op_text_expect("Softplus-1", "f32[4] inf -inf nan 200", "f32[4] inf 0 nan 200");
  op_text_expect("Mish-18", "f32[4] inf nan 200 -200", "f32[4] inf nan 200 0");
  op_text_expect("Elu-6", "f32[4] inf -inf nan 200", "f32[4] inf -1 nan 200");
  op_text_expect("Sin-7", "f32[5] -0 inf nan 1e-30 -1e-42",
                 "f32[5] -0 nan nan 1e-30 -1e-42");
  op_text_expect("Cos-7", "f32[4] -0 -inf nan 1e-30", "f32[4] 1 nan nan 1");
  op_text_expect("Tan-7", "f32[4] -0 inf nan -1e-30", "f32[4] -0 nan nan -1e-30");
  op_text_expect("Atan-7", "f32[5] -0 inf -inf nan 1e-30",
                 "f32[5] -0 1.57079633 -1.57079633 nan 1e-30");
  op_text_expect("Asin-7", "f32[6] -0 1 -1 1.01 nan 1e-30",
                 "f32[6] -0 1.57079633 -1.57079633 nan nan 1e-30");
  op_text_expect("Acos-7", "f32[5] 1 -1 0 -1.01 nan",
                 "f32[5] 0 3.14159265 1.57079633 nan nan");
  op_text_expect("Sinh-9", "f32[6] -0 inf -inf nan 89.3 -90",
                 "f32[6] -0 inf -inf nan 3.0301808e38 -inf");
  op_text_expect("Cosh-9", "f32[5] inf -inf nan 89.3 90",
                 "f32[5] inf inf nan 3.0301808e38 inf");
  op_text_expect("Sqrt-13", "f32[4] inf -1 nan 0", "f32[4] inf nan nan 0");
  op_text_expect("Softsign-1", "f32[3] inf -inf nan", "f32[3] 1 -1 nan");
}

static void refuses_what_it_does_not_know(void** state) {
  (void)state;
  op_text_expect_failure("Exp-13", "i32[1] 0", OLSTM_STATUS_DTYPE_MISMATCH,
                         "Exp 'node': input 'x0' has dtype int32, which opset 13 has no "
                         "meaning for");
  op_text_expect_failure("Elu-6 gamma=1.0", "f32[1] 0", OLSTM_STATUS_UNSUPPORTED,
                         "Elu 'node': unknown attribute 'gamma' (opset 6)");
  op_text_expect_failure("Gelu-20 approximate='erf'", "f32[1] 0",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Gelu 'node': attribute approximate is 'erf', expected none or "
                         "tanh");
}

static void mish_of_doubles_is_within_ulps(void** state) {
  enum { kCount = 2000 };
  static const olstm__unary_parameters kNone = {0, 0};
  static double x[kCount], y[kCount];
  (void)state;
  for (int i = 0; i < kCount; i++) x[i] = (i - 1900) * 0.37 + 1e-9 * i * i;
  olstm__unary_kernel_find(OLSTM__UNARY_MISH, OLSTM__COMPUTE_F64)(&kNone, kCount, x, y);
  for (int i = 0; i < kCount; i++) {
    const long double v = x[i], expected = v * tanhl(log1pl(expl(v)));
    assert_true(fabsl(y[i] - expected) <= 6 * 0x1p-53L * fabsl(expected));
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(real_functions_have_the_values_of_libm),
      cmocka_unit_test(rounding_goes_to_even),
      cmocka_unit_test(integers_have_their_own_loops),
      cmocka_unit_test(activations_take_their_attributes),
      cmocka_unit_test(what_is_not_a_number_is_found),
      cmocka_unit_test(floats_are_mapped_as_doubles_are),
      cmocka_unit_test(large_angles_are_reduced),
      cmocka_unit_test(bools_of_any_length_are_negated),
      cmocka_unit_test(celu_takes_a_negative_alpha),
      cmocka_unit_test(special_values_go_through_vectors),
      cmocka_unit_test(refuses_what_it_does_not_know),
      cmocka_unit_test(mish_of_doubles_is_within_ulps),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
