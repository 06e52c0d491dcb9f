// op/gather/scatter_nd.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void replaces_whole_slices(void** state) {
  (void)state;
  op_text_expect("ScatterND-11", "f32[4] 1 2 3 4; i64[2,1] 3 1; f32[2] 9 8",
                 "f32[4] 1 8 3 9");
  op_text_expect("ScatterND-13", "u8[2,2] 1 2 3 4; ?i64[1,1] -1; u8[1,2] 7 8",
                 "u8[2,2] 1 2 7 8");
}

static void reduces_with_what_is_there(void** state) {
  (void)state;
  op_text_expect("ScatterND-16 reduction='add'",
                 "i64[2,2] 1 2 3 4; i64[2,1] 0 0; i64[2,2] 10 20 30 40",
                 "i64[2,2] 41 62 3 4");
  op_text_expect("ScatterND-18 reduction='min'", "bf16[2] 3 4; i64[1,1] 0; bf16[1] 1",
                 "bf16[2] 1 4");
}

static void refuses_what_lies_outside(void** state) {
  (void)state;
  op_text_expect_failure(
      "ScatterND-13", "f32[2] 0..; i64[1,1] -3; f32[1] 0", OLSTM_STATUS_INVALID_VALUE,
      "ScatterND 'node': input 'x1' has -3 at position 0, expected -2..1");
  op_text_expect_failure("ScatterND-13", "f32[2,3] 0..; i64[1,1] 0; f32[1,2] 0 0",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "ScatterND 'node': input 'x2' has shape [1,2], expected [1,3]");
  op_text_expect_failure("ScatterND-16 reduction='min'", "f32[1] 0; i64[1,1] 0; f32[1] 0",
                         OLSTM_STATUS_UNSUPPORTED,
                         "ScatterND 'node': reduction='min' is unknown (opset 16)");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(replaces_whole_slices),
      cmocka_unit_test(reduces_with_what_is_there),
      cmocka_unit_test(refuses_what_lies_outside),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
