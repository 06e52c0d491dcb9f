// op/shape/transpose.
#include <stdio.h>

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

static void any_size_of_element_and_matrix_is_turned(void** state) {
  // Whole squares of vectors, what is left beside them, and few rows or columns.
  static const char* const kDtypes[] = {"u8", "u16", "f32", "f64"};
  static const int kShapes[][2] = {{17, 15}, {16, 16}, {8, 24}, {9, 8}, {2, 11}, {11, 2},
                                   {3, 13},  {13, 3},  {3, 4},  {4, 3}, {2, 2},  {5, 50},
                                   {50, 5},  {1, 9},   {3, 5},  {5, 3}};
  (void)state;
  for (size_t t = 0; t < sizeof kDtypes / sizeof kDtypes[0]; t++) {
    for (size_t s = 0; s < sizeof kShapes / sizeof kShapes[0]; s++) {
      const int rows = kShapes[s][0];
      const int columns = kShapes[s][1];
      char inputs[64], expected[2000];
      int used =
          snprintf(expected, sizeof expected, "%s[%d,%d]", kDtypes[t], columns, rows);
      for (int i = 0; i < rows * columns; i++) {
        used += snprintf(expected + used, sizeof expected - (size_t)used, " %d",
                         i % rows * columns + i / rows);
      }
      (void)snprintf(inputs, sizeof inputs, "%s[%d,%d] 0..", kDtypes[t], rows, columns);
      op_text_expect("Transpose-13 perm=[1,0]", inputs, expected);
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
      cmocka_unit_test(any_size_of_element_and_matrix_is_turned),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
