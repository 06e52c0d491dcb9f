// Loops over groups of elements, compiled for each kind of CPU. Their length is known, so
// that compilers make them vectors and nothing else; element_groups.h runs them over
// arrays of any length.
#ifndef OLSTM_OP_ELEMENTWISE_ELEMENT_BLOCKS_H_
#define OLSTM_OP_ELEMENTWISE_ELEMENT_BLOCKS_H_

#include <stddef.h>
#include <stdint.h>

/// Elements that a loop takes at a time.
enum { OLSTM__GROUP = 16 };

/// Computes `groups` (1 or more) groups of y. Steps are elements from one group of an
/// operand to the next: OLSTM__GROUP, or 0 for an operand that is one number, of which a
/// group was made. y may be an operand. [no-alloc]
typedef void (*olstm__binary_blocks)(size_t groups, const void* a, size_t a_step,
                                     const void* b, size_t b_step, void* y);
typedef void (*olstm__unary_blocks)(size_t groups, const void* x, void* y);
/// y = mask ? a : b.
typedef void (*olstm__where_blocks)(size_t groups, const uint8_t* mask, size_t mask_step,
                                    const void* a, size_t a_step, const void* b,
                                    size_t b_step, void* y);

/// X(name, bytes of an operand's element, bytes of y's). I8 and U8 are bytes as they are
/// stored; BOOL takes every byte but 0 for true. Quotients and rests by 0 are 0; the
/// least integer divided by -1 wraps. Operands of shifts have no sign. SAME_SIZE: whether
/// |p| is q.
#define OLSTM__BINARY_BLOCKS(X) \
  X(ADD_F32, 4, 4)              \
  X(ADD_F64, 8, 8)              \
  X(ADD_I32, 4, 4)              \
  X(ADD_I64, 8, 8)              \
  X(SUB_F32, 4, 4)              \
  X(SUB_F64, 8, 8)              \
  X(SUB_I32, 4, 4)              \
  X(SUB_I64, 8, 8)              \
  X(MUL_F32, 4, 4)              \
  X(MUL_F64, 8, 8)              \
  X(MUL_I32, 4, 4)              \
  X(MUL_I64, 8, 8)              \
  X(DIV_F32, 4, 4)              \
  X(DIV_F64, 8, 8)              \
  X(PRELU_F32, 4, 4)            \
  X(PRELU_F64, 8, 8)            \
  X(MIN_F32, 4, 4)              \
  X(MIN_F64, 8, 8)              \
  X(MIN_I32, 4, 4)              \
  X(MIN_I64, 8, 8)              \
  X(MAX_F32, 4, 4)              \
  X(MAX_F64, 8, 8)              \
  X(MAX_I32, 4, 4)              \
  X(MAX_I64, 8, 8)              \
  X(ADD_U8, 1, 1)               \
  X(SUB_U8, 1, 1)               \
  X(MUL_U8, 1, 1)               \
  X(MIN_I8, 1, 1)               \
  X(MIN_U8, 1, 1)               \
  X(MAX_I8, 1, 1)               \
  X(MAX_U8, 1, 1)               \
  X(LESS_F32, 4, 1)             \
  X(LESS_F64, 8, 1)             \
  X(LESS_I32, 4, 1)             \
  X(LESS_I64, 8, 1)             \
  X(NO_MORE_F32, 4, 1)          \
  X(NO_MORE_F64, 8, 1)          \
  X(NO_MORE_I32, 4, 1)          \
  X(NO_MORE_I64, 8, 1)          \
  X(EQUAL_F32, 4, 1)            \
  X(EQUAL_F64, 8, 1)            \
  X(EQUAL_I32, 4, 1)            \
  X(EQUAL_I64, 8, 1)            \
  X(SAME_SIZE_F32, 4, 1)        \
  X(SAME_SIZE_F64, 8, 1)        \
  X(DIV_I32, 4, 4)              \
  X(MOD_I32, 4, 4)              \
  X(FMOD_I32, 4, 4)             \
  X(FMOD_F64, 8, 8)             \
  X(SHIFT_LEFT_I32, 4, 4)       \
  X(SHIFT_LEFT_I64, 8, 8)       \
  X(SHIFT_RIGHT_I32, 4, 4)      \
  X(SHIFT_RIGHT_I64, 8, 8)      \
  X(BIT_AND_I64, 8, 8)          \
  X(BIT_OR_I64, 8, 8)           \
  X(BIT_XOR_I64, 8, 8)          \
  X(BIT_AND_I32, 4, 4)          \
  X(BIT_OR_I32, 4, 4)           \
  X(BIT_XOR_I32, 4, 4)          \
  X(BIT_AND_U8, 1, 1)           \
  X(BIT_OR_U8, 1, 1)            \
  X(BIT_XOR_U8, 1, 1)           \
  X(EQUAL_U8, 1, 1)             \
  X(AND_BOOL, 1, 1)             \
  X(OR_BOOL, 1, 1)              \
  X(XOR_BOOL, 1, 1)             \
  X(EQUAL_BOOL, 1, 1)

