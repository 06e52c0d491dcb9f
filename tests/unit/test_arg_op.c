// op/reduce/arg_op.c
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void finds_extremes_along_any_axis(void** state) {
  (void)state;
  op_text_expect("ArgMax-1", "f32[2,3] 1 5 2 7 0 3", "i64[1,3] 1 0 1");
  op_text_expect("ArgMax-11 axis=1 keepdims=0", "f32[2,3] 1 5 2 7 0 3", "i64[2] 1 0");
  op_text_expect("ArgMin-13 axis=-2", "i8[2,2,1] 3 -1 0 -128", "i64[2,1,1] 1 1");
  op_text_expect("ArgMax-13 axis=1", "u64[1,2] 1 18446744073709551615", "i64[1,1] 1");
  op_text_expect("ArgMin-13", "f16[3] 1 -2 3", "i64[1] 1");
  op_text_expect("ArgMax-13 axis=0 keepdims=0", "f64[1000] 0..", "i64[] 999");
}

static void of_equal_ones_the_first_or_the_last_is_taken(void** state) {
  (void)state;
  op_text_expect("ArgMax-12 axis=1", "f32[1,4] 1 3 3 2", "i64[1,1] 1");
  op_text_expect("ArgMax-12 axis=1 select_last_index=1", "f32[1,4] 1 3 3 2",
                 "i64[1,1] 2");
  op_text_expect("ArgMin-12 axis=0 select_last_index=1", "i32[3,1] 1 1 2", "i64[1,1] 1");
  op_text_expect("ArgMax-13 axis=0", "f32[2,2] -0 1 0 1", "i64[1,2] 0 0");
  op_text_expect("ArgMin-13 axis=0 select_last_index=1", "u8[3,2] 1 2 1 3 4 2",
                 "i64[1,2] 1 2");
}

static void long_rows_and_columns_are_found_as_in_doubles(void** state) {
  static const char* const kOperators[] = {"ArgMax-13 axis=1", "ArgMin-13 axis=1",
                                           "ArgMax-13 axis=1 select_last_index=1",
                                           "ArgMin-13 axis=1 select_last_index=1"};
  static const char* const kInputs[] = {"f32[5,31] ~", "f32[3,700] ~", "f32[2,77,21] ~",
                                        "f32[2,9,300] ~", "f32[1,5000,3] ~"};
  (void)state;
  for (size_t o = 0; o < sizeof kOperators / sizeof kOperators[0]; o++) {
    for (size_t i = 0; i < sizeof kInputs / sizeof kInputs[0]; i++) {
      op_text_expect_as_double(kOperators[o], kInputs[i], 0);
    }
  }
  // Those that are converted, 256 at a time, and places that are counted anew.
  op_text_expect("ArgMax-13", "u16[700] 0..", "i64[1] 699");
  op_text_expect("ArgMin-13 select_last_index=1", "u16[700] 0..", "i64[1] 0");
  op_text_expect("ArgMax-13", "f32[5000,2] 0..", "i64[1,2] 4999 4999");
  op_text_expect("ArgMin-13 select_last_index=1", "i64[5000,2] 0..", "i64[1,2] 0 0");
}

/// Of numbers from -100 to 25, or 0 to 125: the first and last of the largest and least.
static void rows_of_bytes_are_found_as_bytes(void** state) {
  static const char* const kDtypes[] = {"i8", "u8"};
  enum { kRows = 3, kCount = 300 };
  (void)state;
  for (int t = 0; t < 2; t++) {
    char x[8192];
    int used = snprintf(x, sizeof x, "%s[%d,%d]", kDtypes[t], (int)kRows, (int)kCount);
    int64_t found[4][kRows] = {{0}};
    for (int i = 0; i < kRows * kCount; i++) {
      const int value = i * 7919 % 126, row = i / kCount, at = i % kCount;
      used +=
          snprintf(x + used, sizeof x - (size_t)used, " %d", value - (t == 0 ? 100 : 0));
      for (int k = 0; k < 4; k++) {
        const int best = (row * kCount + (int)found[k][row]) * 7919 % 126;
        const bool beats = k < 2 ? value > best : value < best;
        if (beats || (k % 2 == 1 && value == best)) found[k][row] = at;
      }
    }
    for (int k = 0; k < 4; k++) {
      char node[64], y[64];
      (void)snprintf(node, sizeof node, "%s-13 axis=1 keepdims=0 select_last_index=%d",
                     k < 2 ? "ArgMax" : "ArgMin", k % 2);
      (void)snprintf(y, sizeof y, "i64[3] %d %d %d", (int)found[k][0], (int)found[k][1],
                     (int)found[k][2]);
      op_text_expect(node, x, y);
    }
  }
}

static void nan_is_passed_over_unless_it_comes_first(void** state) {
  (void)state;
  op_text_expect("ArgMax-13 axis=1", "f32[2,3] 1 nan 2 nan 1 2", "i64[2,1] 2 0");
  op_text_expect("ArgMin-13 axis=1", "f64[2,3] 1 nan 0 nan 1 2", "i64[2,1] 2 0");
  op_text_expect("ArgMax-13 axis=0", "f32[3,2] 1 nan nan 1 2 2", "i64[1,2] 2 0");
  op_text_expect("ArgMax-13 axis=1 select_last_index=1", "f32[2,3] 1 nan 2 1 2 nan",
                 "i64[2,1] 2 2");
  op_text_expect("ArgMax-13",
                 "f32[40] nan 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 "
                 "19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38",
                 "i64[1] 0");
}

static void wrong_axes_and_empty_sets_are_refused(void** state) {
  (void)state;
  op_text_expect_failure("ArgMax-13 axis=2", "f32[2,3] 0..", OLSTM_STATUS_INVALID_VALUE,
                         "ArgMax 'node': attribute axis is 2, expected -2..1");
  op_text_expect_failure(
      "ArgMax-13 axis=1", "f32[2,0]", OLSTM_STATUS_SHAPE_MISMATCH,
      "ArgMax 'node': input 'x0' has shape [2,0]: no elements along axis 1");
  op_text_expect_failure("ArgMax-11 select_last_index=1", "f32[2,3] 0..",
                         OLSTM_STATUS_UNSUPPORTED,
                         "ArgMax 'node': unknown attribute 'select_last_index' (opset "
                         "11)");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_extremes_along_any_axis),
      cmocka_unit_test(of_equal_ones_the_first_or_the_last_is_taken),
      cmocka_unit_test(long_rows_and_columns_are_found_as_in_doubles),
      cmocka_unit_test(rows_of_bytes_are_found_as_bytes),
      cmocka_unit_test(nan_is_passed_over_unless_it_comes_first),
      cmocka_unit_test(wrong_axes_and_empty_sets_are_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
