// op/shape/trilu.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void keeps_a_triangle(void** state) {
  (void)state;
  op_text_expect("Trilu-14", "f32[3,3] 1..", "f32[3,3] 1 2 3 0 5 6 0 0 9");
  op_text_expect("Trilu-14 upper=0", "i64[2,3] 1..", "i64[2,3] 1 0 0 4 5 0");
  op_text_expect("Trilu-14", "u8[2,2,2] 1..", "u8[2,2,2] 1 2 0 4 5 6 0 8");
}

static void k_moves_the_diagonal(void** state) {
  (void)state;
  op_text_expect("Trilu-14", "f32[2,3] 1..; ?i64[] 1", "f32[2,3] 0 2 3 0 0 6");
  op_text_expect("Trilu-14", "f32[2,3] 1..; i64[1] -1", "f32[2,3] 1 2 3 4 5 6");
  op_text_expect("Trilu-14 upper=0", "f32[2,3] 1..; i64[] -1", "f32[2,3] 0 0 0 4 0 0");
  op_text_expect("Trilu-14", "f32[1,2] 1..; i64[] 9223372036854775807", "f32[1,2] 0 0");
  op_text_expect("Trilu-14 upper=0", "f32[1,2] 1..; i64[] 9223372036854775807",
                 "f32[1,2] 1 2");
  op_text_expect("Trilu-14", "f32[1,2] 1..; i64[] -9223372036854775808", "f32[1,2] 1 2");
}

static void refuses_what_is_no_matrix(void** state) {
  (void)state;
  op_text_expect_failure(
      "Trilu-14", "f32[3] 1..", OLSTM_STATUS_SHAPE_MISMATCH,
      "Trilu 'node': input 'x0' has shape [3], expected at least 2 dimensions");
  op_text_expect_failure("Trilu-14", "f32[1,1] 1; i64[2] 1 1",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "Trilu 'node': input 'x1' has shape [2], expected a scalar");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_a_triangle),
      cmocka_unit_test(k_moves_the_diagonal),
      cmocka_unit_test(refuses_what_is_no_matrix),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
