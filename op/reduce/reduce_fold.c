// Every reduction is a map of the elements (|x|, x*x, exp), then a sum, product, maximum
// or minimum, then a map of the result.
#include "op/reduce/reduce_fold.h"

#include <math.h>

enum { kPartialSums = 8 };

/// Least and largest value of an integer dtype, for the maximum and minimum of nothing.
typedef struct integer_range {
  int64_t least;
  uint64_t most;
} integer_range;

static integer_range range_of(olstm_dtype dtype) {
  switch (dtype) {
    case OLSTM_DTYPE_BOOL:
      return (integer_range){0, 1};
    case OLSTM_DTYPE_UINT8:
      return (integer_range){0, UINT8_MAX};
    case OLSTM_DTYPE_INT8:
      return (integer_range){INT8_MIN, INT8_MAX};
    case OLSTM_DTYPE_UINT16:
      return (integer_range){0, UINT16_MAX};
    case OLSTM_DTYPE_INT16:
      return (integer_range){INT16_MIN, INT16_MAX};
    case OLSTM_DTYPE_UINT32:
      return (integer_range){0, UINT32_MAX};
    case OLSTM_DTYPE_INT32:
      return (integer_range){INT32_MIN, INT32_MAX};
    case OLSTM_DTYPE_UINT64:
      return (integer_range){0, UINT64_MAX};
    default:
      return (integer_range){INT64_MIN, INT64_MAX};
  }
}

static void map_F64(olstm__reduce_code code, int64_t count, double* values,
                    const double* shifts, int64_t shift_step) {
  switch (code) {
    case OLSTM__REDUCE_L1:
      for (int64_t i = 0; i < count; i++) values[i] = fabs(values[i]);
      return;
    case OLSTM__REDUCE_L2:
    case OLSTM__REDUCE_SUM_SQUARE:
      for (int64_t i = 0; i < count; i++) values[i] *= values[i];
      return;
    case OLSTM__REDUCE_LOG_SUM_EXP:
      for (int64_t i = 0; i < count; i++) {
        values[i] = exp(values[i] - shifts[i * shift_step]);
      }
      return;
    default:
      return;
  }
}

/// Integers have L1 and squares; other maps are computed in double.
static void map_I64(olstm__reduce_code code, int64_t count, int64_t* values,
                    const int64_t* shifts, int64_t shift_step) {
  if (code == OLSTM__REDUCE_L1) {
    for (int64_t i = 0; i < count; i++) {
      values[i] = (int64_t)(values[i] < 0 ? UINT64_C(0) - (uint64_t)values[i]
                                          : (uint64_t)values[i]);
    }
    return;
  }
  (void)shifts;
  (void)shift_step;
  if (code != OLSTM__REDUCE_SUM_SQUARE) return;
  for (int64_t i = 0; i < count; i++) {
    values[i] = (int64_t)((uint64_t)values[i] * (uint64_t)values[i]);
  }
}

/// Extremes of doubles, and of nothing else: those of integers are reduce_most's.
static void take_extremes(olstm__reduce_code code, int64_t count, const double* values,
                          double* totals, int64_t total_step) {
  const bool wants_most = code == OLSTM__REDUCE_MAX;
  for (int64_t j = 0; j < count; j++) {
    const double value = values[j];
    double* total = &totals[j * total_step];
    const bool beats = wants_most ? value > *total : value < *total;
    if (beats || value != value) *total = value;
  }
}

static bool is_extreme(olstm__reduce_code code) {
  return code == OLSTM__REDUCE_MAX || code == OLSTM__REDUCE_MIN;
}

