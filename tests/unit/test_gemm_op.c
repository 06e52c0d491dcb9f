// op/dense/gemm_op.c: transposes, scales, every shape of C, opsets.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

#define A "f32[2,3] 1 2 3 4 5 6"
#define B "f32[3,2] 1 0 0 1 2 2"

static void c_broadcasts_from_every_shape(void** state) {
  (void)state;
  op_text_expect("Gemm-11", A "; " B, "f32[2,2] 7 8 16 17");
  op_text_expect("Gemm-7", A "; " B "; f32[] 1", "f32[2,2] 8 9 17 18");
  op_text_expect("Gemm-7", A "; " B "; f32[1] 1", "f32[2,2] 8 9 17 18");
  op_text_expect("Gemm-7", A "; " B "; f32[2] 1 10", "f32[2,2] 8 18 17 27");
  op_text_expect("Gemm-9", A "; " B "; f32[1,2] 1 10", "f32[2,2] 8 18 17 27");
  op_text_expect("Gemm-13", A "; " B "; f32[2,1] 1 10", "f32[2,2] 8 9 26 27");
  op_text_expect("Gemm-13", A "; " B "; f32[2,2] 1 2 3 4", "f32[2,2] 8 10 19 21");
  op_text_expect("Gemm-6 broadcast=1", A "; " B "; f32[2] 1 10", "f32[2,2] 8 18 17 27");
}

static void both_sides_can_be_transposed(void** state) {
  (void)state;
  op_text_expect("Gemm-11 transA=1", "f32[3,2] 1 4 2 5 3 6; " B, "f32[2,2] 7 8 16 17");
  op_text_expect("Gemm-11 transB=1", A "; f32[2,3] 1 0 2 0 1 2", "f32[2,2] 7 8 16 17");
  op_text_expect("Gemm-11 transA=1 transB=1",
                 "f64[3,2] 1 4 2 5 3 6; f64[2,3] 1 0 2 0 1 2", "f64[2,2] 7 8 16 17");
}

static void threads_share_a_product_that_is_packed_first(void** state) {
  (void)state;
  op_text_expect_as_double("Gemm-13 transB=1",
                           "f32[33,257] ~; f32[100,257] ~; f32[100] ~", 1e-4);
  op_text_expect_as_double("Gemm-13 transA=1 transB=1 alpha=0.5",
                           "f32[257,50] ~; f32[100,257] ~", 1e-4);
}

static void alpha_and_beta_scale(void** state) {
  (void)state;
  op_text_expect("Gemm-11 alpha=0.5", A "; " B, "f32[2,2] 3.5 4 8 8.5");
  op_text_expect("Gemm-11 beta=2.0", A "; " B "; f32[2] 1 10", "f32[2,2] 9 28 18 37");
  op_text_expect("Gemm-11 alpha=2.0 beta=0.5", A "; " B "; f32[2,1] 2 4",
                 "f32[2,2] 15 17 34 36");
  op_text_expect("Gemm-11 beta=0.0", A "; " B "; f32[2] 1 10", "f32[2,2] 7 8 16 17");
}

static void other_dtypes_do_the_same(void** state) {
  (void)state;
  op_text_expect("Gemm-13", "f16[2,3] 1 2 3 4 5 6; f16[3,2] 1 0 0 1 2 2; f16[2] 1 10",
                 "f16[2,2] 8 18 17 27");
  op_text_expect("Gemm-13 transA=1 alpha=2.0",
                 "bf16[3,2] 1 4 2 5 3 6; bf16[3,2] 1 0 0 1 2 2; bf16[2,1] 1 2",
                 "bf16[2,2] 15 17 34 36");
  op_text_expect("Gemm-9", "i32[2,3] 1 2 3 4 5 6; i32[3,2] 1 0 0 1 2 2; i32[2] 1 10",
                 "i32[2,2] 8 18 17 27");
  op_text_expect("Gemm-9 alpha=0.5", "i64[1,2] 3 4; i64[2,1] 1 1; i64[1] 1",
                 "i64[1,1] 4");
}

static void shapes_that_do_not_fit_are_named(void** state) {
  (void)state;
  op_text_expect_failure("Gemm-11", A "; f32[2,2] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
                         "Gemm 'node': input 'x1' has shape [2,2], expected [3,*] from "
                         "'x0' with shape [2,3]");
  op_text_expect_failure(
      "Gemm-11", A "; " B "; f32[3] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "Gemm 'node': input 'x2' has shape [3], which does not broadcast "
      "to [2,2]");
  op_text_expect_failure("Gemm-11", "f32[6] 0..; " B, OLSTM_STATUS_SHAPE_MISMATCH,
                         "Gemm 'node': input 'x0' has shape [6], expected rank 2");
  op_text_expect_failure("Gemm-9", A "; " B, OLSTM_STATUS_INVALID_MODEL,
                         "Gemm 'node': input 2 is missing");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(c_broadcasts_from_every_shape),
      cmocka_unit_test(both_sides_can_be_transposed),
      cmocka_unit_test(threads_share_a_product_that_is_packed_first),
      cmocka_unit_test(alpha_and_beta_scale),
      cmocka_unit_test(other_dtypes_do_the_same),
      cmocka_unit_test(shapes_that_do_not_fit_are_named),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