/// X(name, bytes of x's element, bytes of y's). F16 are float16 as they are stored.
#define OLSTM__UNARY_BLOCKS(X) \
  X(NEG_I32, 4, 4)             \
  X(NEG_I64, 8, 8)             \
  X(ABS_I32, 4, 4)             \
  X(ABS_I64, 8, 8)             \
  X(SIGN_I32, 4, 4)            \
  X(SIGN_I64, 8, 8)            \
  X(RELU_I32, 4, 4)            \
  X(RELU_I64, 8, 8)            \
  X(NEG_I8, 1, 1)              \
  X(ABS_I8, 1, 1)              \
  X(SIGN_I8, 1, 1)             \
  X(RELU_I8, 1, 1)             \
  X(NEG_I16, 2, 2)             \
  X(ABS_I16, 2, 2)             \
  X(SIGN_I16, 2, 2)            \
  X(RELU_I16, 2, 2)            \
  X(SIGN_F16, 2, 2)            \
  X(ABS_F64, 8, 8)             \
  X(SIGN_F64, 8, 8)            \
  X(RELU_F64, 8, 8)            \
  X(BIT_NOT_U8, 1, 1)          \
  X(BIT_NOT_I32, 4, 4)         \
  X(BIT_NOT_I64, 8, 8)         \
  X(SQRT_F64, 8, 8)            \
  X(FLOOR_F64, 8, 8)           \
  X(CEIL_F64, 8, 8)            \
  X(ROUND_F64, 8, 8)           \
  X(IS_NAN_F16, 2, 1)          \
  X(IS_INF_F16, 2, 1)          \
  X(NOT_BOOL, 1, 1)

#define OLSTM__BLOCKS_NAME(name, from_bytes, to_bytes) OLSTM__BLOCKS_##name,
typedef enum olstm__binary_loop {
  OLSTM__BINARY_BLOCKS(OLSTM__BLOCKS_NAME) OLSTM__BINARY_LOOP_COUNT
} olstm__binary_loop;
typedef enum olstm__unary_loop {
  OLSTM__UNARY_BLOCKS(OLSTM__BLOCKS_NAME) OLSTM__UNARY_LOOP_COUNT
} olstm__unary_loop;
#undef OLSTM__BLOCKS_NAME

typedef struct olstm__element_blocks {
  olstm__binary_blocks binary[OLSTM__BINARY_LOOP_COUNT];
  olstm__unary_blocks unary[OLSTM__UNARY_LOOP_COUNT];
  /// From the lower bounds, b's first group, to the upper ones, its second: of bytes with
  /// a sign, and without.
  olstm__binary_blocks clip[2];
  /// C [rows,n] = A [rows,k] B [k,n] of integers that wrap, for n of OLSTM__GROUP or
  /// more.
  void (*product_i32)(int64_t rows, int64_t k, int64_t n, const uint32_t* a,
                      const uint32_t* b, uint32_t* c);
  /// By the binary logarithm of the bytes of an element.
  olstm__where_blocks where[4];
} olstm__element_blocks;

extern const olstm__element_blocks olstm__element_blocks_f32_plain;
extern const olstm__element_blocks olstm__element_blocks_f32_avx2;

#endif  // OLSTM_OP_ELEMENTWISE_ELEMENT_BLOCKS_H_
