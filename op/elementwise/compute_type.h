// Compute types: the few C types that operators compute in, and conversions between them
// and every dtype. A kernel is written once per compute type; small integers, float16 and
// bfloat16 are converted block by block.
#ifndef OLSTM_OP_ELEMENTWISE_COMPUTE_TYPE_H_
#define OLSTM_OP_ELEMENTWISE_COMPUTE_TYPE_H_

#include "olstm/tensor.h"

typedef enum olstm__compute_type {
  OLSTM__COMPUTE_F32,  // float, float16, bfloat16
  OLSTM__COMPUTE_F64,  // double
  OLSTM__COMPUTE_I32,  // int8, int16, int32, uint8, uint16, bool
  OLSTM__COMPUTE_I64,  // int64, uint32
  OLSTM__COMPUTE_U64,  // uint64
  OLSTM__COMPUTE_COUNT
} olstm__compute_type;

enum {
  /// Elements that are converted at a time.
  OLSTM__COMPUTE_BLOCK = 512,
  /// Bytes of the widest compute type.
  OLSTM__COMPUTE_MAX_BYTES = 8
};

/// How many of `left` elements go into the next block.
static inline int64_t olstm__compute_block_size(int64_t left) {
  return left < OLSTM__COMPUTE_BLOCK ? left : OLSTM__COMPUTE_BLOCK;
}

/// Room for one block of any compute type.
typedef union olstm__compute_block {
  double f64[OLSTM__COMPUTE_BLOCK];
  int64_t i64[OLSTM__COMPUTE_BLOCK];
  char bytes[OLSTM__COMPUTE_BLOCK * OLSTM__COMPUTE_MAX_BYTES];
} olstm__compute_block;

/// One value of any compute type.
typedef union olstm__compute_value {
  float f32;
  double f64;
  int32_t i32;
  int64_t i64;
  uint64_t u64;
} olstm__compute_value;

/// The compute type that holds every value of `dtype` exactly and computes as it does.
/// dtype is one of those that run (OLSTM__DTYPES_ALL).
olstm__compute_type olstm__compute_type_of(olstm_dtype dtype);

/// Whether elements of `dtype` are the compute type's own C type, so that nothing is
/// converted.
bool olstm__compute_type_is_native(olstm__compute_type compute_type, olstm_dtype dtype);

size_t olstm__compute_type_size(olstm__compute_type compute_type);

/// Converts `count` elements of `dtype` to the compute type. [no-alloc]
void olstm__compute_load(olstm__compute_type compute_type, olstm_dtype dtype,
                         int64_t count, const void* x, void* y);

/// Converts back. Integers wrap; real values become integers by truncation, saturated,
/// and NaN becomes 0; for bool everything but 0 is true. [no-alloc]
void olstm__compute_store(olstm__compute_type compute_type, olstm_dtype dtype,
                          int64_t count, const void* x, void* y);

#endif  // OLSTM_OP_ELEMENTWISE_COMPUTE_TYPE_H_
