// op/shape/convert: every pair of dtypes, against conversion by way of long double.
#include "op/shape/convert.h"

#include <math.h>

#include "op/math/half.h"
#include "tests/support/test_main.h"

static const olstm_dtype kDtypes[] = {
    OLSTM_DTYPE_FLOAT,  OLSTM_DTYPE_UINT8,   OLSTM_DTYPE_INT8,     OLSTM_DTYPE_UINT16,
    OLSTM_DTYPE_INT16,  OLSTM_DTYPE_INT32,   OLSTM_DTYPE_INT64,    OLSTM_DTYPE_BOOL,
    OLSTM_DTYPE_DOUBLE, OLSTM_DTYPE_FLOAT16, OLSTM_DTYPE_BFLOAT16, OLSTM_DTYPE_UINT32,
    OLSTM_DTYPE_UINT64};
enum { kDtypeCount = sizeof kDtypes / sizeof kDtypes[0], kValueCount = 300 };

static double load(olstm_dtype dtype, const void* data, size_t i) {
  switch (dtype) {
    case OLSTM_DTYPE_FLOAT:
      return ((const float*)data)[i];
    case OLSTM_DTYPE_DOUBLE:
      return ((const double*)data)[i];
    case OLSTM_DTYPE_FLOAT16:
      return olstm__float16_to_float(((const uint16_t*)data)[i]);
    case OLSTM_DTYPE_BFLOAT16:
      return olstm__bfloat16_to_float(((const uint16_t*)data)[i]);
    case OLSTM_DTYPE_INT8:
      return ((const int8_t*)data)[i];
    case OLSTM_DTYPE_INT16:
      return ((const int16_t*)data)[i];
    case OLSTM_DTYPE_INT32:
      return ((const int32_t*)data)[i];
    case OLSTM_DTYPE_INT64:
      return (double)((const int64_t*)data)[i];
    case OLSTM_DTYPE_UINT16:
      return ((const uint16_t*)data)[i];
    case OLSTM_DTYPE_UINT32:
      return ((const uint32_t*)data)[i];
    case OLSTM_DTYPE_UINT64:
      return (double)((const uint64_t*)data)[i];
    default:
      return ((const uint8_t*)data)[i];
  }
}

/// More values than a block, in the range that every dtype but bool holds exactly.
static void small_integers_survive_every_pair(void** state) {
  int32_t values[kValueCount];
  (void)state;
  for (int32_t i = 0; i < kValueCount; i++) values[i] = i % 120;
  for (size_t a = 0; a < kDtypeCount; a++) {
    for (size_t b = 0; b < kDtypeCount; b++) {
      uint64_t from[kValueCount];
      uint64_t to[kValueCount];
      assert_true(olstm__can_convert(kDtypes[a], kDtypes[b]));
      olstm__convert(OLSTM_DTYPE_INT32, kDtypes[a], values, from, kValueCount);
      olstm__convert(kDtypes[a], kDtypes[b], from, to, kValueCount);
      const bool is_bool =
          kDtypes[a] == OLSTM_DTYPE_BOOL || kDtypes[b] == OLSTM_DTYPE_BOOL;
      for (size_t i = 0; i < kValueCount; i++) {
        const double expected = is_bool ? values[i] != 0 : values[i];
        assert_true(load(kDtypes[b], to, i) == expected);
      }
    }
  }
}

/// Numbers at which conversions turn, most of which no dtype but double has.
static const double kEdges[] = {
    0.0,
    -0.0,
    0.5,
    -0.5,
    0.99,
    -0.99,
    1.5,
    -1.5,
    2.5,
    127.0,
    127.99,
    128.0,
    -128.99,
    -129.0,
    255.99,
    256.0,
    -1.0,
    32767.5,
    32768.0,
    -32769.0,
    65503.0,
    65504.0,
    65519.9,
    65520.0,
    65535.9,
    65536.0,
    0x1p31,
    -0x1p31,
    -0x1p31 - 1,
    0x1p31 - 1,
    0x1p32,
    0x1p32 - 1,
    0x1p32 - 0.25,
    0x1.fffffep31,
    0x1.000002p31,
    0x1.8000001p31,
    0x1p51,
    0x1p51 - 1,
    -0x1p51,
    0x1p53 + 2,
    0x1p62,
    -0x1p62,
    0x1p63,
    -0x1p63,
    -0x1p64,
    0x1p64,
    0x1p65,
    1e30,
    -1e30,
    1e300,
    -1e300,
    INFINITY,
    -INFINITY,
    NAN,
    0x1p-24,
    0x1p-25,
    0x1.8p-25,
    0x1.000002p-25,
    0x1p-14,
    0x1.ffcp-15,
    0x1.002p0,
    0x1.006p0,
    0x1.0020000000001p0,
    0x1.005ffffffffffp0,
    0x1.01p0,
    0x1.03p0,
    0x1.0100000000001p0,
    0x1.02ffffffffffdp0,
    3.4e38,
    0x1p-130,
    0x1.8p-133,
};
enum { kEdgeCount = sizeof kEdges / sizeof kEdges[0] };

