// One conversion loop for each pair of compute type and dtype, generated from a list of
// each.
#include "op/elementwise/compute_type.h"

#include <string.h>

#include "op/math/half.h"

// NAME, the compute_type's C type, the dtype whose elements have that type.
#define COMPUTE_TYPES(X) \
  X(F32, float, FLOAT)   \
  X(F64, double, DOUBLE) \
  X(I32, int32_t, INT32) \
  X(I64, int64_t, INT64) \
  X(U64, uint64_t, UINT64)

// dtype, C type of its elements, least and largest value (for what real compute types
// saturate at; the largest as the greatest double that converts without overflow).
#define INTEGERS(X, ...)                                        \
  X(UINT8, uint8_t, 0.0, 255.0, __VA_ARGS__)                    \
  X(INT8, int8_t, -128.0, 127.0, __VA_ARGS__)                   \
  X(UINT16, uint16_t, 0.0, 65535.0, __VA_ARGS__)                \
  X(INT16, int16_t, -32768.0, 32767.0, __VA_ARGS__)             \
  X(INT32, int32_t, -0x1p31, 0x1.fffffffcp30, __VA_ARGS__)      \
  X(INT64, int64_t, -0x1p63, 0x1.fffffffffffffp62, __VA_ARGS__) \
  X(UINT32, uint32_t, 0.0, 0x1.fffffffep31, __VA_ARGS__)        \
  X(UINT64, uint64_t, 0.0, 0x1.fffffffffffffp63, __VA_ARGS__)

olstm__compute_type olstm__compute_type_of(olstm_dtype dtype) {
  switch (dtype) {
    case OLSTM_DTYPE_DOUBLE:
      return OLSTM__COMPUTE_F64;
    case OLSTM_DTYPE_UINT8:
    case OLSTM_DTYPE_INT8:
    case OLSTM_DTYPE_UINT16:
    case OLSTM_DTYPE_INT16:
    case OLSTM_DTYPE_INT32:
    case OLSTM_DTYPE_BOOL:
      return OLSTM__COMPUTE_I32;
    case OLSTM_DTYPE_INT64:
    case OLSTM_DTYPE_UINT32:
      return OLSTM__COMPUTE_I64;
    case OLSTM_DTYPE_UINT64:
      return OLSTM__COMPUTE_U64;
    default:
      return OLSTM__COMPUTE_F32;
  }
}

bool olstm__compute_type_is_native(olstm__compute_type compute_type, olstm_dtype dtype) {
  static const olstm_dtype kNative[OLSTM__COMPUTE_COUNT] = {
#define NATIVE(NAME, type, own) [OLSTM__COMPUTE_##NAME] = OLSTM_DTYPE_##own,
      COMPUTE_TYPES(NATIVE)
#undef NATIVE
  };
  return kNative[compute_type] == dtype;
}

size_t olstm__compute_type_size(olstm__compute_type compute_type) {
  static const size_t kSizes[OLSTM__COMPUTE_COUNT] = {
#define SIZE(NAME, type, own) [OLSTM__COMPUTE_##NAME] = sizeof(type),
      COMPUTE_TYPES(SIZE)
#undef SIZE
  };
  return kSizes[compute_type];
}

#define LOAD_CASE(DTYPE, element, least, most, type)                         \
  case OLSTM_DTYPE_##DTYPE:                                                  \
    for (int64_t i = 0; i < count; i++) y[i] = (type)((const element*)x)[i]; \
    return;

#define LOAD(NAME, type, own)                                                          \
  static void load_##NAME(olstm_dtype dtype, int64_t count, const void* x, void* to) { \
    type* y = to;                                                                      \
    switch (dtype) {                                                                   \
      INTEGERS(LOAD_CASE, type)                                                        \
      LOAD_CASE(FLOAT, float, 0, 0, type)                                              \
      LOAD_CASE(DOUBLE, double, 0, 0, type)                                            \
      case OLSTM_DTYPE_BOOL:                                                           \
        for (int64_t i = 0; i < count; i++) y[i] = ((const uint8_t*)x)[i] != 0;        \
        return;                                                                        \
      case OLSTM_DTYPE_FLOAT16:                                                        \
        for (int64_t i = 0; i < count; i++) {                                          \
          y[i] = (type)olstm__float16_to_float(((const uint16_t*)x)[i]);               \
        }                                                                              \
        return;                                                                        \
      case OLSTM_DTYPE_BFLOAT16:                                                       \
        for (int64_t i = 0; i < count; i++) {                                          \
          y[i] = (type)olstm__bfloat16_to_float(((const uint16_t*)x)[i]);              \
        }                                                                              \
        return;                                                                        \
      default:                                                                         \
        return;                                                                        \
    }                                                                                  \
  }
