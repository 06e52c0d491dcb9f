// The elementary functions of the cells and of vector_math.h, on one vector.
//
// Float: errors of a few ulp, measured over all floats by tests/unit/test_vector_math.c.
// Double: a few ulp of double. Right for subnormals, infinities and NaN. Included by the
// SIMD templates alone.
#ifndef OLSTM_OP_MATH_SIMD_MATH_H_
#define OLSTM_OP_MATH_SIMD_MATH_H_

#include "op/math/simd.h"

#if OLSTM_SIMD_DOUBLE
// ln 2 in two parts, the first with 32 bits, so that n * high is exact.
#define SIMD_LN2_HIGH 0x1.62e42feep-1
#define SIMD_LN2_LOW 0x1.a39ef35793c76p-33
#define SIMD_LN2 0.69314718055994530942
#define SIMD_LOG2E 1.4426950408889634074
// Adding and subtracting it rounds to the nearest integer.
#define SIMD_ROUNDER 0x1.8p52
// And this leaves the exponent's bits of 2^n at the low end: see simd_power_of_sum.
#define SIMD_POWER_ROUNDER (SIMD_ROUNDER + 1023)
// Half of the exponents: see simd_exp_split; even with the bias.
#define SIMD_HALF_RANGE 513
#define SIMD_HALF_POWER 0x1p513
// From here on exp is a normal number.
#define SIMD_EXP_NORMAL_MIN (-706.0)
// Beyond these exp is 0 or infinite.
#define SIMD_EXP_MIN (-746.0)
#define SIMD_EXP_MAX 710.0
// From here tanh is 1.
#define SIMD_TANH_MAX 20.0
// 1/k! for k = 2, 3, ...: exp(r) = 1 + r + r^2 * (1/2! + r/3! + ...).
#define SIMD_EXP_TERMS                                                                 \
  {                                                                                    \
    1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,         \
        1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800 \
  }
// atanh(s) = s + s^3 * (1/3 + s^2/5 + ...), |s| <= 1/3.
#define SIMD_ATANH_TERMS                                                               \
  {                                                                                    \
    1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,        \
        1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25, 1.0 / 27, 1.0 / 29, 1.0 / 31, 1.0 / 33 \
  }
#else
#define SIMD_LN2_HIGH 0.693359375f
#define SIMD_LN2_LOW (-2.12194440e-4f)
#define SIMD_LN2 0.693147182f
#define SIMD_LOG2E 1.44269502f
#define SIMD_ROUNDER 12582912.0f
#define SIMD_POWER_ROUNDER (SIMD_ROUNDER + 127)
#define SIMD_HALF_RANGE 65
#define SIMD_HALF_POWER 0x1p65f
#define SIMD_EXP_NORMAL_MIN (-86.5f)
#define SIMD_EXP_MIN (-104.0f)
#define SIMD_EXP_MAX 89.0f
#define SIMD_TANH_MAX 9.02f
// Minimax over |r| <= ln(2)/2, relative error 1.3e-8 of exp(r) - 1.
#define SIMD_EXP_TERMS \
  { 0.49999997f, 0.166665435f, 0.0416672006f, 0.00836654752f, 0.00138825166f }
// Minimax over |s| <= 1/3, relative error 4.6e-9.
#define SIMD_ATANH_TERMS \
  { 0.333332062f, 0.200108498f, 0.139995709f, 0.140122294f }
#endif

/// terms[0] + terms[1] * x + ... by Horner's rule.
SIMD_INLINE simd_vec simd_polynomial(const simd_real* terms, int count, simd_vec x) {
  simd_vec sum = simd_set(terms[count - 1]);
  SIMD_UNROLL
  for (int i = count - 2; i >= 0; i--) sum = simd_fma(sum, x, simd_set(terms[i]));
  return sum;
}

#define SIMD_POLYNOMIAL(terms, x) \
  simd_polynomial((terms), (int)(sizeof(terms) / sizeof((terms)[0])), (x))

