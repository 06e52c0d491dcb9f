// op/image/space_depth: DepthToSpace and SpaceToDepth.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void depth_becomes_blocks(void** state) {
  (void)state;
  op_text_expect("DepthToSpace-1 blocksize=2", "f32[1,4,1,2] 0..",
                 "f32[1,1,2,4] 0 2 1 3 4 6 5 7");
  op_text_expect("DepthToSpace-11 blocksize=2 mode='DCR'", "u8[1,8,1,1] 0..",
                 "u8[1,2,2,2] 0 2 4 6 1 3 5 7");
  op_text_expect("DepthToSpace-13 blocksize=2 mode='CRD'", "u8[1,8,1,1] 0..",
                 "u8[1,2,2,2] 0 1 2 3 4 5 6 7");
}

static void blocks_become_depth(void** state) {
  (void)state;
  op_text_expect("SpaceToDepth-1 blocksize=2", "f32[1,1,2,4] 0 2 1 3 4 6 5 7",
                 "f32[1,4,1,2] 0..");
  op_text_expect("SpaceToDepth-13 blocksize=1", "i64[1,2,1,1] 4 5", "i64[1,2,1,1] 4 5");
}

static void refuses_blocks_that_do_not_divide(void** state) {
  (void)state;
  op_text_expect_failure("DepthToSpace-13 blocksize=2", "f32[1,3,1,1] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "DepthToSpace 'node': input 'x0' has shape [1,3,1,1], whose "
                         "channels are not a multiple of 4");
  op_text_expect_failure("SpaceToDepth-13 blocksize=2", "f32[1,1,2,3] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "SpaceToDepth 'node': input 'x0' has shape [1,1,2,3], which "
                         "blocks of 2 do not divide");
  op_text_expect_failure("DepthToSpace-13 blocksize=0", "f32[1,1,1,1] 0",
                         OLSTM_STATUS_INVALID_MODEL,
                         "DepthToSpace 'node': blocksize is 0, expected 1 to 2147483647");
  op_text_expect_failure(
      "DepthToSpace-13 blocksize=1", "f32[1,1,1] 0", OLSTM_STATUS_SHAPE_MISMATCH,
      "DepthToSpace 'node': input 'x0' has shape [1,1,1], expected 4 dimensions");
  op_text_expect_failure("DepthToSpace-13 blocksize=1 mode='XYZ'", "f32[1,1,1,1] 0",
                         OLSTM_STATUS_UNSUPPORTED,
                         "DepthToSpace 'node': mode='XYZ' is unknown");
  op_text_expect_failure("DepthToSpace-1 blocksize=1 mode='CRD'", "f32[1,1,1,1] 0",
                         OLSTM_STATUS_UNSUPPORTED,
                         "DepthToSpace 'node': unknown attribute 'mode' (opset 1)");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(depth_becomes_blocks),
      cmocka_unit_test(blocks_become_depth),
      cmocka_unit_test(refuses_blocks_that_do_not_divide),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
