// Sums are made of a fixed number of partial sums, so that they vectorise and depend on
// the row alone.
#include "op/normalize/norm_row.h"

#include <math.h>

#include "op/math/float_fold.h"

enum { kPartialSums = 8 };

static double add_partial_sums(const double* sums) {
  double sum = 0;
  for (int s = 0; s < kPartialSums; s++) sum += sums[s];
  return sum;
}

/// The sum of the elements, or of the squares of their distances from `centre`.
static double sum_row(olstm_dtype dtype, int64_t count, const void* x, double centre,
                      bool squares) {
  const size_t element_bytes = olstm_dtype_size(dtype);
  double sums[kPartialSums] = {0};
  double block[OLSTM__COMPUTE_BLOCK];
  for (int64_t begin = 0; begin < count; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t size = olstm__compute_block_size(count - begin);
    olstm__compute_load(OLSTM__COMPUTE_F64, dtype, size,
                        (const char*)x + (size_t)begin * element_bytes, block);
    if (squares) {
      for (int64_t i = 0; i < size; i++) {
        block[i] = (block[i] - centre) * (block[i] - centre);
      }
    }
    int64_t i = 0;
    for (; i + kPartialSums <= size; i += kPartialSums) {
      for (int s = 0; s < kPartialSums; s++) sums[s] += block[i + s];
    }
    for (int s = 0; i < size; i++, s++) sums[s] += block[i];
  }
  return add_partial_sums(sums);
}

/// Floats, by vectors. Step by step for all rows: what one waits for does not keep
/// others.
static void measure_floats(int64_t rows, int64_t count, const float* x, double epsilon,
                           bool centres, olstm__row_stats* stats) {
  const olstm__float_fold* fold = olstm__float_fold_get();
  double sums[OLSTM__NORM_ROWS] = {0};
  if (centres) fold->rows[OLSTM__FOLD_SUM](rows, count, count, x, 0, sums);
  for (int64_t r = 0; r < rows; r++) stats[r].mean = sums[r] / (double)count;
  for (int64_t r = 0; r < rows; r++) {
    fold->rows[OLSTM__FOLD_DEVIATION](1, 0, count, x + r * count, stats[r].mean,
                                      &sums[r]);
  }
  for (int64_t r = 0; r < rows; r++) {
    stats[r].inverse_deviation = 1 / sqrt(sums[r] / (double)count + epsilon);
  }
}

void olstm__norm_rows_measure(olstm_dtype dtype, int64_t rows, int64_t count,
                              const void* x, double epsilon, bool centres,
                              olstm__row_stats* out_stats) {
  if (dtype == OLSTM_DTYPE_FLOAT) {
    measure_floats(rows, count, x, epsilon, centres, out_stats);
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    const char* row = (const char*)x + (size_t)(r * count) * olstm_dtype_size(dtype);
    const double mean =
        centres ? sum_row(dtype, count, row, 0, false) / (double)count : 0.0;
    const double variance = sum_row(dtype, count, row, mean, true) / (double)count;
    out_stats[r] = (olstm__row_stats){mean, 1 / sqrt(variance + epsilon)};
  }
}

static void load_operand(const olstm__row_operand* operand, int64_t begin, int64_t count,
                         double* block) {
  const size_t element_bytes = olstm_dtype_size(operand->dtype);
  olstm__compute_load(
      OLSTM__COMPUTE_F64, operand->dtype, operand->step ? count : 1,
      (const char*)operand->data + (size_t)(begin * operand->step) * element_bytes,
      block);
}

/// The operand's value for the whole row, or `none` where there is no operand.
static float get_single(const olstm__row_operand* operand, float none) {
  return operand->data ? *(const float*)operand->data : none;
}

static bool is_single(const olstm__row_operand* operand) {
  return !operand->data || (operand->step == 0 && operand->dtype == OLSTM_DTYPE_FLOAT);
}

/// Floats by float operands, of a row each or one for all; false for others.
static bool apply_floats(int64_t count, const float* x, const olstm__row_stats* stats,
                         const olstm__row_operand* scale, const olstm__row_operand* shift,
                         float* y) {
  const float mean = (float)stats->mean;
  const float inverse = (float)stats->inverse_deviation;
  if (is_single(scale) && is_single(shift)) {
    const float factor = inverse * get_single(scale, 1);
    const float summand = get_single(shift, 0);
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] = (x[i] - mean) * factor + summand;
    return true;
  }
  if (scale->dtype != OLSTM_DTYPE_FLOAT || !scale->data || scale->step == 0) return false;
  const float* factors = scale->data;
  if (!shift->data) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] = (x[i] - mean) * inverse * factors[i];
    return true;
  }
  if (shift->dtype != OLSTM_DTYPE_FLOAT || shift->step == 0) return false;
  const float* summands = shift->data;
#pragma omp simd
  for (int64_t i = 0; i < count; i++) {
    y[i] = (x[i] - mean) * inverse * factors[i] + summands[i];
  }
  return true;
}

void olstm__norm_row_apply(olstm_dtype dtype, int64_t count, const void* x,
                           const olstm__row_stats* stats, const olstm__row_operand* scale,
                           const olstm__row_operand* shift, void* y) {
  const size_t element_bytes = olstm_dtype_size(dtype);
  double block[OLSTM__COMPUTE_BLOCK];
  double other[OLSTM__COMPUTE_BLOCK];
  if (dtype == OLSTM_DTYPE_FLOAT && apply_floats(count, x, stats, scale, shift, y)) {
    return;
  }
  for (int64_t begin = 0; begin < count; begin += OLSTM__COMPUTE_BLOCK) {
    const int64_t size = olstm__compute_block_size(count - begin);
    const size_t offset = (size_t)begin * element_bytes;
    olstm__compute_load(OLSTM__COMPUTE_F64, dtype, size, (const char*)x + offset, block);
    for (int64_t i = 0; i < size; i++) {
      block[i] = (block[i] - stats->mean) * stats->inverse_deviation;
    }
    if (scale->data) {
      load_operand(scale, begin, size, other);
      for (int64_t i = 0; i < size; i++) block[i] *= other[i * scale->step];
    }
    if (shift->data) {
      load_operand(shift, begin, size, other);
      for (int64_t i = 0; i < size; i++) block[i] += other[i * shift->step];
    }
    olstm__compute_store(OLSTM__COMPUTE_F64, dtype, size, block, (char*)y + offset);
  }
}