// `wide` is the type that sums and products wrap in. Partial sums have variables of their
// own, which compilers keep in registers.
#define TAKE(NAME, type, wide)                                                        \
  static void take_columns_##NAME(olstm__reduce_code code, int64_t count, void* data, \
                                  const void* shifts, void* totals_data) {            \
    type* values = data;                                                              \
    type* totals = totals_data;                                                       \
    map_##NAME(code, count, values, shifts, 1);                                       \
    if (is_extreme(code)) {                                                           \
      take_extremes(code, count, data, totals_data, 1);                               \
    } else if (code == OLSTM__REDUCE_PROD) {                                          \
      for (int64_t j = 0; j < count; j++) {                                           \
        totals[j] = (type)((wide)totals[j] * (wide)values[j]);                        \
      }                                                                               \
    } else {                                                                          \
      for (int64_t j = 0; j < count; j++) {                                           \
        totals[j] = (type)((wide)totals[j] + (wide)values[j]);                        \
      }                                                                               \
    }                                                                                 \
  }                                                                                   \
  static void take_run_##NAME(olstm__reduce_code code, int64_t count, void* data,     \
                              const void* shift, void* total_data) {                  \
    type* values = data;                                                              \
    type* total = total_data;                                                         \
    int64_t i = 0;                                                                    \
    if (is_extreme(code)) {                                                           \
      take_extremes(code, count, data, total_data, 0);                                \
      return;                                                                         \
    }                                                                                 \
    if (code == OLSTM__REDUCE_PROD) {                                                 \
      for (; i < count; i++) *total = (type)((wide)*total * (wide)values[i]);         \
      return;                                                                         \
    }                                                                                 \
    map_##NAME(code, count, values, shift, 0);                                        \
    type a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;                      \
    for (; i + kPartialSums <= count; i += kPartialSums) {                            \
      a = (type)((wide)a + (wide)values[i]);                                          \
      b = (type)((wide)b + (wide)values[i + 1]);                                      \
      c = (type)((wide)c + (wide)values[i + 2]);                                      \
      d = (type)((wide)d + (wide)values[i + 3]);                                      \
      e = (type)((wide)e + (wide)values[i + 4]);                                      \
      f = (type)((wide)f + (wide)values[i + 5]);                                      \
      g = (type)((wide)g + (wide)values[i + 6]);                                      \
      h = (type)((wide)h + (wide)values[i + 7]);                                      \
    }                                                                                 \
    type sums[kPartialSums] = {a, b, c, d, e, f, g, h};                               \
    for (int64_t s = 0; i < count; i++, s++) {                                        \
      sums[s] = (type)((wide)sums[s] + (wide)values[i]);                              \
    }                                                                                 \
    for (int64_t s = 0; s < kPartialSums; s++) {                                      \
      *total = (type)((wide)*total + (wide)sums[s]);                                  \
    }                                                                                 \
  }
TAKE(F64, double, double)
// Sums and products of unsigned ones, too: they wrap alike.
TAKE(I64, int64_t, uint64_t)

#define BEGIN(NAME, type, least, most)                                                \
  static void begin_##NAME(olstm__reduce_code code, olstm_dtype dtype, int64_t count, \
                           void* data) {                                              \
    type* totals = data;                                                              \
    const integer_range range = range_of(dtype);                                      \
    const type first = code == OLSTM__REDUCE_PROD  ? 1                                \
                       : code == OLSTM__REDUCE_MAX ? (type)(least)                    \
                       : code == OLSTM__REDUCE_MIN ? (type)(most)                     \
                                                   : 0;                               \
    (void)range;                                                                      \
    for (int64_t j = 0; j < count; j++) totals[j] = first;                            \
  }
BEGIN(F64, double, -INFINITY, INFINITY)
BEGIN(I64, int64_t, range.least, range.most)
BEGIN(U64, uint64_t, range.least, range.most)

static void end_F64(olstm__reduce_code code, int64_t set_count, int64_t count,
                    const void* shift_data, void* data) {
  const double* shifts = shift_data;
  double* totals = data;
  for (int64_t j = 0; j < count; j++) {
    switch (code) {
      case OLSTM__REDUCE_MEAN:
        totals[j] /= (double)set_count;
        break;
      case OLSTM__REDUCE_L2:
        totals[j] = sqrt(totals[j]);
        break;
      case OLSTM__REDUCE_LOG_SUM:
        totals[j] = log(totals[j]);
        break;
      case OLSTM__REDUCE_LOG_SUM_EXP:
        totals[j] = log(totals[j]) + shifts[j];
        break;
      default:
        return;
    }
  }
}

// The mean of no integers is 0.
#define END(NAME, type)                                                             \
  static void end_##NAME(olstm__reduce_code code, int64_t set_count, int64_t count, \
                         const void* shifts, void* data) {                          \
    type* totals = data;                                                            \
    (void)shifts;                                                                   \
    if (code != OLSTM__REDUCE_MEAN || set_count == 0) return;                       \
    for (int64_t j = 0; j < count; j++) totals[j] /= (type)set_count;               \
  }
END(I64, int64_t)
END(U64, uint64_t)

#define FOLD(NAME, TAKEN)                                                                \
  static const olstm__reduce_fold kFold##NAME = {OLSTM__COMPUTE_##NAME, begin_##NAME,    \
                                                 take_columns_##TAKEN, take_run_##TAKEN, \
                                                 end_##NAME};
FOLD(F64, F64)
FOLD(I64, I64)
FOLD(U64, I64)

const olstm__reduce_fold* olstm__reduce_fold_find(olstm__reduce_code code,
                                                  olstm_dtype dtype) {
  const olstm__compute_type compute_type = olstm__compute_type_of(dtype);
  const bool is_real =
      compute_type == OLSTM__COMPUTE_F32 || compute_type == OLSTM__COMPUTE_F64;
  if (is_real || code == OLSTM__REDUCE_L2 || code == OLSTM__REDUCE_LOG_SUM ||
      code == OLSTM__REDUCE_LOG_SUM_EXP) {
    return &kFoldF64;
  }
  return compute_type == OLSTM__COMPUTE_U64 ? &kFoldU64 : &kFoldI64;
}
