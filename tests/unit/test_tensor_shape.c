// op/shape/tensor_shape: Shape and Size.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void shape_gives_all_dimensions(void** state) {
  (void)state;
  op_text_expect("Shape-9", "?f32[2,0,3]", "i64[3] 2 0 3");
  op_text_expect("Shape-13", "bool[] 1", "i64[0]");
}

static void shape_takes_start_and_end(void** state) {
  (void)state;
  op_text_expect("Shape-15 start=1", "?i32[1,2] 0..", "i64[1] 2");
  op_text_expect("Shape-15 end=-1", "?i32[1,2] 0..", "i64[1] 1");
  op_text_expect("Shape-19 start=-9 end=99", "?i32[1,2] 0..", "i64[2] 1 2");
  op_text_expect("Shape-15 start=2 end=1", "?i32[1,2,1] 0..", "i64[0]");
}

static void shape_before_opset_15_has_no_start(void** state) {
  (void)state;
  op_text_expect_failure("Shape-14 start=1", "?i32[1,2] 0..", OLSTM_STATUS_UNSUPPORTED,
                         "Shape 'node': unknown attribute 'start' (opset 14)");
}

static void size_counts_elements(void** state) {
  (void)state;
  op_text_expect("Size-1", "?f32[2,3] 0..", "i64[] 6");
  op_text_expect("Size-13", "?f32[2,0]", "i64[] 0");
  op_text_expect("Size-13", "?f32[] 5", "i64[] 1");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shape_gives_all_dimensions),
      cmocka_unit_test(shape_takes_start_and_end),
      cmocka_unit_test(shape_before_opset_15_has_no_start),
      cmocka_unit_test(size_counts_elements),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
