// op/normalize/channel_norm_op.c and composed_norm_op.c.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void instances_are_normalized_by_channel(void** state) {
  (void)state;
  op_text_expect("InstanceNormalization-6 epsilon=0.0",
                 "f32[1,2,2] 1 3 2 6; f32[2] 1 10; f32[2] 5 0", "f32[1,2,2] 4 6 -10 10");
}

static void groups_scale_by_group_then_by_channel(void** state) {
  (void)state;
  op_text_expect("GroupNormalization-18 num_groups=1 epsilon=0.0",
                 "f32[1,2,1] 1 3; f32[1] 10; f32[1] 1", "f32[1,2,1] -9 11");
  op_text_expect("GroupNormalization-21 num_groups=1 epsilon=0.0",
                 "f32[1,2,1] 1 3; f32[2] 10 20; f32[2] 1 2", "f32[1,2,1] -9 22");
  op_text_expect_failure("GroupNormalization-21 num_groups=2",
                         "f32[1,3,1] 1 2 3; f32[3] 1 1 1; f32[3] 0 0 0",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "GroupNormalization 'node': input 'x0' has shape [1,3,1], "
                         "expected [N,C,...] with C a multiple of 2");
}

static void lp_divides_by_the_norm(void** state) {
  (void)state;
  op_text_expect("LpNormalization-1", "f32[2,2] 3 4 0 2", "f32[2,2] 0.6 0.8 0 1");
  op_text_expect("LpNormalization-1 axis=0 p=1", "f64[2,2] 1 2 3 -6",
                 "f64[2,2] 0.25 0.25 0.75 -0.75");
}

static void mean_and_variance_are_taken_over_the_axes(void** state) {
  (void)state;
  op_text_expect("MeanVarianceNormalization-13 axes=[1]", "f32[2,2] 1 3 2 6",
                 "f32[2,2] -1 1 -1 1");
  op_text_expect("MeanVarianceNormalization-9", "f32[2,1,1,1] 1 3", "f32[2,1,1,1] -1 1");
}

static void floats_are_normalized_as_doubles_are(void** state) {
  (void)state;
  op_text_expect_as_double("InstanceNormalization-6",
                           "f32[2,33,50,11] ~; f32[33] ~; f32[33] ~", 1e-5);
  op_text_expect_as_double("InstanceNormalization-6", "f32[1,3,5] ~; f32[3] ~; f32[3] ~",
                           1e-5);
  op_text_expect_as_double("GroupNormalization-21 num_groups=4",
                           "f32[2,12,19] ~; f32[12] ~; f32[12] ~", 1e-5);
  op_text_expect_as_double("InstanceNormalization-6",
                           "f32[3,11,30] ~; f32[11] ~; f32[11] ~", 1e-5);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(instances_are_normalized_by_channel),
      cmocka_unit_test(groups_scale_by_group_then_by_channel),
      cmocka_unit_test(lp_divides_by_the_norm),
      cmocka_unit_test(mean_and_variance_are_taken_over_the_axes),
      cmocka_unit_test(floats_are_normalized_as_doubles_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
