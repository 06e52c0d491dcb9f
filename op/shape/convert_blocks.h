// The steps that conversions between dtypes are made of, compiled for each kind of CPU.
#ifndef OLSTM_OP_SHAPE_CONVERT_BLOCKS_H_
#define OLSTM_OP_SHAPE_CONVERT_BLOCKS_H_

#include <stddef.h>

/// Elements that a step takes at a time.
enum { OLSTM__CONVERT_GROUP = 16 };

/// Converts `groups` (1 or more) groups of elements. x and y do not overlap. [no-alloc]
typedef void (*olstm__convert_blocks)(size_t groups, const void* x, void* y);

/// What a step reads and writes. An integer's sign matters where it is widened alone;
/// SAT8, SATU8, ...: int32 saturated to that width. ODD: float, rounded to odd; from
/// integers, of at most as many groups as a block has.
/// X(name, bytes of an element of x, of y)
#define OLSTM__CONVERT_STEPS(X) \
  X(I8_TO_I32, 1, 4)            \
  X(U8_TO_I32, 1, 4)            \
  X(I16_TO_I32, 2, 4)           \
  X(U16_TO_I32, 2, 4)           \
  X(BOOL_TO_I32, 1, 4)          \
  X(U32_TO_I64, 4, 8)           \
  X(U32_TO_F32, 4, 4)           \
  X(U32_TO_ODD, 4, 4)           \
  X(F16_TO_F32, 2, 4)           \
  X(BF16_TO_F32, 2, 4)          \
  X(I32_TO_I64, 4, 8)           \
  X(I32_TO_F32, 4, 4)           \
  X(I32_TO_F64, 4, 8)           \
  X(I32_TO_ODD, 4, 4)           \
  X(I64_TO_I32, 8, 4)           \
  X(I64_TO_F32, 8, 4)           \
  X(I64_TO_F64, 8, 8)           \
  X(U64_TO_F32, 8, 4)           \
  X(U64_TO_F64, 8, 8)           \
  X(F32_TO_F64, 4, 8)           \
  X(F32_TO_I32, 4, 4)           \
  X(F32_TO_U32, 4, 4)           \
  X(F32_TO_I64, 4, 8)           \
  X(F64_TO_F32, 8, 4)           \
  X(F64_TO_ODD, 8, 4)           \
  X(F64_TO_I32, 8, 4)           \
  X(F64_TO_I64, 8, 8)           \
  X(F64_TO_U32, 8, 4)           \
  X(F64_TO_U64, 8, 8)           \
  X(I8_TO_16, 1, 2)             \
  X(U8_TO_16, 1, 2)             \
  X(I16_TO_8, 2, 1)             \
  X(I32_TO_8, 4, 1)             \
  X(I32_TO_16, 4, 2)            \
  X(I32_TO_SAT8, 4, 1)          \
  X(I32_TO_SATU8, 4, 1)         \
  X(I32_TO_SAT16, 4, 2)         \
  X(I32_TO_SATU16, 4, 2)        \
  X(I8_TO_BOOL, 1, 1)           \
  X(I16_TO_BOOL, 2, 1)          \
  X(I32_TO_BOOL, 4, 1)          \
  X(I64_TO_BOOL, 8, 1)          \
  X(F32_TO_BOOL, 4, 1)          \
  X(F64_TO_BOOL, 8, 1)          \
  X(F32_TO_F16, 4, 2)           \
  X(F32_TO_BF16, 4, 2)

typedef enum olstm__convert_step {
#define OLSTM__CONVERT_NAME(name, x_bytes, y_bytes) OLSTM__CONVERT_##name,
  OLSTM__CONVERT_STEPS(OLSTM__CONVERT_NAME)
#undef OLSTM__CONVERT_NAME
      OLSTM__CONVERT_STEP_COUNT
} olstm__convert_step;

extern const olstm__convert_blocks
    olstm__convert_blocks_f32_plain[OLSTM__CONVERT_STEP_COUNT];
extern const olstm__convert_blocks
    olstm__convert_blocks_f32_avx2[OLSTM__CONVERT_STEP_COUNT];

#endif  // OLSTM_OP_SHAPE_CONVERT_BLOCKS_H_
