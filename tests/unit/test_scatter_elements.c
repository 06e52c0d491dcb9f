// op/gather/scatter_elements: ScatterElements and Scatter.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void replaces_single_elements(void** state) {
  (void)state;
  op_text_expect("Scatter-9",
                 "f32[3,3] 0 0 0 0 0 0 0 0 0; i64[2,3] 1 0 2 0 2 1; f32[2,3] "
                 "1.0 1.1 1.2 2.0 2.1 2.2",
                 "f32[3,3] 2 1.1 0 1 0 2.2 0 2.1 1.2");
  op_text_expect("ScatterElements-11 axis=1",
                 "u8[1,5] 1 2 3 4 5; ?i32[1,2] 1 -2; u8[1,2] 11 12",
                 "u8[1,5] 1 11 3 12 5");
  op_text_expect("ScatterElements-13", "f32[2] 1 2; i64[0]; f32[0]", "f32[2] 1 2");
  // More than are resolved together.
  op_text_expect("ScatterElements-13", "f64[300] ~; i64[300] 0..; f64[300] 0..",
                 "f64[300] 0..");
  op_text_expect("ScatterElements-13", "u16[300] ~; i32[300] -300 1..; u16[300] 0..",
                 "u16[300] 0..");
}

static void reduces_with_what_is_there(void** state) {
  (void)state;
  op_text_expect("ScatterElements-16 reduction='add'",
                 "f32[3] 1 2 3; i64[3] 1 1 0; f32[3] 10 20 30", "f32[3] 31 32 3");
  op_text_expect("ScatterElements-16 reduction='mul'",
                 "i32[2] 3 4; i64[2] 0 0; i32[2] 5 6", "i32[2] 90 4");
  op_text_expect("ScatterElements-18 reduction='max'",
                 "f16[2] 3 4; i64[2] 0 1; f16[2] 5 1", "f16[2] 5 4");
  op_text_expect("ScatterElements-18 reduction='min'",
                 "f64[2] 3 4; i64[2] 0 1; f64[2] 5 nan", "f64[2] 3 nan");
}

static void refuses_what_lies_outside(void** state) {
  (void)state;
  op_text_expect_failure(
      "ScatterElements-13", "f32[2] 0..; i64[1] 2; f32[1] 0", OLSTM_STATUS_INVALID_VALUE,
      "ScatterElements 'node': input 'x1' has 2 at position 0, expected -2..1");
  op_text_expect_failure("ScatterElements-13", "f32[2] 0..; i64[1] 1; f32[2] 0 0",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "ScatterElements 'node': input 'x2' has shape [2], expected [1] "
                         "as input 'x1' has");
  op_text_expect_failure("ScatterElements-16 reduction='max'",
                         "f32[1] 0; i64[1] 0; f32[1] 0", OLSTM_STATUS_UNSUPPORTED,
                         "ScatterElements 'node': reduction='max' is unknown (opset 16)");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(replaces_single_elements),
      cmocka_unit_test(reduces_with_what_is_there),
      cmocka_unit_test(refuses_what_lies_outside),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
