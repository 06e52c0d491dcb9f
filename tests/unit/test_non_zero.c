// op/gather/non_zero: NonZero and Compress.
#include <stdio.h>

#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void non_zero_lists_coordinates(void** state) {
  (void)state;
  op_text_expect("NonZero-9", "bool[2,2] 1 0 1 1", "i64[2,3] 0 1 1 0 0 1");
  op_text_expect("NonZero-13", "f32[4] 0 -0.0 nan 1", "i64[1,2] 2 3");
  op_text_expect("NonZero-13", "i64[2,0]", "i64[2,0]");
  op_text_expect("NonZero-13", "i64[] 4", "i64[0,1]");
  op_text_expect("NonZero-13", "u16[2,1,3] 0 7 0 256 0 1", "i64[3,3] 0 1 1 0 0 0 1 0 2");
  // Rows of more elements than are looked at together.
  op_text_expect("NonZero-13", "i64[300] 0..", "i64[1,299] 1..");
  op_text_expect("NonZero-13", "f64[300] 0..", "i64[1,299] 1..");
}

static void non_zero_needs_its_data(void** state) {
  (void)state;
  op_text_expect_failure("NonZero-13", "?f32[1] 0", OLSTM_STATUS_NEEDS_DATA,
                         "NonZero 'node': the values of input 'x0' are not known yet");
}

static void compress_keeps_what_is_true(void** state) {
  (void)state;
  op_text_expect("Compress-9 axis=0", "?f32[3,2] 1..; bool[3] 0 1 1", "f32[2,2] 3 4 5 6");
  op_text_expect("Compress-11 axis=-1", "i8[3,2] 1..; bool[2] 0 1", "i8[3,1] 2 4 6");
  op_text_expect("Compress-11", "f64[3,2] 1..; bool[5] 0 1 0 0 1", "f64[2] 2 5");
  op_text_expect("Compress-11 axis=0", "f32[3,2] 1..; bool[2] 0 0", "f32[0,2]");
}

static void compress_takes_long_conditions(void** state) {
  // More than are looked at together; the last is kept, the first is not.
  char inputs[2000];
  int used = snprintf(inputs, sizeof inputs, "i64[300] 0..; bool[300] 0");
  (void)state;
  for (int i = 1; i < 300; i++) {
    used += snprintf(inputs + used, sizeof inputs - (size_t)used, " 1");
  }
  op_text_expect("Compress-11", inputs, "i64[299] 1..");
}

static void compress_refuses_what_does_not_fit(void** state) {
  (void)state;
  op_text_expect_failure(
      "Compress-11 axis=0", "f32[1,2] 1 2; bool[2] 0 1", OLSTM_STATUS_SHAPE_MISMATCH,
      "Compress 'node': input 'x1' has shape [2], expected at most [1]");
  op_text_expect_failure("Compress-11", "f32[1] 1; ?bool[1] 1", OLSTM_STATUS_NEEDS_DATA,
                         "Compress 'node': the values of input 'x1' are not known yet");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(non_zero_lists_coordinates),
      cmocka_unit_test(non_zero_needs_its_data),
      cmocka_unit_test(compress_keeps_what_is_true),
      cmocka_unit_test(compress_takes_long_conditions),
      cmocka_unit_test(compress_refuses_what_does_not_fit),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
