// Whether a result is what it should be: numpy.testing.assert_allclose, in C.
#ifndef OLSTM_TOOLS_TENSOR_MATCH_H_
#define OLSTM_TOOLS_TENSOR_MATCH_H_

#include "olstm/status.h"
#include "olstm/tensor.h"

/// |actual - expected| <= atol + rtol * |expected|.
typedef struct olstm__tolerance {
  double rtol;
  double atol;
  /// How far 8-bit integers may be off: 1 where runtimes may round what is all but a tie
  /// either way.
  int32_t bytes;
} olstm__tolerance;

/// How far a result is off at most, over elements that are finite: |actual - expected|,
/// and that by |expected| where it is not 0.
typedef struct olstm__match_errors {
  double absolute;
  double relative;
} olstm__match_errors;

/// Adds those of a pair of tensors of one dtype and shape; other pairs add nothing.
void olstm__match_errors_add(const olstm_tensor* actual, const olstm_tensor* expected,
                             olstm__match_errors* errors);

/// Compares dtype, shape and elements. Integers (but for the bytes of a tolerance) and
/// bools must be equal; NaN equals NaN, an infinity itself; float16 and bfloat16 may be
/// off by one unit in the last place. When they differ, out_reason says how, with the
/// worst element.
bool olstm__tensor_match(const olstm_tensor* actual, const olstm_tensor* expected,
                         const olstm__tolerance* tolerance, olstm_error* out_reason);

#endif  // OLSTM_TOOLS_TENSOR_MATCH_H_
