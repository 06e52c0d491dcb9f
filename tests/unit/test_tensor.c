// include/olstm/tensor.h and node.h: what messages say of shapes and kinds.
#include <stdlib.h>

#include "olstm/node.h"
#include "tests/support/test_main.h"

static void assert_text(int32_t rank, const char* expected) {
  // On the heap, so that a read beyond it is found.
  olstm_tensor_desc* desc = malloc(sizeof *desc);
  assert_non_null(desc);
  *desc = (olstm_tensor_desc){OLSTM_DTYPE_FLOAT, rank, {2, -3, 4, 5, 6, 7, 8, 9}};
  assert_string_equal(olstm_shape_text(desc).text, expected);
  free(desc);
}

static void shapes_are_written_as_lists(void** state) {
  (void)state;
  assert_text(0, "[]");
  assert_text(2, "[2,-3]");
  assert_text(OLSTM_MAX_RANK, "[2,-3,4,5,6,7,8,9]");
}

static void ranks_that_no_desc_can_have_are_told(void** state) {
  (void)state;
  assert_text(OLSTM_MAX_RANK + 1, "of rank 9");
  assert_text(99, "of rank 99");
  assert_text(-1, "of rank -1");
}

static void kinds_have_the_names_that_onnx_gives_them(void** state) {
  (void)state;
  assert_string_equal(olstm_attribute_kind_name(OLSTM_ATTRIBUTE_FLOAT), "FLOAT");
  assert_string_equal(olstm_attribute_kind_name(OLSTM_ATTRIBUTE_GRAPH), "GRAPH");
  assert_string_equal(olstm_attribute_kind_name(OLSTM_ATTRIBUTE_STRINGS), "STRINGS");
  assert_string_equal(olstm_attribute_kind_name(-1), "of another kind");
  assert_string_equal(olstm_attribute_kind_name(9), "of another kind");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_are_written_as_lists),
      cmocka_unit_test(ranks_that_no_desc_can_have_are_told),
      cmocka_unit_test(kinds_have_the_names_that_onnx_gives_them),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
