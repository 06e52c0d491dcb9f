// Real numbers of any of the four dtypes (FLOAT, DOUBLE, FLOAT16, BFLOAT16) as double.
// Stored values are rounded once, to nearest, ties to even; NaN stays NaN.
#ifndef OLSTM_OP_MATH_REAL_H_
#define OLSTM_OP_MATH_REAL_H_

#include "olstm/tensor.h"
#include "op/math/half.h"

/// double -> float, rounded to odd: rounding the result to 16 bits then gives the same as
/// rounding once.
static inline float olstm__double_to_odd_float(double value) {
  const float nearest = (float)value;
  if ((double)nearest == value || value != value) return nearest;
  const double absolute = value < 0 ? -value : value;
  uint32_t bits = olstm__float_bits(nearest);
  const uint32_t sign = bits & 0x80000000U;
  bits &= 0x7FFFFFFFU;
  if ((double)olstm__float_from_bits(bits) > absolute) bits--;
  return olstm__float_from_bits(sign | bits | 1U);
}

/// double -> the 16-bit formats, rounded once.
static inline uint16_t olstm__double_to_float16(double value) {
  return olstm__float_to_float16(olstm__double_to_odd_float(value));
}

static inline uint16_t olstm__double_to_bfloat16(double value) {
  return olstm__float_to_bfloat16(olstm__double_to_odd_float(value));
}

/// Element `index` of an array of FLOAT, DOUBLE, FLOAT16 or BFLOAT16: exact.
static inline double olstm__real_load(olstm_dtype dtype, const void* data,
                                      int64_t index) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      return ((const float*)data)[index];
    case OLSTM_DTYPE_FLOAT16:
      return olstm__float16_to_float(((const uint16_t*)data)[index]);
    case OLSTM_DTYPE_BFLOAT16:
      return olstm__bfloat16_to_float(((const uint16_t*)data)[index]);
    default:
      return ((const double*)data)[index];
  }
}

/// Stores element `index`, rounded once.
static inline void olstm__real_store(olstm_dtype dtype, void* data, int64_t index,
                                     double value) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      ((float*)data)[index] = (float)value;
      break;
    case OLSTM_DTYPE_FLOAT16:
      ((uint16_t*)data)[index] = olstm__double_to_float16(value);
      break;
    case OLSTM_DTYPE_BFLOAT16:
      ((uint16_t*)data)[index] = olstm__double_to_bfloat16(value);
      break;
    default:
      ((double*)data)[index] = value;
  }
}

/// `value` rounded to dtype.
static inline double olstm__real_round(olstm_dtype dtype, double value) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      return (float)value;
    case OLSTM_DTYPE_FLOAT16:
      return olstm__float16_to_float(olstm__double_to_float16(value));
    case OLSTM_DTYPE_BFLOAT16:
      return olstm__bfloat16_to_float(olstm__double_to_bfloat16(value));
    default:
      return value;
  }
}

#endif  // OLSTM_OP_MATH_REAL_H_
