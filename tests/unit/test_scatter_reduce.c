// op/gather/scatter_reduce: every dtype and reduction.
#include "op/gather/scatter_reduce.h"

#include <string.h>

#include "op/shape/convert.h"
#include "tests/support/test_main.h"

static const olstm_dtype kDtypes[] = {
    OLSTM_DTYPE_FLOAT,  OLSTM_DTYPE_UINT8,  OLSTM_DTYPE_INT8,    OLSTM_DTYPE_UINT16,
    OLSTM_DTYPE_INT16,  OLSTM_DTYPE_INT32,  OLSTM_DTYPE_INT64,   OLSTM_DTYPE_DOUBLE,
    OLSTM_DTYPE_UINT32, OLSTM_DTYPE_UINT64, OLSTM_DTYPE_FLOAT16, OLSTM_DTYPE_BFLOAT16};

static int32_t reduce(olstm__scatter_reduction reduction, olstm_dtype dtype, int32_t a,
                      int32_t b) {
  uint64_t target = 0;
  uint64_t update = 0;
  int32_t result = 0;
  olstm__convert(OLSTM_DTYPE_INT32, dtype, &a, &target, 1);
  olstm__convert(OLSTM_DTYPE_INT32, dtype, &b, &update, 1);
  olstm__scatter_find(reduction, dtype)(&target, &update, 1);
  olstm__convert(dtype, OLSTM_DTYPE_INT32, &target, &result, 1);
  return result;
}

static void every_dtype_reduces(void** state) {
  (void)state;
  for (size_t i = 0; i < sizeof kDtypes / sizeof kDtypes[0]; i++) {
    assert_int_equal(reduce(OLSTM__SCATTER_ADD, kDtypes[i], 3, 4), 7);
    assert_int_equal(reduce(OLSTM__SCATTER_MUL, kDtypes[i], 3, 4), 12);
    assert_int_equal(reduce(OLSTM__SCATTER_MAX, kDtypes[i], 3, 4), 4);
    assert_int_equal(reduce(OLSTM__SCATTER_MIN, kDtypes[i], 3, 4), 3);
    assert_null(olstm__scatter_find(OLSTM__SCATTER_NONE, kDtypes[i]));
  }
}

static void integers_wrap_round(void** state) {
  (void)state;
  assert_int_equal(reduce(OLSTM__SCATTER_ADD, OLSTM_DTYPE_INT32, INT32_MAX, 1),
                   INT32_MIN);
  assert_int_equal(reduce(OLSTM__SCATTER_MUL, OLSTM_DTYPE_UINT16, 65535, 65535), 1);
}

static void bools_add_as_or_and_multiply_as_and(void** state) {
  (void)state;
  assert_int_equal(reduce(OLSTM__SCATTER_ADD, OLSTM_DTYPE_BOOL, 1, 1), 1);
  assert_int_equal(reduce(OLSTM__SCATTER_MUL, OLSTM_DTYPE_BOOL, 1, 0), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_dtype_reduces),
      cmocka_unit_test(integers_wrap_round),
      cmocka_unit_test(bools_add_as_or_and_multiply_as_and),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