/// exp(r) - 1 for |r| <= ln(2)/2.
SIMD_INLINE simd_vec simd_expm1_polynomial(simd_vec r) {
  static const simd_real kTerms[] = SIMD_EXP_TERMS;
  const simd_vec r2 = simd_mul(r, r);
  return simd_fma(r2, SIMD_POLYNOMIAL(kTerms, r), r);
}

/// x = n * ln 2 + r with |r| <= ln(2)/2 and an integral n; gives exp(r) - 1, and n plus
/// the rounder: SIMD_ROUNDER, or that and an even number.
SIMD_INLINE simd_vec simd_exp_reduced(simd_vec x, simd_vec rounder, simd_vec* out_sum) {
  *out_sum = simd_fma(x, simd_set(SIMD_LOG2E), rounder);
  const simd_vec n = simd_sub(*out_sum, rounder);
  simd_vec r = simd_fnma(n, simd_set(SIMD_LN2_HIGH), x);
  r = simd_fnma(n, simd_set(SIMD_LN2_LOW), r);
  return simd_expm1_polynomial(r);
}

#if SIMD_HAS_SCALE
SIMD_INLINE simd_vec simd_exp_bounded(simd_vec x) {
  const simd_vec rounder = simd_set(SIMD_ROUNDER);
  simd_vec sum;
  const simd_vec p = simd_exp_reduced(x, rounder, &sum);
  return simd_scale(simd_add(p, simd_set(1)), simd_sub(sum, rounder));
}
#else
/// exp(x) as a product of three, since 2^n may be out of range: 2^(n + half) and 2^-half
/// are not, where half is about half of the range, with the other sign. Rounded once
/// where the result is subnormal. rounder: SIMD_POWER_ROUNDER + half.
SIMD_INLINE simd_vec simd_exp_split(simd_vec x, simd_vec rounder, simd_vec power) {
  simd_vec sum;
  const simd_vec p = simd_exp_reduced(x, rounder, &sum);
  const simd_vec e = simd_mul(simd_add(p, simd_set(1)), simd_power_of_sum(sum));
  return simd_mul(e, power);
}
#endif

/// -|x|.
SIMD_INLINE simd_vec simd_negative_abs(simd_vec x) {
  return simd_copy_sign(x, simd_set((simd_real)-0.0));
}

/// exp(x) for x <= 0.
SIMD_INLINE simd_vec simd_exp_negative(simd_vec x) {
  x = simd_at_least(simd_set(SIMD_EXP_MIN), x);
#if SIMD_HAS_SCALE
  return simd_exp_bounded(x);
#else
  return simd_exp_split(x, simd_set(SIMD_POWER_ROUNDER + SIMD_HALF_RANGE),
                        simd_set(1 / SIMD_HALF_POWER));
#endif
}

SIMD_INLINE simd_vec simd_exp(simd_vec x) {
  x = simd_at_least(simd_set(SIMD_EXP_MIN), simd_at_most(simd_set(SIMD_EXP_MAX), x));
#if SIMD_HAS_SCALE
  return simd_exp_bounded(x);
#else
  const simd_vec rounder =
      simd_select_negative(x, simd_set(SIMD_POWER_ROUNDER + SIMD_HALF_RANGE),
                           simd_set(SIMD_POWER_ROUNDER - SIMD_HALF_RANGE));
  const simd_vec power =
      simd_select_negative(x, simd_set(1 / SIMD_HALF_POWER), simd_set(SIMD_HALF_POWER));
  return simd_exp_split(x, rounder, power);
#endif
}

/// 1 - exp(x) for x in [-87, 87], accurate near 0; NaN for NaN.
SIMD_INLINE simd_vec simd_one_minus_exp(simd_vec x) {
  const simd_vec rounder = simd_set(SIMD_ROUNDER);
  simd_vec sum;
  const simd_vec p = simd_exp_reduced(x, rounder, &sum);
  const simd_vec power = simd_power_of_two(simd_sub(sum, rounder));
  return simd_fnma(power, p, simd_sub(simd_set(1), power));
}

