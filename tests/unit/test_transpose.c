// op/shape/transpose.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void reverses_the_axes_without_perm(void** state) {
  (void)state;
  op_text_expect_copy("Transpose-1", "f32[2,3] 0..", "f32[3,2] 0 3 1 4 2 5");
  op_text_expect("Transpose-13", "i64[2,1,3] 0..", "i64[3,1,2] 0 3 1 4 2 5");
  op_text_expect("Transpose-13", "f32[] 5", "f32[] 5");
}

static void permutes_every_element_size(void** state) {
  (void)state;
  op_text_expect("Transpose-13 perm=[1,0]", "u8[2,3] 0..", "u8[3,2] 0 3 1 4 2 5");
  op_text_expect("Transpose-13 perm=[1,0]", "f16[2,3] 0..", "f16[3,2] 0 3 1 4 2 5");
  op_text_expect("Transpose-13 perm=[1,0]", "f64[2,3] 0..", "f64[3,2] 0 3 1 4 2 5");
  op_text_expect("Transpose-13 perm=[1,0]", "bool[2,3] 1 1 0 0 1 0",
                 "bool[3,2] 1 0 1 1 0 0");
}

static void moves_time_and_batch(void** state) {
  (void)state;
  op_text_expect("Transpose-13 perm=[1,0,2]", "f32[2,3,2] 0..",
                 "f32[3,2,2] 0 1 6 7 2 3 8 9 4 5 10 11");
  op_text_expect("Transpose-13 perm=[1,0,2]", "u8[2,2,3] 0..",
                 "u8[2,2,3] 0 1 2 6 7 8 3 4 5 9 10 11");
  op_text_expect("Transpose-13 perm=[0,2,1,3]", "f32[1,2,2,1] 0..",
                 "f32[1,2,2,1] 0 2 1 3");
  op_text_expect("Transpose-13 perm=[2,0,1]", "f32[2,2,2] 0..",
                 "f32[2,2,2] 0 2 4 6 1 3 5 7");
}

static void is_a_view_when_only_ones_move(void** state) {
  (void)state;
  op_text_expect_view("Transpose-13 perm=[1,0,2]", "f32[1,3,2] 0..", "f32[3,1,2] 0..");
  op_text_expect_view("Transpose-13 perm=[2,0,1,3]", "f32[3,1,1,2] 0..",
                      "f32[1,3,1,2] 0..");
  op_text_expect_view("Transpose-13 perm=[1,0]", "f32[0,3]", "f32[3,0]");
}

static void refuses_what_is_no_permutation(void** state) {
  (void)state;
  op_text_expect_failure("Transpose-13 perm=[0,0]", "f32[1,1] 0",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Transpose 'node': perm [0,0] is not a permutation of 0..1");
  op_text_expect_failure("Transpose-13 perm=[0,-1]", "f32[1,1] 0",
                         OLSTM_STATUS_INVALID_MODEL,
                         "Transpose 'node': perm [0,-1] is not a permutation of 0..1");
  op_text_expect_failure(
      "Transpose-13 perm=[1,0]", "f32[1,1,1] 0", OLSTM_STATUS_SHAPE_MISMATCH,
      "Transpose 'node': input 'x0' has shape [1,1,1], expected 2 dimensions "
      "from perm [1,0]");
}

/// Around the sizes of squares and tiles.
static void matrices_of_any_size_are_transposed(void** state) {
  static const int kSizes[][2] = {{4, 4}, {5, 7}, {8, 3}, {31, 33}, {32, 36}, {67, 40}};
  static const char* const kDtypes[] = {"f32", "i32", "i64", "i8"};
  enum { kCapacity = 16384 };
  static char x[64], y[kCapacity];
  (void)state;
  for (size_t t = 0; t < 4; t++) {
    for (size_t k = 0; k < sizeof kSizes / sizeof kSizes[0]; k++) {
      const int rows = kSizes[k][0], columns = kSizes[k][1];
      if (t == 3 && rows * columns > 127) continue;
      (void)snprintf(x, sizeof x, "%s[%d,%d] 0..", kDtypes[t], rows, columns);
      int used = snprintf(y, kCapacity, "%s[%d,%d]", kDtypes[t], columns, rows);
      for (int e = 0; e < rows * columns; e++) {
        used += snprintf(y + used, kCapacity - (size_t)used, " %d",
                         e % rows * columns + e / rows);
      }
      op_text_expect("Transpose-13", x, y);
    }
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reverses_the_axes_without_perm),
      cmocka_unit_test(permutes_every_element_size),
      cmocka_unit_test(moves_time_and_batch),
      cmocka_unit_test(is_a_view_when_only_ones_move),
      cmocka_unit_test(refuses_what_is_no_permutation),
      cmocka_unit_test(matrices_of_any_size_are_transposed),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
