// op/reduce/reduce_op.c: axes from attribute and input, shapes, empty sets, integers.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void axes_come_from_an_attribute_or_an_input(void** state) {
  (void)state;
  op_text_expect("ReduceSum-11 axes=[1]", "f32[2,3] 1 2 3 4 5 6", "f32[2,1] 6 15");
  op_text_expect("ReduceSum-13", "f32[2,3] 1 2 3 4 5 6; i64[1] 1", "f32[2,1] 6 15");
  op_text_expect("ReduceMean-13 axes=[-2] keepdims=0", "f32[2,3] 1 2 3 4 5 6",
                 "f32[3] 2.5 3.5 4.5");
  op_text_expect("ReduceMean-18 keepdims=0", "f32[2,3] 1 2 3 4 5 6; i64[1] -2",
                 "f32[3] 2.5 3.5 4.5");
  op_text_expect_failure("ReduceMean-18", "f32[2,3] 0..; ?i64[1] 1",
                         OLSTM_STATUS_NEEDS_DATA,
                         "ReduceMean 'node': the values of input 'x1' are not known yet");
}

static void no_axes_mean_all_or_none(void** state) {
  (void)state;
  op_text_expect("ReduceMax-11", "f32[2,2] 1 4 3 2", "f32[1,1] 4");
  op_text_expect("ReduceMax-11 keepdims=0", "f32[2,2] 1 4 3 2", "f32[] 4");
  op_text_expect("ReduceSum-13", "f32[2] 1 2; i64[0]", "f32[1] 3");
  op_text_expect("ReduceSum-13 noop_with_empty_axes=1", "f32[2] 1 2", "f32[2] 1 2");
  op_text_expect("ReduceSumSquare-18 noop_with_empty_axes=1", "f32[2] 3 -2; i64[0]",
                 "f32[2] 9 4");
  op_text_expect("ReduceSum-13", "f32[] 7", "f32[] 7");
}

static void any_set_of_axes_is_right(void** state) {
  const char* x = "f32[2,3,2] 1 2 3 4 5 6 7 8 9 10 11 12";
  (void)state;
  op_text_expect("ReduceSum-11 axes=[0]", x, "f32[1,3,2] 8 10 12 14 16 18");
  op_text_expect("ReduceSum-11 axes=[1]", x, "f32[2,1,2] 9 12 27 30");
  op_text_expect("ReduceSum-11 axes=[2]", x, "f32[2,3,1] 3 7 11 15 19 23");
  op_text_expect("ReduceSum-11 axes=[0,2]", x, "f32[1,3,1] 18 26 34");
  op_text_expect("ReduceSum-11 axes=[2,0] keepdims=0", x, "f32[3] 18 26 34");
  op_text_expect("ReduceSum-11 axes=[0,1]", x, "f32[1,1,2] 36 42");
  op_text_expect("ReduceSum-11 axes=[1,2]", x, "f32[2,1,1] 21 57");
  op_text_expect("ReduceProd-11 axes=[0,1,2]", "i32[1,2,2] 1 2 3 4", "i32[1,1,1] 24");
}

static void every_operator_computes_its_formula(void** state) {
  const char* x = "f32[1,3] -1 2 -2";
  (void)state;
  op_text_expect("ReduceL1-13 axes=[1]", x, "f32[1,1] 5");
  op_text_expect("ReduceL2-13 axes=[1]", x, "f32[1,1] 3");
  op_text_expect("ReduceSumSquare-13 axes=[1]", x, "f32[1,1] 9");
  op_text_expect("ReduceMin-13 axes=[1]", x, "f32[1,1] -2");
  op_text_expect("ReduceProd-13 axes=[1]", x, "f32[1,1] 4");
  op_text_expect("ReduceLogSum-13 axes=[1]", "f32[1,2] 1.5 1.2182818", "f32[1,1] 1");
  op_text_expect("ReduceLogSumExp-13 axes=[1]", "f32[2,2] 1000 1000 -1000 -1000",
                 "f32[2,1] 1000.6931 -999.30688");
  op_text_expect("ReduceLogSumExp-13 axes=[0]", "f64[2,2] 1000 0 1000 0",
                 "f64[1,2] 1000.69314718 0.69314718");
}

