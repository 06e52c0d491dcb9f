// base/tensor_size.h: bytes of descs, and data for tensors without elements.
#include "base/tensor_size.h"

#include "olstm/allocator.h"

#include "tests/support/test_main.h"

static void counts_the_bytes_of_all_elements(void** state) {
  const olstm_tensor_desc scalar = {OLSTM_DTYPE_DOUBLE, 0, {0}};
  const olstm_tensor_desc matrix = {OLSTM_DTYPE_INT16, 2, {3, 5}};
  const olstm_tensor_desc empty = {OLSTM_DTYPE_FLOAT, 3, {4, 0, 9}};
  (void)state;
  assert_int_equal(olstm__desc_bytes(&scalar), 8);
  assert_int_equal(olstm__desc_bytes(&matrix), 30);
  assert_int_equal(olstm__desc_bytes(&empty), 0);
}

static void takes_descs_that_are_none_as_empty(void** state) {
  const olstm_tensor_desc undefined = {OLSTM_DTYPE_UNDEFINED, 1, {4}};
  const olstm_tensor_desc open = {OLSTM_DTYPE_FLOAT, 1, {-1}};
  const olstm_tensor_desc huge = {OLSTM_DTYPE_FLOAT, 2, {INT64_MAX, INT64_MAX}};
  (void)state;
  assert_int_equal(olstm__desc_bytes(&undefined), 0);
  assert_int_equal(olstm__desc_bytes(&open), 0);
  assert_int_equal(olstm__desc_bytes(&huge), 0);
}

static void has_aligned_data_for_tensors_without_elements(void** state) {
  (void)state;
  assert_non_null(olstm__empty_tensor_data());
  assert_int_equal((uintptr_t)olstm__empty_tensor_data() % OLSTM_ALIGNMENT, 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_the_bytes_of_all_elements),
      cmocka_unit_test(takes_descs_that_are_none_as_empty),
      cmocka_unit_test(has_aligned_data_for_tensors_without_elements),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
