// Sums are made of a fixed number of partial sums, so that they vectorise and depend on
// the row alone.
#include "op/normalize/norm_row.h"

#include <math.h>

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

olstm__row_stats olstm__norm_row_measure(olstm_dtype dtype, int64_t count, const void* x,
                                         double epsilon, bool centres) {
  const double mean = centres ? sum_row(dtype, count, x, 0, false) / (double)count : 0.0;
  const double variance = sum_row(dtype, count, x, mean, true) / (double)count;
  return (olstm__row_stats){mean, 1 / sqrt(variance + epsilon)};
}

static void load_operand(const olstm__row_operand* operand, int64_t begin, int64_t count,
                         double* block) {
  const size_t element_bytes = olstm_dtype_size(operand->dtype);
  olstm__compute_load(
      OLSTM__COMPUTE_F64, operand->dtype, operand->step ? count : 1,
      (const char*)operand->data + (size_t)(begin * operand->step) * element_bytes,
      block);
}

void olstm__norm_row_apply(olstm_dtype dtype, int64_t count, const void* x,
                           const olstm__row_stats* stats, const olstm__row_operand* scale,
                           const olstm__row_operand* shift, void* y) {
  const size_t element_bytes = olstm_dtype_size(dtype);
  double block[OLSTM__COMPUTE_BLOCK];
  double other[OLSTM__COMPUTE_BLOCK];
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
