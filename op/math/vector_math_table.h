// vector_math.h's functions as compiled for each kind of CPU.
#ifndef OLSTM_OP_MATH_VECTOR_MATH_TABLE_H_
#define OLSTM_OP_MATH_VECTOR_MATH_TABLE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct olstm__vector_math_table {
  /// `shift` is taken from each argument, by exp alone.
  void (*exp)(size_t count, const float* x, float shift, float* y);
  void (*sigmoid)(size_t count, const float* x, float shift, float* y);
  void (*tanh)(size_t count, const float* x, float shift, float* y);
  void (*erf)(size_t count, const float* x, float shift, float* y);
  void (*softmax_rows)(bool is_log, int64_t rows, int64_t count, const float* x,
                       float* y);
  void (*softmax_columns)(bool is_log, int64_t rows, int64_t columns, const float* x,
                          float* y);
} olstm__vector_math_table;

extern const olstm__vector_math_table olstm__vector_math_f32_plain;
extern const olstm__vector_math_table olstm__vector_math_f32_avx2;
extern const olstm__vector_math_table olstm__vector_math_f32_avx512;

/// Of doubles, where vectors are worth it.
typedef struct olstm__double_math_table {
  void (*exp)(size_t count, const double* x, double* y);
  void (*sigmoid)(size_t count, const double* x, double* y);
  void (*tanh)(size_t count, const double* x, double* y);
  void (*sin)(size_t count, const double* x, double* y);
  void (*cos)(size_t count, const double* x, double* y);
} olstm__double_math_table;

extern const olstm__double_math_table olstm__double_math_f64_avx2;

#endif  // OLSTM_OP_MATH_VECTOR_MATH_TABLE_H_
