// A function of one float against an exact one, over the floats.
#ifndef OLSTM_TESTS_SUPPORT_FLOAT_SWEEP_H_
#define OLSTM_TESTS_SUPPORT_FLOAT_SWEEP_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Prime to the powers of two, so that all mantissas are mixed: for quick tests.
enum { FLOAT_SWEEP_QUICK = 4093 };

/// Most floats that a function gets at once.
enum { FLOAT_SWEEP_BATCH = 4096 };

typedef struct float_function {
  const char* name;
  /// y[i] = f(x[i]).
  void (*vector)(size_t count, const float* x, float* y);
  double (*exact)(double x);
  /// The largest error allowed, in units in the last place of the exact result.
  double ulps;
} float_function;

/// 1 / (1 + exp(-x)).
double float_sweep_sigmoid(double x);

/// Fails unless the error is small enough for all floats whose bits are a multiple of
/// `step`: signs and subnormals included; with NaN and infinities where `with_special`.
/// Prints the largest.
void float_sweep(const float_function* function, uint64_t step, bool with_special);

#endif  // OLSTM_TESTS_SUPPORT_FLOAT_SWEEP_H_
