// Lanes: the few C types that operators compute in, and how every dtype gets in and out
// of them. A kernel is written once a lane; small integers, float16 and bfloat16 are
// converted block by block on the way.
#ifndef OLSTM_OP_ELEMENTWISE_LANE_H_
#define OLSTM_OP_ELEMENTWISE_LANE_H_

#include "olstm/tensor.h"

typedef enum olstm__lane {
  OLSTM__LANE_F32,  // float, float16, bfloat16
  OLSTM__LANE_F64,  // double
  OLSTM__LANE_I32,  // int8, int16, int32, uint8, uint16, bool
  OLSTM__LANE_I64,  // int64, uint32
  OLSTM__LANE_U64,  // uint64
  OLSTM__LANE_COUNT
} olstm__lane;

enum {
  /// Elements that are converted at a time.
  OLSTM__LANE_BLOCK = 256,
  /// Bytes of the widest lane type.
  OLSTM__LANE_MAX_BYTES = 8
};

/// How many of `left` elements go into the next block.
static inline int64_t olstm__lane_block_size(int64_t left) {
  return left < OLSTM__LANE_BLOCK ? left : OLSTM__LANE_BLOCK;
}

/// Room for one block of any lane.
typedef union olstm__lane_block {
  double f64[OLSTM__LANE_BLOCK];
  int64_t i64[OLSTM__LANE_BLOCK];
  char bytes[OLSTM__LANE_BLOCK * OLSTM__LANE_MAX_BYTES];
} olstm__lane_block;

/// One value of any lane.
typedef union olstm__lane_value {
  float f32;
  double f64;
  int32_t i32;
  int64_t i64;
  uint64_t u64;
} olstm__lane_value;

/// The lane that holds every value of `dtype` exactly and computes as it does. dtype is
/// one of those that run (OLSTM__DTYPES_ALL).
olstm__lane olstm__lane_of(olstm_dtype dtype);

/// Whether elements of `dtype` are the lane's own C type, so that nothing is converted.
bool olstm__lane_is_native(olstm__lane lane, olstm_dtype dtype);

size_t olstm__lane_size(olstm__lane lane);

/// Converts `count` elements of `dtype` to the lane's type. [no-alloc]
void olstm__lane_load(olstm__lane lane, olstm_dtype dtype, int64_t count, const void* x,
                      void* y);

/// Converts back. Integers wrap; real values become integers by truncation, saturated,
/// and NaN becomes 0; for bool everything but 0 is true. [no-alloc]
void olstm__lane_store(olstm__lane lane, olstm_dtype dtype, int64_t count, const void* x,
                       void* y);

#endif  // OLSTM_OP_ELEMENTWISE_LANE_H_