/// exp(x) - 1 for x <= 0 (0 for x > 0).
SIMD_INLINE simd_vec simd_expm1_negative(simd_vec x) {
  // From -2 * SIMD_TANH_MAX on it is -1.
  x = simd_at_least(simd_set(-2 * SIMD_TANH_MAX), simd_at_most(simd_zero(), x));
  return simd_negate(simd_one_minus_exp(x));
}

SIMD_INLINE simd_vec simd_sigmoid(simd_vec x) {
  // With z = exp(-|x|): 1 / (1 + z), or z / (1 + z) for negative x. Nothing overflows,
  // and small results keep their precision.
  const simd_vec one = simd_set(1);
  const simd_vec z = simd_exp_negative(simd_negative_abs(x));
  const simd_vec r = simd_reciprocal(simd_add(one, z));
  return simd_mul(simd_select_negative(x, z, one), r);
}

// Below: sigmoid and tanh without their divisions, for cells, which bring several to one
// denominator and divide once. Errors of cells over all floats are measured by
// tests/unit/test_lstm_cell_accuracy.c. NaN stays NaN. Latency counts as much as the
// number of instructions: registers hold few chains at a time.

// Where the sigmoid of a cell stops falling, at 6e-16.
#define SIMD_SIGMOID_MIN ((simd_real)-35)

/// exp(-scale * x) = power * exp(-scale * s), where power is one of 2; s2 = s * s.
typedef struct simd_exponent {
  simd_vec power, s, s2;
} simd_exponent;

/// `scale` must be a constant.
SIMD_INLINE simd_exponent simd_exponent_of(const simd_real scale, simd_vec x) {
  simd_exponent e;
  const simd_vec rounder = simd_set(SIMD_POWER_ROUNDER);
  const simd_vec sum = simd_fnma(x, simd_set(scale * SIMD_LOG2E), rounder);
  const simd_vec n = simd_sub(sum, rounder);
  e.power = simd_power_of_sum(sum);
#if SIMD_HAS_FMA && !OLSTM_SIMD_DOUBLE
  e.s = simd_fma(n, simd_set(SIMD_LN2 / scale), x);
#else
  e.s = simd_fma(n, simd_set(SIMD_LN2_HIGH / scale), x);
  e.s = simd_fma(n, simd_set(SIMD_LN2_LOW / scale), e.s);
#endif
  e.s2 = simd_mul(e.s, e.s);
  return e;
}

SIMD_INLINE simd_vec simd_pair(const simd_real* terms, simd_vec x) {
  return simd_fma(simd_set(terms[1]), x, simd_set(terms[0]));
}

/// p with exp(-s) = 1 - s + p * s^2, or, with a scale of 2,
/// exp(-2s) / 2 = 1/2 - s + p * s^2. By Estrin's scheme.
SIMD_INLINE simd_vec simd_exp_rest(const int scale, simd_vec s, simd_vec s2) {
  static const simd_real kTerms[] = SIMD_EXP_TERMS;
  enum { kCount = sizeof kTerms / sizeof kTerms[0] };
  simd_real terms[kCount];
  SIMD_UNROLL
  for (int i = 0; i < kCount; i++) {
    terms[i] = kTerms[i] * (simd_real)((scale == 2 ? 2 << i : 1) * (i % 2 ? -1 : 1));
  }
  const int last = kCount % 2 ? kCount - 1 : kCount - 2;
  simd_vec sum = kCount % 2 ? simd_set(terms[last]) : simd_pair(terms + last, s);
  SIMD_UNROLL
  for (int i = last - 2; i >= 0; i -= 2) {
    sum = simd_fma(sum, s2, simd_pair(terms + i, s));
  }
  return sum;
}

/// 1 + exp(-x), the denominator of sigmoid(x). x is bounded by SIMD_SIGMOID_MIN, so that
/// products of two of them and of a simd_tanh_half are finite.
SIMD_INLINE simd_vec simd_sigmoid_denominator(simd_vec x) {
  x = simd_at_least(simd_set(SIMD_SIGMOID_MIN),
                    simd_at_most(simd_set(-SIMD_EXP_NORMAL_MIN), x));
  const simd_exponent e = simd_exponent_of(1, x);
  const simd_vec first = simd_fnma(e.power, e.s, simd_add(e.power, simd_set(1)));
  return simd_fma(simd_mul(e.s2, e.power), simd_exp_rest(1, e.s, e.s2), first);
}

