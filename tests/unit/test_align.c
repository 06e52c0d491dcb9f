// op/shape/align.c: values are laid out as what steps over them with others takes them.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void repeats_rows(void** state) {
  (void)state;
  op_text_expect("olstm.fused:Align-1 row_axes=[-2,1] units=2 rank=2",
                 "f32[1,2] 1 2; f32[4,3,1] 0..", "f32[3,2] 1 2 1 2 1 2");
  // Any of the others may have them.
  op_text_expect("olstm.fused:Align-1 row_axes=[1,-2,-2]",
                 "f32[2,1,2] 1 2 3 4; f32[1,5] 0..; f32[2,5] 0..",
                 "f32[2,2,2] 1 2 1 2 3 4 3 4");
}

static void gives_states_their_dimensions_and_units(void** state) {
  (void)state;
  op_text_expect("olstm.fused:Align-1 row_axes=[-2,1] units=3 rank=2",
                 "f32[3] 1 2 3; f32[4,2,1] 0..", "f32[2,3] 1 2 3 1 2 3");
  op_text_expect("olstm.fused:Align-1 row_axes=[-2,1] units=3 rank=2",
                 "f32[2,1] 1 2; f32[4,2,1] 0..", "f32[2,3] 1 1 1 2 2 2");
  op_text_expect("olstm.fused:Align-1 row_axes=[-2,1] units=2 rank=2",
                 "f32[] 7; f32[4,2,1] 0..", "f32[2,2] 7 7 7 7");
  // Another state with fewer dimensions has one row, however many units.
  op_text_expect("olstm.fused:Align-1 row_axes=[-2,1,-2] units=2 rank=2",
                 "f32[1,2] 1 2; f32[4,1,1] 0..; f32[2] 0..", "f32[1,2] 1 2");
}

static void ends_a_mask_with_the_sequence(void** state) {
  (void)state;
  op_text_expect("olstm.fused:Align-1 row_axes=[1,1] step_axes=[0,0]",
                 "bool[4,1] 1 0 1 1; f32[2,2,1] 0..", "bool[2,2] 1 1 0 0");
  op_text_expect("olstm.fused:Align-1 row_axes=[1,1] step_axes=[0,0]",
                 "bool[1,2] 1 0; f32[2,2,1] 0..", "bool[1,2] 1 0");
}

static void is_a_view_of_what_fits(void** state) {
  (void)state;
  op_text_expect_view("olstm.fused:Align-1 row_axes=[-2,1] units=2 rank=2",
                      "f32[3,2] 1 2 3 4 5 6; f32[4,3,1] 0..", "f32[3,2] 1 2 3 4 5 6");
  // As many elements, and yet others: two of four steps, each twice.
  op_text_expect_copy("olstm.fused:Align-1 row_axes=[1,1] step_axes=[0,0]",
                      "f32[4,1] 1 2 3 4; f32[2,2,1] 0..", "f32[2,2] 1 1 2 2");
}

static void refuses_rows_that_do_not_broadcast(void** state) {
  (void)state;
  op_text_expect_failure(
      "olstm.fused:Align-1 row_axes=[-2,1] units=2 rank=2",
      "f32[2,2] 0..; f32[4,3,1] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "Align 'node': input 'x1' has shape [4,3,1], expected 1 or 2 at axis 1");
}

static void refuses_lists_of_another_length(void** state) {
  (void)state;
  op_text_expect_failure(
      "olstm.fused:Align-1 row_axes=[0]", "f32[2,2] 0..; f32[4,3,1] 0..",
      OLSTM_STATUS_INVALID_MODEL,
      "Align 'node': has 1 row_axes for 2 inputs, or others out of range");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(repeats_rows),
      cmocka_unit_test(gives_states_their_dimensions_and_units),
      cmocka_unit_test(ends_a_mask_with_the_sequence),
      cmocka_unit_test(is_a_view_of_what_fits),
      cmocka_unit_test(refuses_rows_that_do_not_broadcast),
      cmocka_unit_test(refuses_lists_of_another_length),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
