// op/gather/gather.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void gathers_along_any_axis(void** state) {
  (void)state;
  op_text_expect("Gather-1", "f32[3,2] 0..; i64[2] 2 0", "f32[2,2] 4 5 0 1");
  op_text_expect("Gather-11 axis=1", "f32[2,3] 0..; i32[1,2] 0 2", "f32[2,1,2] 0 2 3 5");
  op_text_expect("Gather-13 axis=-1", "i8[2,3] 0..; ?i64[2] -1 -3", "i8[2,2] 2 0 5 3");
}

static void a_scalar_index_drops_the_axis(void** state) {
  (void)state;
  op_text_expect("Gather-13", "i64[3] 7 8 9; i64[] -1", "i64[] 9");
  op_text_expect("Gather-13 axis=1", "f32[2,3] 0..; i32[] 1", "f32[2] 1 4");
}

static void nothing_to_gather_is_fine(void** state) {
  (void)state;
  op_text_expect("Gather-13", "f32[3,2] 0..; i64[0]", "f32[0,2]");
  op_text_expect("Gather-13", "f32[3,0]; i64[1] 0", "f32[1,0]");
}

static void indices_out_of_range_are_refused(void** state) {
  (void)state;
  op_text_expect_failure("Gather-13", "f32[3] 0..; i64[2] 0 3",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Gather 'node': input 'x1' has 3 at position 1, expected -3..2");
  op_text_expect_failure("Gather-13", "f32[3] 0..; i64[1] -9223372036854775808",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Gather 'node': input 'x1' has -9223372036854775808 at position "
                         "0, expected -3..2");
  op_text_expect_failure("Gather-13", "f32[0,1]; i64[1] 0", OLSTM_STATUS_INVALID_VALUE,
                         "Gather 'node': input 'x1' has 0 at position 0, but there is "
                         "nothing to index");
}

static void refuses_wrong_ranks_and_dtypes(void** state) {
  (void)state;
  op_text_expect_failure(
      "Gather-13", "f32[] 0; i64[] 0", OLSTM_STATUS_SHAPE_MISMATCH,
      "Gather 'node': input 'x0' is a scalar, expected at least 1 dimension");
  op_text_expect_failure("Gather-13", "f32[1] 0; f32[] 0", OLSTM_STATUS_DTYPE_MISMATCH,
                         "Gather 'node': input 'x1' has dtype float, which opset 13 has "
                         "no meaning for");
  op_text_expect_failure("Gather-13", "f32[1,1,1,1] 0; i64[1,1,1,1,1,1] 0",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Gather 'node': the output has rank 9, olstm runs at most 8");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gathers_along_any_axis),
      cmocka_unit_test(a_scalar_index_drops_the_axis),
      cmocka_unit_test(nothing_to_gather_is_fine),
      cmocka_unit_test(indices_out_of_range_are_refused),
      cmocka_unit_test(refuses_wrong_ranks_and_dtypes),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