/// simd_tanh_half for x from -SIMD_TANH_MAX on.
SIMD_INLINE simd_vec simd_tanh_half_upward(simd_vec x) {
  const simd_vec half = simd_set((simd_real)0.5);
  x = simd_at_most(simd_set(SIMD_TANH_MAX), x);
  const simd_exponent e = simd_exponent_of(2, x);
  // (1 - 2^n) / 2 is exact, so that small results keep their precision.
  const simd_vec first = simd_fma(e.power, e.s, simd_fnma(half, e.power, half));
  return simd_fnma(simd_mul(e.s2, e.power), simd_exp_rest(2, e.s, e.s2), first);
}

/// q = (1 - exp(-2x)) / 2: tanh(x) is q / (1 - q). x is bounded by +-SIMD_TANH_MAX.
SIMD_INLINE simd_vec simd_tanh_half(simd_vec x) {
  return simd_tanh_half_upward(simd_at_least(simd_set(-SIMD_TANH_MAX), x));
}

SIMD_INLINE simd_vec simd_tanh(simd_vec x) {
  const simd_vec q = simd_tanh_half_upward(simd_abs(x));
  return simd_copy_sign(simd_div(q, simd_sub(simd_set(1), q)), x);
}

/// log(1 + exp(x)).
SIMD_INLINE simd_vec simd_softplus(simd_vec x) {
  // max(x, 0) + log(1 + z) with z = exp(-|x|), and log(1 + z) = 2 atanh(z / (2 + z)).
  static const simd_real kTerms[] = SIMD_ATANH_TERMS;
  const simd_vec z = simd_exp_negative(simd_negative_abs(x));
  const simd_vec s = simd_div(z, simd_add(z, simd_set(2)));
  const simd_vec s2 = simd_mul(s, s);
  const simd_vec half = simd_fma(simd_mul(s, s2), SIMD_POLYNOMIAL(kTerms, s2), s);
  return simd_fma(half, simd_set(2), simd_at_least(simd_zero(), x));
}

/// x / (1 + |x|).
SIMD_INLINE simd_vec simd_softsign(simd_vec x) {
  // Bounded, so that infinities give their limits.
  const simd_vec a = simd_at_most(simd_set((simd_real)1e30), simd_abs(x));
  return simd_xor_sign(simd_div(a, simd_add(a, simd_set(1))), x);
}

#if !OLSTM_SIMD_DOUBLE
SIMD_INLINE simd_vec simd_erf(simd_vec x) {
  // Near 0: x + x * p(x^2), relative error 1.2e-8. Else 1 - exp(-q(|x|)), where q is a
  // fit of -log(erfc) with an error of 1.7e-9 in erf; from 4 on erf is 1.
  static const simd_real kNear[] = {0.128379151f,   -0.376125246f,  0.112821408f,
                                    -0.0267789122f, 0.00501196645f, -0.000609038466f};
  static const simd_real kFar[] = {0.000166447775f, 1.12779725f,    0.636976063f,
                                   0.104113676f,    -0.0223152135f, 0.00306549016f,
                                   -0.00019821966f};
  const simd_vec a = simd_at_most(simd_set(4), simd_abs(x));
  const simd_vec x2 = simd_mul(a, a);
  const simd_vec near = simd_fma(a, SIMD_POLYNOMIAL(kNear, x2), a);
  const simd_vec q = SIMD_POLYNOMIAL(kFar, simd_at_least(simd_set(0.9f), a));
  const simd_vec far = simd_one_minus_exp(simd_negate(q));
  return simd_xor_sign(simd_select_lt(a, simd_set(0.9f), near, far), x);
}
#endif

#endif  // OLSTM_OP_MATH_SIMD_MATH_H_
