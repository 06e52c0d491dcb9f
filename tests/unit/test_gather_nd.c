// op/gather/gather_nd.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void tuples_name_elements_or_slices(void** state) {
  (void)state;
  op_text_expect("GatherND-11", "i32[2,2] 0..; i64[2,2] 0 0 1 1", "i32[2] 0 3");
  op_text_expect("GatherND-11", "f32[2,2] 0..; i64[2,1] 1 0", "f32[2,2] 2 3 0 1");
  op_text_expect("GatherND-13", "f32[2,2,2] 0..; ?i64[2,1,2] 0 1 1 -2",
                 "f32[2,1,2] 2 3 4 5");
}

static void batch_dims_go_along(void** state) {
  (void)state;
  op_text_expect("GatherND-12 batch_dims=1", "i32[2,2,2] 0..; i64[2,1] 1 0",
                 "i32[2,2] 2 3 4 5");
  op_text_expect_failure("GatherND-11 batch_dims=1", "f32[1,1] 0; i64[1,1] 0",
                         OLSTM_STATUS_UNSUPPORTED,
                         "GatherND 'node': unknown attribute 'batch_dims' (opset 11)");
}

static void refuses_what_lies_outside(void** state) {
  (void)state;
  op_text_expect_failure(
      "GatherND-13", "f32[2,3] 0..; i64[1,2] 1 3", OLSTM_STATUS_INVALID_VALUE,
      "GatherND 'node': input 'x1' has 3 at position 1, expected -3..2");
  op_text_expect_failure(
      "GatherND-13", "f32[2] 0..; i64[1,2] 1 1", OLSTM_STATUS_SHAPE_MISMATCH,
      "GatherND 'node': input 'x1' of shape [1,2] does not index input "
      "'x0' of shape [2] with 0 batch dimensions");
  op_text_expect_failure(
      "GatherND-13 batch_dims=1", "f32[2,1] 0..; i64[3,1] 0 0 0",
      OLSTM_STATUS_SHAPE_MISMATCH,
      "GatherND 'node': input 'x1' of shape [3,1] does not index input "
      "'x0' of shape [2,1] with 1 batch dimensions");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tuples_name_elements_or_slices),
      cmocka_unit_test(batch_dims_go_along),
      cmocka_unit_test(refuses_what_lies_outside),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
