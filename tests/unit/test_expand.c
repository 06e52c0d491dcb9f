// op/shape/expand: Expand and Tile.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void expand_broadcasts_both_ways(void** state) {
  (void)state;
  op_text_expect("Expand-8", "f32[3,1] 1 2 3; i64[2] 1 2", "f32[3,2] 1 1 2 2 3 3");
  op_text_expect("Expand-13", "f32[3,1] 1 2 3; i64[3] 2 1 1", "f32[2,3,1] 1 2 3 1 2 3");
  op_text_expect("Expand-13", "bool[] 1; i64[2] 2 2", "bool[2,2] 1 1 1 1");
  op_text_expect("Expand-13", "f32[2,2] 0..; i64[1] 1", "f32[2,2] 0..");
  op_text_expect("Expand-13", "i16[1,2] 1 2; i64[2] 0 2", "i16[0,2]");
}

static void expand_to_the_same_shape_is_a_view(void** state) {
  (void)state;
  op_text_expect_view("Expand-13", "f32[2] 1 2; i64[1] 2", "f32[2] 1 2");
}

static void expand_refuses_what_does_not_fit(void** state) {
  (void)state;
  op_text_expect_failure(
      "Expand-13", "f32[2] 1 2; i64[1] 3", OLSTM_STATUS_SHAPE_MISMATCH,
      "Expand 'node': input 'x0' has shape [2], which does not expand to [3]");
  op_text_expect_failure(
      "Expand-13", "f32[2] 1 2; i64[1] -1", OLSTM_STATUS_INVALID_VALUE,
      "Expand 'node': input 'x0' has shape [2], which does not expand to [-1]");
  op_text_expect_failure(
      "Expand-13", "f32[1] 1; i64[2] 4611686018427387904 4", OLSTM_STATUS_INVALID_VALUE,
      "Expand 'node': output shape [4611686018427387904,4] is too large");
  op_text_expect_failure("Expand-13", "f32[1] 1; ?i64[1] 4", OLSTM_STATUS_NEEDS_DATA,
                         "Expand 'node': the values of input 'x1' are not known yet");
}

static void tile_repeats_every_dimension(void** state) {
  (void)state;
  op_text_expect("Tile-6", "f32[2] 1 2; i64[1] 3", "f32[6] 1 2 1 2 1 2");
  op_text_expect("Tile-13", "i8[2,2] 1 2 3 4; i64[2] 2 2",
                 "i8[4,4] 1 2 1 2 3 4 3 4 1 2 1 2 3 4 3 4");
  op_text_expect("Tile-13", "f64[1,3] 1 2 3; i64[2] 2 1", "f64[2,3] 1 2 3 1 2 3");
  op_text_expect("Tile-13", "f32[2] 1 2; i64[1] 0", "f32[0]");
  op_text_expect_view("Tile-13", "f32[2] 1 2; i64[1] 1", "f32[2] 1 2");
}

static void tile_refuses_what_does_not_fit(void** state) {
  (void)state;
  op_text_expect_failure(
      "Tile-13", "f32[2] 1 2; i64[2] 1 1", OLSTM_STATUS_SHAPE_MISMATCH,
      "Tile 'node': repeats has 2 values, expected 1 as input 'x0' has "
      "dimensions");
  op_text_expect_failure("Tile-13", "f32[2] 1 2; i64[1] -1", OLSTM_STATUS_INVALID_VALUE,
                         "Tile 'node': repeats is [-1] for shape [2]: negative or too "
                         "large");
  op_text_expect_failure(
      "Tile-13", "f32[1,1,1] 1; i64[3] 1073741824 1073741824 1073741824",
      OLSTM_STATUS_INVALID_VALUE,
      "Tile 'node': output shape [1073741824,1073741824,1073741824] is too large");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(expand_broadcasts_both_ways),
      cmocka_unit_test(expand_to_the_same_shape_is_a_view),
      cmocka_unit_test(expand_refuses_what_does_not_fit),
      cmocka_unit_test(tile_repeats_every_dimension),
      cmocka_unit_test(tile_refuses_what_does_not_fit),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