static void integers_keep_their_dtype(void** state) {
  (void)state;
  op_text_expect("ReduceMean-13 axes=[0]", "i32[3] -1 -1 -2", "i32[1] -1");
  op_text_expect("ReduceSum-13", "i32[2] 2147483647 1; i64[1] 0", "i32[1] -2147483648");
  op_text_expect("ReduceMax-12 axes=[0]", "u8[3] 1 250 3", "u8[1] 250");
  op_text_expect("ReduceMax-13 axes=[0]", "u64[2] 18446744073709551615 1",
                 "u64[1] 18446744073709551615");
  op_text_expect("ReduceL2-13 axes=[0]", "i64[2] 3 4", "i64[1] 5");
  op_text_expect("ReduceMin-20", "bool[2,2] 1 0 1 1; i64[1] 1", "bool[2,1] 0 1");
  op_text_expect("ReduceSum-13", "f16[3] 1 2 3; i64[1] 0", "f16[1] 6");
}

static void empty_sets_give_the_neutral_element(void** state) {
  (void)state;
  op_text_expect("ReduceSum-13", "f32[2,0]; i64[1] 1", "f32[2,1] 0 0");
  op_text_expect("ReduceProd-18", "f32[0,2]; i64[1] 0", "f32[1,2] 1 1");
  op_text_expect("ReduceMin-20", "i8[2,0]; i64[1] 1", "i8[2,1] 127 127");
  op_text_expect("ReduceMax-20", "i32[0]; i64[1] 0", "i32[1] -2147483648");
  op_text_expect("ReduceSum-13", "f32[0,2]; i64[1] 1", "f32[0,1]");
}

static void long_rows_are_summed_exactly(void** state) {
  (void)state;
  // 0 + 1 + ... + 999, across several blocks.
  op_text_expect("ReduceSum-11 axes=[1]", "f32[1,1000] 0..", "f32[1,1] 499500");
  op_text_expect("ReduceSum-11 axes=[0]", "i64[1000,1] 0..", "i64[1,1] 499500");
  op_text_expect("ReduceMax-11 axes=[0]", "f32[2,3] 0 5 1 3 2 9", "f32[1,3] 3 5 9");
}

/// Of more rows of three elements than are folded at a time: 3r, 3r + 1, 3r + 2.
static void many_short_rows_are_each_their_own(void** state) {
  enum { kRows = 200, kCapacity = 4096 };
  static const struct {
    const char* node;
    int scale, offset;
  } kCases[] = {
      {"ReduceSum-11 axes=[1] keepdims=0", 9, 3},
      {"ReduceMean-11 axes=[1] keepdims=0", 3, 1},
      {"ReduceMax-11 axes=[1] keepdims=0", 3, 2},
      {"ReduceMin-11 axes=[1] keepdims=0", 3, 0},
  };
  static const char* const kDtypes[] = {"f32", "f64", "i32", "i64", "u64"};
  char x[64], y[kCapacity];
  (void)state;
  for (size_t c = 0; c < 4 * sizeof kDtypes / sizeof kDtypes[0]; c++) {
    const char* dtype = kDtypes[c / 4];
    (void)snprintf(x, sizeof x, "%s[%d,3] 0..", dtype, (int)kRows);
    int used = snprintf(y, sizeof y, "%s[%d]", dtype, (int)kRows);
    for (int r = 0; r < kRows; r++) {
      used += snprintf(y + used, kCapacity - (size_t)used, " %d",
                       r * kCases[c % 4].scale + kCases[c % 4].offset);
    }
    op_text_expect(kCases[c % 4].node, x, y);
  }
}

