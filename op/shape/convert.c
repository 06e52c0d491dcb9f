#include "op/shape/convert.h"

#include <string.h>

#include "op/math/half.h"

typedef void (*convert_function)(const void* source, void* target, size_t count);

// The expressions for one element `x`.
#define PLAIN(TYPE, x) ((TYPE)(x))
#define NOT_ZERO(TYPE, x) ((TYPE)((x) != 0))

#define DEFINE_CONVERT(NAME, FROM, TO, COMPUTE)                      \
  static void NAME(const void* source, void* target, size_t count) { \
    const FROM* s = source;                                          \
    TO* t = target;                                                  \
    for (size_t i = 0; i < count; i++) t[i] = COMPUTE(TO, s[i]);     \
  }

// Integer to integer: keeps the low bits of the target's width.
#define DEFINE_FROM_INTEGER(NAME, FROM)                 \
  DEFINE_CONVERT(NAME##_to_8, FROM, uint8_t, PLAIN)     \
  DEFINE_CONVERT(NAME##_to_16, FROM, uint16_t, PLAIN)   \
  DEFINE_CONVERT(NAME##_to_32, FROM, uint32_t, PLAIN)   \
  DEFINE_CONVERT(NAME##_to_64, FROM, uint64_t, PLAIN)   \
  DEFINE_CONVERT(NAME##_to_float, FROM, float, PLAIN)   \
  DEFINE_CONVERT(NAME##_to_double, FROM, double, PLAIN) \
  DEFINE_CONVERT(NAME##_to_bool, FROM, uint8_t, NOT_ZERO)

DEFINE_FROM_INTEGER(int8, int8_t)
DEFINE_FROM_INTEGER(int16, int16_t)
DEFINE_FROM_INTEGER(int32, int32_t)
DEFINE_FROM_INTEGER(int64, int64_t)
DEFINE_FROM_INTEGER(uint8, uint8_t)
DEFINE_FROM_INTEGER(uint16, uint16_t)
DEFINE_FROM_INTEGER(uint32, uint32_t)
DEFINE_FROM_INTEGER(uint64, uint64_t)

// BEYOND is the power of two just above MAX: exact in float, where MAX may not be.
// BELOW is the first value too small: exact too, or rounded to MIN itself.
#define DEFINE_SATURATE(NAME, FROM, TO, MIN, MAX, BELOW, BEYOND)        \
  static void NAME(const void* source, void* target, size_t count) {    \
    const FROM* s = source;                                             \
    TO* t = target;                                                     \
    for (size_t i = 0; i < count; i++) {                                \
      const FROM x = s[i];                                              \
      const TO low = x <= (FROM)(BELOW) ? (MIN) : 0;                    \
      const TO outside = x >= (FROM)(BEYOND) ? (MAX) : low;             \
      t[i] = x > (FROM)(BELOW) && x < (FROM)(BEYOND) ? (TO)x : outside; \
    }                                                                   \
  }

#define DEFINE_FROM_REAL(NAME, FROM)                                                     \
  DEFINE_SATURATE(NAME##_to_int8, FROM, int8_t, INT8_MIN, INT8_MAX, -129.0, 0x1p7)       \
  DEFINE_SATURATE(NAME##_to_int16, FROM, int16_t, INT16_MIN, INT16_MAX, -32769.0,        \
                  0x1p15)                                                                \
  DEFINE_SATURATE(NAME##_to_int32, FROM, int32_t, INT32_MIN, INT32_MAX, -0x1p31, 0x1p31) \
  DEFINE_SATURATE(NAME##_to_int64, FROM, int64_t, INT64_MIN, INT64_MAX, -0x1p63, 0x1p63) \
  DEFINE_SATURATE(NAME##_to_uint8, FROM, uint8_t, 0, UINT8_MAX, -1.0, 0x1p8)             \
  DEFINE_SATURATE(NAME##_to_uint16, FROM, uint16_t, 0, UINT16_MAX, -1.0, 0x1p16)         \
  DEFINE_SATURATE(NAME##_to_uint32, FROM, uint32_t, 0, UINT32_MAX, -1.0, 0x1p32)         \
  DEFINE_SATURATE(NAME##_to_uint64, FROM, uint64_t, 0, UINT64_MAX, -1.0, 0x1p64)         \
  DEFINE_CONVERT(NAME##_to_bool, FROM, uint8_t, NOT_ZERO)

DEFINE_FROM_REAL(float, float)
DEFINE_FROM_REAL(double, double)
DEFINE_CONVERT(float_to_double, float, double, PLAIN)
DEFINE_CONVERT(double_to_float, double, float, PLAIN)

#define INTEGER_ROW(NAME)                                                           \
  {                                                                                 \
    [OLSTM_DTYPE_INT8] = NAME##_to_8, [OLSTM_DTYPE_UINT8] = NAME##_to_8,            \
    [OLSTM_DTYPE_INT16] = NAME##_to_16, [OLSTM_DTYPE_UINT16] = NAME##_to_16,        \
    [OLSTM_DTYPE_INT32] = NAME##_to_32, [OLSTM_DTYPE_UINT32] = NAME##_to_32,        \
    [OLSTM_DTYPE_INT64] = NAME##_to_64, [OLSTM_DTYPE_UINT64] = NAME##_to_64,        \
    [OLSTM_DTYPE_FLOAT] = NAME##_to_float, [OLSTM_DTYPE_DOUBLE] = NAME##_to_double, \
    [OLSTM_DTYPE_BOOL] = NAME##_to_bool,                                            \
  }
#define REAL_ROW(NAME, OTHER)                                                       \
  {                                                                                 \
    [OLSTM_DTYPE_INT8] = NAME##_to_int8, [OLSTM_DTYPE_UINT8] = NAME##_to_uint8,     \
    [OLSTM_DTYPE_INT16] = NAME##_to_int16, [OLSTM_DTYPE_UINT16] = NAME##_to_uint16, \
    [OLSTM_DTYPE_INT32] = NAME##_to_int32, [OLSTM_DTYPE_UINT32] = NAME##_to_uint32, \
    [OLSTM_DTYPE_INT64] = NAME##_to_int64, [OLSTM_DTYPE_UINT64] = NAME##_to_uint64, \
    [OLSTM_DTYPE_BOOL] = NAME##_to_bool, OTHER                                      \
  }

enum { kDtypeEnd = OLSTM_DTYPE_BFLOAT16 + 1, kBlock = 256 };

/// [from][to], without the 16-bit floats, which go by way of float or double. A bool is a
/// uint8 that happens to be 0 or 1.
static const convert_function kConvert[kDtypeEnd][kDtypeEnd] = {
    [OLSTM_DTYPE_INT8] = INTEGER_ROW(int8),
    [OLSTM_DTYPE_INT16] = INTEGER_ROW(int16),
    [OLSTM_DTYPE_INT32] = INTEGER_ROW(int32),
    [OLSTM_DTYPE_INT64] = INTEGER_ROW(int64),
    [OLSTM_DTYPE_UINT8] = INTEGER_ROW(uint8),
    [OLSTM_DTYPE_UINT16] = INTEGER_ROW(uint16),
    [OLSTM_DTYPE_UINT32] = INTEGER_ROW(uint32),
    [OLSTM_DTYPE_UINT64] = INTEGER_ROW(uint64),
    [OLSTM_DTYPE_BOOL] = INTEGER_ROW(uint8),
    [OLSTM_DTYPE_FLOAT] = REAL_ROW(float, [OLSTM_DTYPE_DOUBLE] = float_to_double),
    [OLSTM_DTYPE_DOUBLE] = REAL_ROW(double, [OLSTM_DTYPE_FLOAT] = double_to_float),
};

static bool is_half(olstm_dtype dtype) {
  return dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16;
}

static bool is_integer(olstm_dtype dtype) {
  return dtype >= 0 && dtype < kDtypeEnd && kConvert[dtype][OLSTM_DTYPE_FLOAT] != NULL &&
         dtype != OLSTM_DTYPE_DOUBLE;
}

static bool is_convertible(olstm_dtype dtype) {
  return is_half(dtype) || is_integer(dtype) || dtype == OLSTM_DTYPE_FLOAT ||
         dtype == OLSTM_DTYPE_DOUBLE;
}

bool olstm__can_convert(olstm_dtype from, olstm_dtype to) {
  return is_convertible(from) && is_convertible(to);
}

bool olstm__convert_keeps_bytes(olstm_dtype from, olstm_dtype to) {
  if (from == to) return true;
  return is_integer(from) && is_integer(to) && to != OLSTM_DTYPE_BOOL &&
         olstm_dtype_size(from) == olstm_dtype_size(to);
}

/// Rounds to odd, so that rounding once more, to 16 bits, gives what rounding once would.
static float narrow_to_odd(double value) {
  const float nearest = (float)value;
  uint32_t bits = olstm__float_bits(nearest);
  if (value != value || (double)nearest == value || (bits & 1u)) return nearest;
  const bool away =
      (nearest < 0 ? -(double)nearest : (double)nearest) > (value < 0 ? -value : value);
  bits += away ? UINT32_MAX : 1u;
  return olstm__float_from_bits(bits);
}

static void load_halves(olstm_dtype from, const uint16_t* source, float* target,
                        size_t count) {
  if (from == OLSTM_DTYPE_FLOAT16) {
    for (size_t i = 0; i < count; i++) target[i] = olstm__float16_to_float(source[i]);
  } else {
    for (size_t i = 0; i < count; i++) target[i] = olstm__bfloat16_to_float(source[i]);
  }
}

static void store_halves(olstm_dtype to, const float* source, uint16_t* target,
                         size_t count) {
  if (to == OLSTM_DTYPE_FLOAT16) {
    for (size_t i = 0; i < count; i++) target[i] = olstm__float_to_float16(source[i]);
  } else {
    for (size_t i = 0; i < count; i++) target[i] = olstm__float_to_bfloat16(source[i]);
  }
}

/// One block of at most BLOCK elements.
static void convert_by_float(olstm_dtype from, olstm_dtype to, const void* source,
                             void* target, size_t count) {
  float floats[kBlock];
  double doubles[kBlock];
  if (is_half(from)) {
    load_halves(from, source, floats, count);
  } else if (from == OLSTM_DTYPE_FLOAT) {
    memcpy(floats, source, count * sizeof *floats);
  } else {
    const void* wide = source;
    if (from != OLSTM_DTYPE_DOUBLE) {
      kConvert[from][OLSTM_DTYPE_DOUBLE](source, doubles, count);
      wide = doubles;
    }
    for (size_t i = 0; i < count; i++) {
      floats[i] = narrow_to_odd(((const double*)wide)[i]);
    }
  }
  if (is_half(to)) {
    store_halves(to, floats, target, count);
  } else if (to == OLSTM_DTYPE_FLOAT) {
    memcpy(target, floats, count * sizeof *floats);
  } else {
    kConvert[OLSTM_DTYPE_FLOAT][to](floats, target, count);
  }
}

void olstm__convert(olstm_dtype from, olstm_dtype to, const void* source, void* target,
                    size_t count) {
  if (count == 0) return;
  if (olstm__convert_keeps_bytes(from, to)) {
    memcpy(target, source, count * olstm_dtype_size(from));
  } else if (is_half(from) || is_half(to)) {
    const size_t from_bytes = olstm_dtype_size(from);
    const size_t to_bytes = olstm_dtype_size(to);
    for (size_t i = 0; i < count; i += kBlock) {
      convert_by_float(from, to, (const char*)source + i * from_bytes,
                       (char*)target + i * to_bytes,
                       count - i < kBlock ? count - i : kBlock);
    }
  } else {
    kConvert[from][to](source, target, count);
  }
}
