// Loops between floats and integers of 8 and 16 bits over groups of elements, compiled
// for each kind of CPU; quantize_bytes.h runs them over arrays of any length.
#ifndef OLSTM_OP_QUANTIZE_QUANTIZE_BLOCKS_H_
#define OLSTM_OP_QUANTIZE_QUANTIZE_BLOCKS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Elements that a loop takes at a time.
enum { OLSTM__QUANTIZE_GROUP = 16 };

/// Scales and zero points: step is the group's size, or 0 where all elements have those
/// of one group (quantize: each row one scale and one zero point).
typedef struct olstm__quantize_scales {
  const float *scales, *zeros;
  size_t step;
  float least, most;
  /// Of an integer: 1 or 2.
  size_t bytes;
} olstm__quantize_scales;

/// A group of factors, or several, as `step` says: finite ones, and the same as floats.
typedef struct olstm__quantize_factors {
  const double* values;
  const float* floats;
  size_t step;
} olstm__quantize_factors;

typedef struct olstm__quantize_range {
  double zero, least, most;
  /// What is added to every x, which wraps; and whether those are held in floats.
  uint32_t bias;
  bool is_float;
} olstm__quantize_range;

typedef struct olstm__quantize_table {
  /// y = round(x / scale) + zero, from `least` to `most`, for rows of so many groups; 0
  /// for NaN.
  void (*quantize)(size_t rows, size_t groups, const float* x,
                   const olstm__quantize_scales* by, void* y);
  /// y = (x - zero) * scale.
  void (*dequantize_u8)(size_t groups, const void* x, const olstm__quantize_scales* by,
                        float* y);
  void (*dequantize_i8)(size_t groups, const void* x, const olstm__quantize_scales* by,
                        float* y);
  void (*dequantize_u16)(size_t groups, const void* x, const olstm__quantize_scales* by,
                         float* y);
  void (*dequantize_i16)(size_t groups, const void* x, const olstm__quantize_scales* by,
                         float* y);
  void (*dequantize_i32)(size_t groups, const void* x, const olstm__quantize_scales* by,
                         float* y);
  /// Lowers *least and raises *most to those of x. The sum of what is given in `probe`
  /// and 0 times every x is not 0 where one is no finite number.
  void (*find_range)(size_t groups, const float* x, float* least, float* most,
                     float* probe);
  /// y = round((x + bias) * factor) + zero, from `least` to `most`, as a byte.
  void (*requantize)(size_t groups, const void* x, const olstm__quantize_factors* factors,
                     const olstm__quantize_range* range, uint8_t* y);
} olstm__quantize_table;

extern const olstm__quantize_table olstm__quantize_blocks_f32_plain;
extern const olstm__quantize_table olstm__quantize_blocks_f32_avx2;

#endif  // OLSTM_OP_QUANTIZE_QUANTIZE_BLOCKS_H_