/// Sizes around those of vectors, blocks, strips and chunks.
static void floats_of_any_shape_are_reduced_as_doubles_are(void** state) {
  static const char* const kOperators[] = {
      "ReduceSum-11", "ReduceMean-13", "ReduceMax-13",       "ReduceMin-13",
      "ReduceL1-13",  "ReduceL2-13",   "ReduceSumSquare-13", "ReduceLogSumExp-13"};
  static const struct {
    const char* axes;
    const char* dims;
  } kCases[] = {
      {"[0]", "1"},          {"[0]", "7"},         {"[0]", "16"},
      {"[0]", "63"},         {"[0]", "64"},        {"[0]", "1003"},
      {"[1]", "5,3"},        {"[1]", "6,15"},      {"[1]", "3,17"},
      {"[1]", "7,32"},       {"[1]", "5,49"},      {"[1]", "9,65"},
      {"[1]", "140,130"},    {"[0]", "5,3"},       {"[0]", "40,7"},
      {"[0]", "3,17"},       {"[0]", "21,65"},     {"[0]", "5,530"},
      {"[0]", "70,1100"},    {"[1]", "3,19,33"},   {"[0,2]", "3,4,21"},
      {"[0,2]", "5,3,2"},    {"[1,3]", "2,3,4,5"}, {"[0,2,3]", "4,3,5,6"},
      {"[2,3]", "2,3,7,11"}, {"[1]", "2,40001"},   {"[0,1,2]", "8,50,101"},
      {"[0]", "2001,16"},
  };
  char node[64], x[64];
  (void)state;
  for (size_t o = 0; o < sizeof kOperators / sizeof kOperators[0]; o++) {
    for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
      (void)snprintf(node, sizeof node, "%s axes=%s", kOperators[o], kCases[c].axes);
      (void)snprintf(x, sizeof x, "f32[%s] ~", kCases[c].dims);
      // Elements are up to 2; a sum of 40,000 cancels to about 200.
      op_text_expect_as_double(node, x, 1e-5);
    }
  }
  op_text_expect_as_double("ReduceProd-13 axes=[1]", "f32[3,33] ~", 1e-6);
  op_text_expect_as_double("ReduceProd-13 axes=[0]", "f32[33,19] ~", 1e-6);
}

static void nan_and_infinity_go_through(void** state) {
  static const char* const kOperators[] = {"ReduceMax-13", "ReduceMin-13",
                                           "ReduceSum-11"};
  char node[64], x[256];
  (void)state;
  for (size_t o = 0; o < 3; o++) {
    for (int before = 0; before < 70; before++) {
      (void)snprintf(node, sizeof node, "%s axes=[0] keepdims=0", kOperators[o]);
      int used = snprintf(x, sizeof x, "f32[%d] ", before + 2);
      // A NaN in every place of a row, with numbers before and after it.
      for (int i = 0; i < before; i++) {
        used += snprintf(x + used, sizeof x - (size_t)used, "1 ");
      }
      (void)snprintf(x + used, sizeof x - (size_t)used, "nan 2");
      op_text_expect(node, x, "f32[] nan");
    }
    op_text_expect(kOperators[o], "f32[2,9] nan 1 1 1 1 1 1 1 nan 1 1 1 nan 1 1 1 1 1",
                   "f32[1,1] nan");
  }
  op_text_expect("ReduceMax-13 axes=[0]",
                 "f32[2,9] nan 1 1 1 1 1 1 1 1 2 2 2 nan 2 2 2 2 2",
                 "f32[1,9] nan 2 2 nan 2 2 2 2 2");
  op_text_expect("ReduceMax-13 axes=[1]",
                 "f32[1,9] -inf -inf -inf -inf -inf -inf -inf -inf "
                 "-inf",
                 "f32[1,1] -inf");
  op_text_expect("ReduceLogSumExp-13 axes=[1]", "f32[2,2] inf 1 -inf -inf",
                 "f32[2,1] inf -inf");
  op_text_expect("ReduceLogSumExp-13 axes=[0]", "f32[2,2] inf -inf 1 -inf",
                 "f32[1,2] inf -inf");
}

static void wrong_axes_are_refused(void** state) {
  (void)state;
  op_text_expect_failure("ReduceSum-11 axes=[2]", "f32[2,3] 0..",
                         OLSTM_STATUS_INVALID_VALUE,
                         "ReduceSum 'node': axis is 2, expected -2..1");
  op_text_expect_failure("ReduceSum-11 axes=[1,-1]", "f32[2,3] 0..",
                         OLSTM_STATUS_INVALID_VALUE,
                         "ReduceSum 'node': axis 1 is given twice");
  op_text_expect_failure("ReduceSum-13 axes=[1]", "f32[2,3] 0..",
                         OLSTM_STATUS_UNSUPPORTED,
                         "ReduceSum 'node': unknown attribute 'axes' (opset 13)");
}

