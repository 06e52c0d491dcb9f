// runtime/plan/plan_inputs.c: inputs that are not what the model declares are refused by
// name.
#include "runtime/plan/plan_inputs.h"

#include <string.h>

#include "tests/support/fake_ops.h"
#include "tests/support/test_main.h"

static const char kModel[] =
    "input x float[n,3]\ninput y float[n,3]\ninput z float\n"
    "node test:Add x,y -> s\nnode test:Inc z -> t\noutput s\noutput t\n";

/// Prepares with x, y and z of these shapes (rank 2, 2, 1).
static olstm_status prepare(int64_t x0, int64_t x1, int64_t y0, olstm_dtype dtype,
                            olstm_error* error) {
  olstm_fake_session fake;
  olstm_context* context =
      olstm_fake_context(olstm_fake_session_must(kModel, NULL, &fake));
  const olstm_tensor_desc descs[] = {
      {dtype, 2, {x0, x1}}, {OLSTM_DTYPE_FLOAT, 2, {y0, 3}}, {OLSTM_DTYPE_FLOAT, 1, {9}}};
  const olstm_status status = olstm_context_prepare(context, descs, 3, error);
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
  return status;
}

static void takes_any_size_for_a_symbol(void** state) {
  (void)state;
  assert_int_equal(prepare(5, 3, 5, OLSTM_DTYPE_FLOAT, NULL), OLSTM_STATUS_OK);
  assert_int_equal(prepare(0, 3, 0, OLSTM_DTYPE_FLOAT, NULL), OLSTM_STATUS_OK);
}

static void refuses_another_fixed_size(void** state) {
  olstm_error error = {""};
  (void)state;
  assert_int_equal(prepare(5, 4, 5, OLSTM_DTYPE_FLOAT, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message, "input 'x' has shape [5,4], expected [n,3]");
}

static void refuses_two_sizes_of_one_symbol(void** state) {
  olstm_error error = {""};
  (void)state;
  assert_int_equal(prepare(5, 3, 6, OLSTM_DTYPE_FLOAT, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "input 'y' has shape [6,3], expected 5 for dimension 'n' as input "
                      "'x' has it");
}

static void refuses_another_dtype(void** state) {
  olstm_error error = {""};
  (void)state;
  assert_int_equal(prepare(5, 3, 5, OLSTM_DTYPE_DOUBLE, &error),
                   OLSTM_STATUS_DTYPE_MISMATCH);
  assert_string_equal(error.message, "input 'x' has dtype double, expected float");
  assert_int_equal(prepare(5, 3, 5, 77, &error), OLSTM_STATUS_DTYPE_MISMATCH);
  assert_string_equal(error.message, "input 'x' has dtype 77, which is none");
}

static void refuses_descs_that_make_no_sense(void** state) {
  olstm_error error = {""};
  (void)state;
  assert_int_equal(prepare(-1, 3, 5, OLSTM_DTYPE_FLOAT, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message,
                      "input 'x' has shape [-1,3], which is none that fits into memory");
  assert_int_equal(prepare(INT64_MAX / 4, 3, 5, OLSTM_DTYPE_FLOAT, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_int_equal(prepare(5, 3, 5, OLSTM_DTYPE_STRING, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message, "input 'x' has dtype string, which nothing runs");
}

static void refuses_a_rank_that_is_none(void** state) {
  olstm_fake_session fake;
  olstm_error error = {""};
  (void)state;
  olstm_context* context = olstm_fake_context(olstm_fake_session_must(
      "input x float\nnode test:Inc x -> y\noutput y\n", NULL, &fake));
  const olstm_tensor_desc desc = {OLSTM_DTYPE_FLOAT, 9, {1}};
  assert_int_equal(olstm_context_prepare(context, &desc, 1, &error),
                   OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(error.message, "input 'x' has rank 9, expected 0..8");
  assert_int_equal(olstm_context_prepare(context, &desc, 2, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "the model has 1 inputs, and 2 are given");
  olstm_context_destroy(context);
  olstm_fake_session_destroy(&fake);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_any_size_for_a_symbol),
      cmocka_unit_test(refuses_another_fixed_size),
      cmocka_unit_test(refuses_two_sizes_of_one_symbol),
      cmocka_unit_test(refuses_another_dtype),
      cmocka_unit_test(refuses_descs_that_make_no_sense),
      cmocka_unit_test(refuses_a_rank_that_is_none),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
