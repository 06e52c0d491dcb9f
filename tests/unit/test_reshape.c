// op/shape/reshape: Reshape and Flatten.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void reshapes_without_a_copy(void** state) {
  (void)state;
  op_text_expect_view("Reshape-5", "f32[2,3] 0..; i64[2] 3 2", "f32[3,2] 0..");
  op_text_expect_view("Reshape-13", "bf16[2,3] 0..; i64[1] 6", "bf16[6] 0..");
  op_text_expect_view("Reshape-25", "bool[1] 1; i64[0]", "bool[] 1");
}

static void zero_keeps_and_minus_one_fills(void** state) {
  (void)state;
  op_text_expect("Reshape-7", "f32[2,3,4] 0..; i64[2] 0 -1", "f32[2,12] 0..");
  op_text_expect("Reshape-7", "f32[2,3,4] 0..; i64[3] -1 0 1", "f32[8,3,1] 0..");
  op_text_expect("Reshape-14", "f32[0,3]; i64[2] -1 3", "f32[0,3]");
  op_text_expect("Reshape-14", "f32[0,3]; i64[2] 0 3", "f32[0,3]");
}

static void allowzero_means_a_dimension_of_zero(void** state) {
  (void)state;
  op_text_expect("Reshape-14 allowzero=1", "f32[0,3]; i64[3] 3 4 0", "f32[3,4,0]");
  op_text_expect_failure("Reshape-14 allowzero=1", "f32[0,3]; i64[2] -1 0",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Reshape 'node': shape [-1,0] has a -1 that a dimension of 0 "
                         "leaves open");
  op_text_expect_failure("Reshape-13 allowzero=1", "f32[1] 0; i64[1] 1",
                         OLSTM_STATUS_UNSUPPORTED,
                         "Reshape 'node': unknown attribute 'allowzero' (opset 13)");
}

static void opset_1_has_the_shape_as_attribute(void** state) {
  (void)state;
  op_text_expect("Reshape-1 shape=[3,-1]", "f32[2,3] 0..", "f32[3,2] 0..");
  op_text_expect_failure("Reshape-1", "f32[2,3] 0..", OLSTM_STATUS_INVALID_MODEL,
                         "Reshape 'node': attribute shape is missing");
}

static void an_unknown_shape_needs_data(void** state) {
  (void)state;
  op_text_expect_failure("Reshape-5", "f32[2,3] 0..; ?i64[2] 3 2",
                         OLSTM_STATUS_NEEDS_DATA,
                         "Reshape 'node': the values of input 'x1' are not known yet");
}

static void refuses_shapes_that_do_not_fit(void** state) {
  (void)state;
  op_text_expect_failure(
      "Reshape-5", "f32[2,3] 0..; i64[2] 4 -1", OLSTM_STATUS_SHAPE_MISMATCH,
      "Reshape 'node': input 'x0' has shape [2,3], which does not fit shape [4,-1]");
  op_text_expect_failure(
      "Reshape-5", "f32[2,3] 0..; i64[2] 2 2", OLSTM_STATUS_SHAPE_MISMATCH,
      "Reshape 'node': input 'x0' has shape [2,3], which does not fit shape [2,2]");
  op_text_expect_failure(
      "Reshape-5", "f32[2,3] 0..; i64[3] 2 3 0", OLSTM_STATUS_INVALID_VALUE,
      "Reshape 'node': shape [2,3,0] has 0 at 2, but input 'x0' has only 2 dimensions");
  op_text_expect_failure(
      "Reshape-5", "f32[2,3] 0..; i64[2] -1 -1", OLSTM_STATUS_INVALID_VALUE,
      "Reshape 'node': shape [-1,-1] has more than one -1 or a value below it");
  op_text_expect_failure("Reshape-5",
                         "f32[2] 0..; i64[3] 4611686018427387904 4611686018427387904 4",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Reshape 'node': output shape "
                         "[4611686018427387904,4611686018427387904,4] is too large");
  op_text_expect_failure("Reshape-5", "f32[1] 0; i64[9] 1 1 1 1 1 1 1 1 1",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Reshape 'node': input 'x1' has shape [9], expected a list of "
                         "at most 8 values");
}

static void flatten_makes_two_dimensions(void** state) {
  (void)state;
  op_text_expect_view("Flatten-13", "f32[2,3,4] 0..", "f32[2,12] 0..");
  op_text_expect("Flatten-13 axis=0", "i8[2,3] 0..", "i8[1,6] 0..");
  op_text_expect("Flatten-9 axis=3", "f32[2,3,4] 0..", "f32[24,1] 0..");
  op_text_expect("Flatten-11 axis=-1", "f32[2,3,4] 0..", "f32[6,4] 0..");
  op_text_expect("Flatten-13 axis=0", "f32[] 7", "f32[1,1] 7");
  op_text_expect("Flatten-13 axis=1", "f32[0,3]", "f32[0,3]");
  op_text_expect_failure("Flatten-13 axis=4", "f32[2,3,4] 0..",
                         OLSTM_STATUS_INVALID_VALUE,
                         "Flatten 'node': axis is 4, expected -3..3");
  op_text_expect_failure("Flatten-7", "i32[2,3] 0..", OLSTM_STATUS_DTYPE_MISMATCH,
                         "Flatten 'node': input 'x0' has dtype int32, which opset 7 has "
                         "no meaning for");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reshapes_without_a_copy),
      cmocka_unit_test(zero_keeps_and_minus_one_fills),
      cmocka_unit_test(allowzero_means_a_dimension_of_zero),
      cmocka_unit_test(opset_1_has_the_shape_as_attribute),
      cmocka_unit_test(an_unknown_shape_needs_data),
      cmocka_unit_test(refuses_shapes_that_do_not_fit),
      cmocka_unit_test(flatten_makes_two_dimensions),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
