// op/quantize/quantized_matmul_op.c, quantized_conv_op.c and zero_point.c.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void integers_are_multiplied_without_their_zero_points(void** state) {
  (void)state;
  op_text_expect("MatMulInteger-10", "u8[1,2] 3 250; i8[2,1] -2 100", "i32[1,1] 24994");
  op_text_expect("MatMulInteger-10", "u8[2,2] 1 2 3 4; u8[2,2] 1 2 3 4; u8[] 1; u8[] 2",
                 "i32[2,2] 1 2 1 6");
  op_text_expect("MatMulInteger-10",
                 "i8[2,2] 1 2 3 4; u8[2,2] 1 2 3 4; i8[2] 1 3; u8[2] 1 2",
                 "i32[2,2] 2 2 2 2");
  op_text_expect("MatMulInteger-10", "u8[2,1,1] 2 3; u8[1,2] 4 5",
                 "i32[2,1,2] 8 10 12 15");
}

static void results_are_quantized_again(void** state) {
  (void)state;
  op_text_expect("QLinearMatMul-10",
                 "u8[1,2] 3 5; f32[] 0.5; u8[] 1; u8[2,2] 4 6 8 2; f32[] 2; u8[] 2; "
                 "f32[] 4; u8[] 10",
                 "u8[1,2] 17 12");
  op_text_expect("QLinearMatMul-21",
                 "i8[1,1] 10; f32[] 1; i8[] 0; i8[1,2] 10 20; f32[2] 1 2; i8[2] 0 0; "
                 "f32[] 1; u8[] 0",
                 "u8[1,2] 100 255");
  // Saturates, as the specification says; ONNX 1.17's data wraps.
  op_text_expect("QLinearMatMul-10",
                 "i8[2,1] 10 -100; f32[] 1; i8[] 0; i8[1,2] 10 1; f32[] 1; i8[] 0; "
                 "f32[] 0.5; i8[] -1",
                 "i8[2,2] 127 19 -128 -128");
  op_text_expect_failure("MatMulInteger-10", "u8[2,2] 0..; u8[2,2] 0..; u8[3] 0 0 0",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "MatMulInteger 'node': input 'x2' has shape [3], expected a "
                         "scalar or [2]");
}

static void integer_convolutions_pad_with_the_zero_point(void** state) {
  (void)state;
  op_text_expect("ConvInteger-10 pads=[1,0]", "u8[1,1,3] 2 3 4; u8[1,1,2] 1 10; u8[] 1",
                 "i32[1,1,3] 10 21 32");
  op_text_expect("ConvInteger-10",
                 "u8[1,1,2] 2 3; i8[5,1,1] 1 2 3 4 5; u8[] 0; i8[5] 1 1 1 1 0",
                 "i32[1,5,2] 0 0 2 3 4 6 6 9 10 15");
}

static void quantized_convolutions_take_scales_by_channel(void** state) {
  (void)state;
  op_text_expect("QLinearConv-10",
                 "u8[1,1,2] 5 7; f32[] 0.5; u8[] 1; i8[2,1,1] 2 4; f32[2] 1 2; i8[] 0; "
                 "f32[] 2; u8[] 3; i32[2] 4 -8",
                 "u8[1,2,2] 6 7 7 11");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_are_multiplied_without_their_zero_points),
      cmocka_unit_test(results_are_quantized_again),
      cmocka_unit_test(integer_convolutions_pad_with_the_zero_point),
      cmocka_unit_test(quantized_convolutions_take_scales_by_channel),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