static double half_value(olstm_dtype dtype, uint32_t bits) {
  return dtype == OLSTM_DTYPE_FLOAT16 ? olstm__float16_to_float((uint16_t)bits)
                                      : olstm__bfloat16_to_float((uint16_t)bits);
}

/// The nearest of all 16-bit numbers, of two the even one: by trying them.
static double nearest_half(olstm_dtype dtype, double x) {
  const double beyond = dtype == OLSTM_DTYPE_FLOAT16 ? 65520.0 : 0x1.ffp127;
  double best = 0;
  uint32_t best_bits = 0;
  if (x != x || fabs(x) >= beyond) return x != x ? x : copysign(INFINITY, x);
  for (uint32_t bits = 0; bits < 0x7f80; bits++) {
    const double value = half_value(dtype, bits);
    if (!isfinite(value)) break;
    const double distance = fabs(fabs(x) - value) - fabs(fabs(x) - best);
    if (distance > 0 || (distance == 0 && bits % 2 > best_bits % 2)) continue;
    best = value;
    best_bits = bits;
  }
  return copysign(best, x);
}

/// Whether y, of `dtype`, is what x becomes.
static bool is_converted(double x, olstm_dtype dtype, const void* y, size_t i) {
  static const struct {
    double least, beyond;
  } kBounds[OLSTM_DTYPE_BFLOAT16 + 1] = {
      [OLSTM_DTYPE_INT8] = {-128, 0x1p7},      [OLSTM_DTYPE_UINT8] = {0, 0x1p8},
      [OLSTM_DTYPE_INT16] = {-32768, 0x1p15},  [OLSTM_DTYPE_UINT16] = {0, 0x1p16},
      [OLSTM_DTYPE_INT32] = {-0x1p31, 0x1p31}, [OLSTM_DTYPE_UINT32] = {0, 0x1p32},
      [OLSTM_DTYPE_INT64] = {-0x1p63, 0x1p63}, [OLSTM_DTYPE_UINT64] = {0, 0x1p64}};
  const double got = load(dtype, y, i);
  double expected = x;
  if (dtype == OLSTM_DTYPE_BOOL) return got == (x != 0);
  if (dtype == OLSTM_DTYPE_FLOAT) expected = (float)x;
  if (dtype == OLSTM_DTYPE_FLOAT16 || dtype == OLSTM_DTYPE_BFLOAT16) {
    expected = nearest_half(dtype, x);
  }
  if (kBounds[dtype].beyond != 0) {
    const double bounded = fmax(trunc(x), kBounds[dtype].least);
    const bool is_beyond = bounded >= kBounds[dtype].beyond;
    // The largest 64-bit integers are no doubles: as such they are the bound itself.
    const double greatest = kBounds[dtype].beyond > 0x1p40 ? kBounds[dtype].beyond
                                                           : kBounds[dtype].beyond - 1;
    expected = x != x ? 0 : is_beyond ? greatest : bounded;
    return got == expected;
  }
  return got != got ? expected != expected
                    : got == expected && signbit(got) == signbit(expected);
}

static void reals_are_rounded_and_saturated_to_every_dtype(void** state) {
  static const olstm_dtype kReals[] = {OLSTM_DTYPE_DOUBLE, OLSTM_DTYPE_FLOAT,
                                       OLSTM_DTYPE_FLOAT16, OLSTM_DTYPE_BFLOAT16};
  (void)state;
  for (size_t a = 0; a < 4; a++) {
    uint64_t from[kEdgeCount];
    olstm__convert(OLSTM_DTYPE_DOUBLE, kReals[a], kEdges, from, kEdgeCount);
    for (size_t b = 0; b < kDtypeCount; b++) {
      uint64_t to[kEdgeCount];
      olstm__convert(kReals[a], kDtypes[b], from, to, kEdgeCount);
      for (size_t i = 0; i < kEdgeCount; i++) {
        assert_true(is_converted(load(kReals[a], from, i), kDtypes[b], to, i));
      }
    }
  }
}

