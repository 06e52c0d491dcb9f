// tools/tensor_cast.h: values that stay what they were, and those that a dtype cannot
// hold.
#include "tools/tensor_cast.h"

#include <math.h>
#include <string.h>

#include "olstm/model.h"
#include "tests/support/test_main.h"

/// A tensor of `count` elements of its own.
static olstm_tensor make(olstm_dtype dtype, int64_t count, const void* elements) {
  const olstm_allocator allocator = olstm_allocator_or_default(NULL);
  olstm_tensor tensor = {{dtype, 1, {count}}, NULL};
  const size_t bytes = (size_t)count * olstm_dtype_size(dtype);
  tensor.data = olstm_allocate(&allocator, bytes, 1);
  assert_non_null(tensor.data);
  if (bytes > 0) memcpy(tensor.data, elements, bytes);
  return tensor;
}

static void expect_cast(olstm_tensor tensor, olstm_dtype dtype, const void* expected) {
  olstm_error error = {""};
  if (olstm__tensor_cast(&tensor, dtype, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(tensor.desc.dtype, dtype);
  assert_memory_equal(tensor.data, expected,
                      (size_t)tensor.desc.dims[0] * olstm_dtype_size(dtype));
  olstm_tensor_deinit(&tensor, NULL);
}

static void expect_refusal(olstm_tensor tensor, olstm_dtype dtype, olstm_status code,
                           const char* message) {
  olstm_error error = {""};
  const olstm_tensor before = tensor;
  assert_int_equal(olstm__tensor_cast(&tensor, dtype, &error), code);
  assert_string_equal(error.message, message);
  assert_true(tensor.data == before.data && tensor.desc.dtype == before.desc.dtype);
  olstm_tensor_deinit(&tensor, NULL);
}

static void rounds_reals(void** state) {
  const double doubles[] = {0.1, -1e30, (double)NAN, -(double)INFINITY};
  const float floats[] = {0.1F, -1e30F, (float)NAN, -(float)INFINITY};
  const uint16_t halves[] = {0x3c00, 0xc000};
  const double from_halves[] = {1, -2};
  (void)state;
  expect_cast(make(OLSTM_DTYPE_DOUBLE, 4, doubles), OLSTM_DTYPE_FLOAT, floats);
  expect_cast(make(OLSTM_DTYPE_FLOAT16, 2, halves), OLSTM_DTYPE_DOUBLE, from_halves);
  expect_cast(make(OLSTM_DTYPE_FLOAT, 0, floats), OLSTM_DTYPE_DOUBLE, NULL);
}

static void keeps_integers_exact(void** state) {
  const int64_t wide[] = {INT64_MIN, INT64_MAX, 0, -1};
  const int64_t small[] = {-128, 127, 0, 1};
  const int8_t bytes[] = {-128, 127, 0, 1};
  const uint64_t unsigned_wide[] = {0, INT64_MAX};
  const int64_t signed_wide[] = {0, INT64_MAX};
  const double reals[] = {-9223372036854775808.0, 3.0, -0.0};
  const int64_t from_reals[] = {INT64_MIN, 3, 0};
  const int32_t narrow[] = {INT32_MIN, -1, 1};
  const int64_t widened[] = {INT32_MIN, -1, 1};
  const uint8_t bools[] = {0, 1};
  const float from_bools[] = {0, 1};
  (void)state;
  expect_cast(make(OLSTM_DTYPE_INT64, 4, wide), OLSTM_DTYPE_INT64, wide);
  expect_cast(make(OLSTM_DTYPE_INT64, 4, small), OLSTM_DTYPE_INT8, bytes);
  expect_cast(make(OLSTM_DTYPE_UINT64, 2, unsigned_wide), OLSTM_DTYPE_INT64, signed_wide);
  expect_cast(make(OLSTM_DTYPE_DOUBLE, 3, reals), OLSTM_DTYPE_INT64, from_reals);
  expect_cast(make(OLSTM_DTYPE_INT32, 3, narrow), OLSTM_DTYPE_INT64, widened);
  expect_cast(make(OLSTM_DTYPE_BOOL, 2, bools), OLSTM_DTYPE_FLOAT, from_bools);
  expect_cast(make(OLSTM_DTYPE_FLOAT, 2, from_bools), OLSTM_DTYPE_BOOL, bools);
}

static void refuses_what_a_dtype_cannot_hold(void** state) {
  const double parts[] = {1, 0.5};
  const double large[] = {1e300};
  const double nan[] = {(double)NAN};
  const int64_t negative[] = {-1};
  const int64_t beyond[] = {INT64_C(1) << 31};
  const uint64_t unsigned_beyond[] = {UINT64_C(1) << 63};
  const int64_t two[] = {2};
  (void)state;
  expect_refusal(make(OLSTM_DTYPE_DOUBLE, 2, parts), OLSTM_DTYPE_INT64,
                 OLSTM_STATUS_INVALID_VALUE, "element 1 is 0.5, which int64 cannot hold");
  expect_refusal(make(OLSTM_DTYPE_DOUBLE, 1, large), OLSTM_DTYPE_FLOAT,
                 OLSTM_STATUS_INVALID_VALUE,
                 "element 0 is 1e+300, which float cannot hold");
  expect_refusal(make(OLSTM_DTYPE_DOUBLE, 1, nan), OLSTM_DTYPE_INT32,
                 OLSTM_STATUS_INVALID_VALUE, "element 0 is nan, which int32 cannot hold");
  expect_refusal(make(OLSTM_DTYPE_INT64, 1, negative), OLSTM_DTYPE_UINT64,
                 OLSTM_STATUS_INVALID_VALUE, "element 0 is -1, which uint64 cannot hold");
  expect_refusal(make(OLSTM_DTYPE_INT64, 1, beyond), OLSTM_DTYPE_INT32,
                 OLSTM_STATUS_INVALID_VALUE,
                 "element 0 is 2147483648, which int32 cannot hold");
  expect_refusal(make(OLSTM_DTYPE_UINT64, 1, unsigned_beyond), OLSTM_DTYPE_INT64,
                 OLSTM_STATUS_INVALID_VALUE,
                 "element 0 is 9223372036854775808, which int64 cannot hold");
  expect_refusal(make(OLSTM_DTYPE_INT64, 1, two), OLSTM_DTYPE_BOOL,
                 OLSTM_STATUS_INVALID_VALUE, "element 0 is 2, which bool cannot hold");
  expect_refusal(make(OLSTM_DTYPE_COMPLEX64, 1, large), OLSTM_DTYPE_FLOAT,
                 OLSTM_STATUS_UNSUPPORTED, "complex64 cannot be cast to float");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rounds_reals),
      cmocka_unit_test(keeps_integers_exact),
      cmocka_unit_test(refuses_what_a_dtype_cannot_hold),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
