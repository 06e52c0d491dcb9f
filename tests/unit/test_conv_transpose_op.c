// op/conv/conv_transpose_op.c.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void windows_are_added_up(void** state) {
  (void)state;
  op_text_expect("ConvTranspose-1", "f32[1,1,2] 1 2; f32[1,1,2] 1 10",
                 "f32[1,1,3] 1 12 20");
  op_text_expect("ConvTranspose-11 strides=[2]", "f32[1,1,2] 1 2; f32[1,1,3] 1 10 100",
                 "f32[1,1,5] 1 10 102 20 200");
  op_text_expect("ConvTranspose-11 dilations=[2]", "f64[1,1,2] 1 2; f64[1,1,2] 1 10",
                 "f64[1,1,4] 1 2 10 20");
  op_text_expect("ConvTranspose-11",
                 "f32[1,2,1] 1 2; f32[2,2,1] 1 10 100 1000; f32[2] 5 6",
                 "f32[1,2,1] 206 2016");
  op_text_expect("ConvTranspose-11 group=2", "f16[1,2,1] 1 2; f16[2,1,2] 1 10 100 200",
                 "f16[1,2,2] 1 10 200 400");
}

static void pads_and_shapes_cut(void** state) {
  (void)state;
  op_text_expect("ConvTranspose-11 pads=[1,0]", "f32[1,1,2] 1 2; f32[1,1,2] 1 10",
                 "f32[1,1,2] 12 20");
  op_text_expect("ConvTranspose-11 strides=[2] output_padding=[1]",
                 "f32[1,1,2] 1 2; f32[1,1,1] 3", "f32[1,1,4] 3 0 6 0");
  op_text_expect("ConvTranspose-11 output_shape=[2]", "f32[1,1,2] 1 2; f32[1,1,2] 1 10",
                 "f32[1,1,2] 12 20");
  op_text_expect("ConvTranspose-11 auto_pad='SAME_UPPER'",
                 "f32[1,1,2] 1 2; f32[1,1,2] 1 10", "f32[1,1,2] 1 12");
  op_text_expect("ConvTranspose-11 auto_pad='SAME_LOWER'",
                 "f32[1,1,2] 1 2; f32[1,1,2] 1 10", "f32[1,1,2] 12 20");
}

static void many_positions_take_several_blocks(void** state) {
  (void)state;
  op_text_expect("ConvTranspose-11 pads=[1,0]", "f32[1,1,200] 0..; f32[1,1,2] 0 1",
                 "f32[1,1,200] 0..");
}

static void shapes_that_do_not_fit_are_named(void** state) {
  (void)state;
  op_text_expect_failure("ConvTranspose-11", "f32[1,2,2] 0..; f32[1,1,2] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "ConvTranspose 'node': input 'x1' has shape [1,1,2], expected "
                         "[C,M/group,...] for 'x0' with shape [1,2,2], group 1 and "
                         "kernel_shape");
  op_text_expect_failure("ConvTranspose-11 pads=[1,1]", "f32[1,1,1] 0; f32[1,1,2] 0 0",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "ConvTranspose 'node': dimension 2 of the output would be 0");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(windows_are_added_up),
      cmocka_unit_test(pads_and_shapes_cut),
      cmocka_unit_test(many_positions_take_several_blocks),
      cmocka_unit_test(shapes_that_do_not_fit_are_named),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
