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
      cmocka_unit_test(strings_and_complex_numbers_are_not_converted),
      cmocka_unit_test(only_integers_of_one_size_keep_their_bytes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