COMPUTE_TYPES(LOAD)
#undef LOAD

// Conversions of a value out of range are undefined in C: saturated first.
#define STORE_REAL_CASE(DTYPE, element, least, most, type)      \
  case OLSTM_DTYPE_##DTYPE:                                     \
    for (int64_t i = 0; i < count; i++) {                       \
      const double value = (double)x[i];                        \
      const double low = value > (least) ? value : (least);     \
      const double bounded = low < (most) ? low : (most);       \
      ((element*)y)[i] = value != value ? 0 : (element)bounded; \
    }                                                           \
    return;
#define STORE_WHOLE_CASE(DTYPE, element, least, most, type)               \
  case OLSTM_DTYPE_##DTYPE:                                               \
    for (int64_t i = 0; i < count; i++) ((element*)y)[i] = (element)x[i]; \
    return;

#define STORE(NAME, type, INTEGER_CASE)                                        \
  static void store_##NAME(olstm_dtype dtype, int64_t count, const void* from, \
                           void* y) {                                          \
    const type* x = from;                                                      \
    switch (dtype) {                                                           \
      INTEGERS(INTEGER_CASE, type)                                             \
      STORE_WHOLE_CASE(FLOAT, float, 0, 0, type)                               \
      STORE_WHOLE_CASE(DOUBLE, double, 0, 0, type)                             \
      case OLSTM_DTYPE_BOOL:                                                   \
        for (int64_t i = 0; i < count; i++) ((uint8_t*)y)[i] = x[i] != 0;      \
        return;                                                                \
      case OLSTM_DTYPE_FLOAT16:                                                \
        for (int64_t i = 0; i < count; i++) {                                  \
          ((uint16_t*)y)[i] = olstm__float_to_float16((float)x[i]);            \
        }                                                                      \
        return;                                                                \
      case OLSTM_DTYPE_BFLOAT16:                                               \
        for (int64_t i = 0; i < count; i++) {                                  \
          ((uint16_t*)y)[i] = olstm__float_to_bfloat16((float)x[i]);           \
        }                                                                      \
        return;                                                                \
      default:                                                                 \
        return;                                                                \
    }                                                                          \
  }
STORE(F32, float, STORE_REAL_CASE)
STORE(F64, double, STORE_REAL_CASE)
STORE(I32, int32_t, STORE_WHOLE_CASE)
STORE(I64, int64_t, STORE_WHOLE_CASE)
STORE(U64, uint64_t, STORE_WHOLE_CASE)
#undef STORE

/// By compute type: from a dtype, and back to it.
static const struct {
  void (*load)(olstm_dtype dtype, int64_t count, const void* x, void* y);
  void (*store)(olstm_dtype dtype, int64_t count, const void* x, void* y);
} kConversions[OLSTM__COMPUTE_COUNT] = {
#define ENTRY(NAME, type, own) [OLSTM__COMPUTE_##NAME] = {load_##NAME, store_##NAME},
    COMPUTE_TYPES(ENTRY)
#undef ENTRY
};

void olstm__compute_load(olstm__compute_type compute_type, olstm_dtype dtype,
                         int64_t count, const void* x, void* y) {
  if (olstm__compute_type_is_native(compute_type, dtype)) {
    memcpy(y, x, (size_t)count * olstm__compute_type_size(compute_type));
  } else if (compute_type < OLSTM__COMPUTE_COUNT) {
    kConversions[compute_type].load(dtype, count, x, y);
  }
}

void olstm__compute_store(olstm__compute_type compute_type, olstm_dtype dtype,
                          int64_t count, const void* x, void* y) {
  if (olstm__compute_type_is_native(compute_type, dtype)) {
    memcpy(y, x, (size_t)count * olstm__compute_type_size(compute_type));
  } else if (compute_type < OLSTM__COMPUTE_COUNT) {
    kConversions[compute_type].store(dtype, count, x, y);
  }
}
