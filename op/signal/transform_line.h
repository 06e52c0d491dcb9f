// Lines of complex numbers between tensors of any real dtype and the doubles that are
// transformed.
#ifndef OLSTM_OP_SIGNAL_TRANSFORM_LINE_H_
#define OLSTM_OP_SIGNAL_TRANSFORM_LINE_H_

#include "op/shape/convert.h"
#include "op/signal/fourier.h"

/// Numbers of a tensor that stand `step` elements apart, each of `parts` elements (1:
/// real, 2: real and imaginary).
typedef struct olstm__signal_line {
  olstm_dtype dtype;
  int64_t step;
  int32_t parts;
} olstm__signal_line;

static inline double olstm__signal_load(olstm_dtype dtype, const void* data, int64_t at) {
  double value = 0;
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      return ((const float*)data)[at];
    case OLSTM_DTYPE_DOUBLE:
      return ((const double*)data)[at];
    default:
      olstm__convert(dtype, OLSTM_DTYPE_DOUBLE, (const uint16_t*)data + at, &value, 1);
      return value;
  }
}

static inline void olstm__signal_store(olstm_dtype dtype, double value, void* data,
                                       int64_t at) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      ((float*)data)[at] = (float)value;
      break;
    case OLSTM_DTYPE_DOUBLE:
      ((double*)data)[at] = value;
      break;
    default:
      olstm__convert(OLSTM_DTYPE_DOUBLE, dtype, &value, (uint16_t*)data + at, 1);
  }
}

/// Units of work (op/op_work.h) of a line of `count` numbers: read, transformed, written.
static inline uint64_t olstm__signal_line_work(olstm_dtype dtype, int64_t count) {
  enum { kUnitsPerLine = 128, kUnitsPerNumber = 48, kUnitsPerHalf = 800 };
  const bool is_half = dtype != OLSTM_DTYPE_FLOAT && dtype != OLSTM_DTYPE_DOUBLE;
  return olstm__fourier_work(count) + kUnitsPerLine +
         (uint64_t)count * (is_half ? kUnitsPerHalf : kUnitsPerNumber);
}

/// Reads `count` numbers from element `first` on as pairs.
static inline void olstm__signal_read_line(const olstm__signal_line* line,
                                           const void* data, int64_t first, int64_t count,
                                           double* pairs) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t at = first + i * line->step;
    pairs[2 * i] = olstm__signal_load(line->dtype, data, at);
    pairs[2 * i + 1] =
        line->parts == 2 ? olstm__signal_load(line->dtype, data, at + 1) : 0;
  }
}

/// Writes `count` pairs, times `scale`.
static inline void olstm__signal_write_line(const olstm__signal_line* line,
                                            const double* pairs, double scale,
                                            int64_t first, int64_t count, void* data) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t at = first + i * line->step;
    olstm__signal_store(line->dtype, pairs[2 * i] * scale, data, at);
    olstm__signal_store(line->dtype, pairs[2 * i + 1] * scale, data, at + 1);
  }
}

#endif  // OLSTM_OP_SIGNAL_TRANSFORM_LINE_H_