/// Whether y is what an integer becomes; `value` is the double nearest to it.
static bool is_converted_integer(olstm_dtype from, const void* x_data, olstm_dtype to,
                                 const void* y_data, size_t i) {
  const size_t x_bytes = olstm_dtype_size(from);
  const size_t y_bytes = olstm_dtype_size(to);
  const double value = load(from, x_data, i);
  int64_t x = 0;
  uint64_t y = 0;
  memcpy(&x, (const char*)x_data + i * x_bytes, x_bytes);
  memcpy(&y, (const char*)y_data + i * y_bytes, y_bytes);
  if (to == OLSTM_DTYPE_FLOAT) {
    const float expected = from == OLSTM_DTYPE_UINT64  ? (float)(uint64_t)x
                           : from == OLSTM_DTYPE_INT64 ? (float)x
                                                       : (float)value;
    return load(to, y_data, i) == expected;
  }
  if (to == OLSTM_DTYPE_DOUBLE || to == OLSTM_DTYPE_FLOAT16 ||
      to == OLSTM_DTYPE_BFLOAT16 || to == OLSTM_DTYPE_BOOL) {
    return is_converted(value, to, y_data, i);
  }
  if (x_bytes < 8 && value < 0) x |= (int64_t)(UINT64_MAX << (8 * x_bytes));
  return y ==
         ((uint64_t)x & (y_bytes < 8 ? (UINT64_C(1) << (8 * y_bytes)) - 1 : UINT64_MAX));
}

static void integers_keep_their_low_bits_or_are_rounded_once(void** state) {
  static const int64_t kIntegers[] = {0,
                                      1,
                                      -1,
                                      127,
                                      128,
                                      -128,
                                      255,
                                      256,
                                      32767,
                                      32768,
                                      65535,
                                      65536,
                                      INT32_MAX,
                                      INT32_MIN,
                                      UINT32_MAX,
                                      0xfffffe80,
                                      0x80000081,
                                      0x80000180,
                                      -0x7ffffffffffffc00,
                                      -0x7fffffffffffffff,
                                      -0xffffffffff,
                                      INT64_MAX,
                                      INT64_MIN,
                                      0x123456789abcdef0,
                                      257,
                                      2049,
                                      2051,
                                      16777217,
                                      0x1010001,
                                      -0x1010001,
                                      0x1030001,
                                      0x20000000000001,
                                      0x4040000000000001};
  enum { kCount = sizeof kIntegers / sizeof kIntegers[0] };
  (void)state;
  for (size_t a = 0; a < kDtypeCount; a++) {
    uint64_t from[kCount];
    if (kDtypes[a] == OLSTM_DTYPE_FLOAT || kDtypes[a] == OLSTM_DTYPE_DOUBLE ||
        kDtypes[a] == OLSTM_DTYPE_FLOAT16 || kDtypes[a] == OLSTM_DTYPE_BFLOAT16) {
      continue;
    }
    olstm__convert(OLSTM_DTYPE_INT64, kDtypes[a], kIntegers, from, kCount);
    for (size_t b = 0; b < kDtypeCount; b++) {
      uint64_t to[kCount];
      olstm__convert(kDtypes[a], kDtypes[b], from, to, kCount);
      for (size_t i = 0; i < kCount; i++) {
        assert_true(is_converted_integer(kDtypes[a], from, kDtypes[b], to, i));
      }
    }
  }
}

static void strings_and_complex_numbers_are_not_converted(void** state) {
  (void)state;
  assert_false(olstm__can_convert(OLSTM_DTYPE_STRING, OLSTM_DTYPE_FLOAT));
  assert_false(olstm__can_convert(OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_COMPLEX64));
  assert_false(olstm__can_convert(OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_UNDEFINED));
  assert_false(olstm__can_convert(99, OLSTM_DTYPE_FLOAT));
  assert_false(olstm__can_convert(-1, OLSTM_DTYPE_FLOAT));
}

static void only_integers_of_one_size_keep_their_bytes(void** state) {
  (void)state;
  assert_true(olstm__convert_keeps_bytes(OLSTM_DTYPE_INT64, OLSTM_DTYPE_UINT64));
  assert_true(olstm__convert_keeps_bytes(OLSTM_DTYPE_BOOL, OLSTM_DTYPE_INT8));
  assert_false(olstm__convert_keeps_bytes(OLSTM_DTYPE_INT8, OLSTM_DTYPE_BOOL));
  assert_false(olstm__convert_keeps_bytes(OLSTM_DTYPE_INT32, OLSTM_DTYPE_FLOAT));
  assert_false(olstm__convert_keeps_bytes(OLSTM_DTYPE_FLOAT16, OLSTM_DTYPE_BFLOAT16));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_integers_survive_every_pair),
      cmocka_unit_test(reals_are_rounded_and_saturated_to_every_dtype),
      cmocka_unit_test(integers_keep_their_low_bits_or_are_rounded_once),
      cmocka_unit_test(strings_and_complex_numbers_are_not_converted),
      cmocka_unit_test(only_integers_of_one_size_keep_their_bytes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