static void extremes_of_integers_are_found_in_their_own_type(void** state) {
  static const char* const kDtypes[] = {"i8",  "u8",  "i16", "u16",
                                        "i32", "u32", "i64", "u64"};
  // Outer, reduced and inner dimensions: runs, columns, and few of each.
  static const int kShapes[][3] = {{3, 77, 1}, {2, 5, 41}, {4, 3, 3}, {1, 19, 1}};
  (void)state;
  for (size_t t = 0; t < sizeof kDtypes / sizeof kDtypes[0]; t++) {
    for (size_t c = 0; c < sizeof kShapes / sizeof kShapes[0]; c++) {
      const int* shape = kShapes[c];
      const int least = kDtypes[t][0] == 'i' ? -64 : 140;
      char x[4000], most[2000], smallest[2000];
      int used =
          snprintf(x, sizeof x, "%s[%d,%d,%d]", kDtypes[t], shape[0], shape[1], shape[2]);
      int used_most =
          snprintf(most, sizeof most, "%s[%d,1,%d]", kDtypes[t], shape[0], shape[2]);
      int used_least = snprintf(smallest, sizeof smallest, "%s[%d,1,%d]", kDtypes[t],
                                shape[0], shape[2]);
      for (int i = 0; i < shape[0] * shape[1] * shape[2]; i++) {
        used +=
            snprintf(x + used, sizeof x - (size_t)used, " %d", least + i * 7919 % 113);
      }
      for (int y = 0; y < shape[0] * shape[2]; y++) {
        int high = 0, low = 113;
        for (int r = 0; r < shape[1]; r++) {
          const int i = (y / shape[2] * shape[1] + r) * shape[2] + y % shape[2];
          high = i * 7919 % 113 > high ? i * 7919 % 113 : high;
          low = i * 7919 % 113 < low ? i * 7919 % 113 : low;
        }
        used_most += snprintf(most + used_most, sizeof most - (size_t)used_most, " %d",
                              least + high);
        used_least += snprintf(smallest + used_least,
                               sizeof smallest - (size_t)used_least, " %d", least + low);
      }
      op_text_expect("ReduceMax-13 axes=[1]", x, most);
      op_text_expect("ReduceMin-13 axes=[1]", x, smallest);
    }
  }
  op_text_expect("ReduceMin-13 axes=[0]",
                 "u64[3] 18446744073709551615 9223372036854775808 "
                 "18446744073709551614",
                 "u64[1] 9223372036854775808");
  op_text_expect("ReduceMax-20", "bool[2,3] 0 0 1 0 0 0; i64[1] 1", "bool[2,1] 1 0");
  op_text_expect("ReduceL1-13 axes=[0]", "u64[2] 9223372036854775808 1",
                 "u64[1] 9223372036854775809");
  op_text_expect("ReduceMax-13 axes=[0]", "f64[3,2] 1 nan 3 1 2 2", "f64[1,2] 3 nan");
  op_text_expect("ReduceMin-13 axes=[0]", "f64[3] 1 -3 2", "f64[1] -3");
  op_text_expect("ReduceProd-13 axes=[0]", "i64[3] 2 -3 4", "i64[1] -24");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(axes_come_from_an_attribute_or_an_input),
      cmocka_unit_test(no_axes_mean_all_or_none),
      cmocka_unit_test(any_set_of_axes_is_right),
      cmocka_unit_test(every_operator_computes_its_formula),
      cmocka_unit_test(integers_keep_their_dtype),
      cmocka_unit_test(empty_sets_give_the_neutral_element),
      cmocka_unit_test(long_rows_are_summed_exactly),
      cmocka_unit_test(many_short_rows_are_each_their_own),
      cmocka_unit_test(floats_of_any_shape_are_reduced_as_doubles_are),
      cmocka_unit_test(nan_and_infinity_go_through),
      cmocka_unit_test(wrong_axes_are_refused),
      cmocka_unit_test(extremes_of_integers_are_found_in_their_own_type),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
