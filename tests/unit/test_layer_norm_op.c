// op/normalize/layer_norm_op.c, norm_row.c.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void rows_have_mean_0_and_deviation_1(void** state) {
  (void)state;
  op_text_expect("LayerNormalization-17 epsilon=0.0 outputs=3",
                 "f32[2,2] 1 3 2 6; f32[2] 1 10; f32[2] 0 1",
                 "f32[2,2] -1 11 -1 11; f32[2,1] 2 4; f32[2,1] 1 0.5");
  op_text_expect("LayerNormalization-17 axis=0 epsilon=0.0", "f64[2,2] 1 3 3 1; f64[1] 2",
                 "f64[2,2] -2 2 2 -2");
  op_text_expect("LayerNormalization-17 axis=1 epsilon=0.0 outputs=2",
                 "f16[1,2,2] 1 3 3 1; f16[2,2] 1 2 3 4; f16[1,2,2] 1 1 1 1",
                 "f16[1,2,2] 0 3 4 -3; f32[1,1,1] 2");
}

static void operands_of_other_shapes_broadcast(void** state) {
  (void)state;
  op_text_expect("LayerNormalization-17 epsilon=0.0",
                 "f32[2,2] 1 3 2 6; f32[2,1] 1 10; f32[2] 0 1", "f32[2,2] -1 2 -10 11");
  op_text_expect("LayerNormalization-17 epsilon=0.0",
                 "f32[2,2] 1 3 2 6; f32[2] 1 2; f32[2,2] 0 1 2 3", "f32[2,2] -1 3 1 5");
}

static void rms_does_not_centre(void** state) {
  (void)state;
  op_text_expect("RMSNormalization-23 epsilon=0.0", "f32[1,2] 1 7; f32[2] 1 2",
                 "f32[1,2] 0.2 2.8");
}

static void refuses_what_it_does_not_know(void** state) {
  (void)state;
  op_text_expect_failure("LayerNormalization-17", "f32[1,2] 1 7; f32[3] 1 2 3",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "LayerNormalization 'node': input 'x1' has shape [3], which "
                         "does not broadcast to [1,2]");
  op_text_expect_failure("LayerNormalization-17 stash_type=11", "f32[1,1] 1; f32[1] 1",
                         OLSTM_STATUS_UNSUPPORTED,
                         "LayerNormalization 'node': attribute stash_type is 11, olstm "
                         "knows 1 (float) and 16 (bfloat16)");
}

static void floats_are_normalized_as_doubles_are(void** state) {
  (void)state;
  op_text_expect_as_double("LayerNormalization-17", "f32[700,65] ~; f32[65] ~; f32[65] ~",
                           1e-5);
  op_text_expect_as_double("LayerNormalization-17", "f32[3,7] ~; f32[7] ~", 1e-5);
  op_text_expect_as_double("LayerNormalization-17", "f32[3,70] ~; f32[1] ~; f32[1] ~",
                           1e-5);
  op_text_expect_as_double("LayerNormalization-17", "f32[3,70] ~; f32[70] ~; f32[1] ~",
                           1e-5);
  op_text_expect_as_double("LayerNormalization-17 axis=1",
                           "f32[2,3,20] ~; f32[3,20] ~; f32[3,1] ~", 1e-5);
  op_text_expect_as_double("RMSNormalization-23", "f32[5,129] ~; f32[129] ~", 1e-5);
  // More rows than are measured together, of whole blocks of partial sums and of parts.
  op_text_expect_as_double("LayerNormalization-17", "f32[35,40] ~; f32[40] ~; f32[40] ~",
                           1e-5);
  op_text_expect_as_double("LayerNormalization-17", "f32[33,22] ~; f32[22] ~; f32[22] ~",
                           1e-5);
  op_text_expect_as_double("RMSNormalization-23", "f32[18,64] ~; f32[64] ~", 1e-5);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_have_mean_0_and_deviation_1),
      cmocka_unit_test(operands_of_other_shapes_broadcast),
      cmocka_unit_test(rms_does_not_centre),
      cmocka_unit_test(refuses_what_it_does_not_know),
      cmocka_unit_test(floats_are_normalized_as_doubles_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
