// op/reduce/topk_op.c
#include <stdio.h>

#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void k_is_an_attribute_then_an_input(void** state) {
  (void)state;
  op_text_expect("TopK-1 k=2 outputs=2", "f32[1,4] 3 1 4 2",
                 "f32[1,2] 4 3; i64[1,2] 2 0");
  op_text_expect("TopK-10 outputs=2", "f32[1,4] 3 1 4 2; i64[1] 2",
                 "f32[1,2] 4 3; i64[1,2] 2 0");
  op_text_expect("TopK-11 largest=0 outputs=2", "i8[4] 3 -1 4 2; i64[1] 3",
                 "i8[3] -1 2 3; i64[3] 1 3 0");
}

static void works_along_any_axis(void** state) {
  (void)state;
  op_text_expect("TopK-11 axis=0 outputs=2", "f64[3,2] 1 6 5 2 3 4; i64[1] 2",
                 "f64[2,2] 5 6 3 4; i64[2,2] 1 0 2 2");
  op_text_expect("TopK-11 axis=-2 outputs=_1", "f32[2,1] 1 2; i64[1] 1", "_; i64[1,1] 1");
}

static void ties_go_to_the_lower_index(void** state) {
  (void)state;
  op_text_expect("TopK-11 outputs=2", "f32[6] 1 2 1 2 1 2; i64[1] 5",
                 "f32[5] 2 2 2 1 1; i64[5] 1 3 5 0 2");
  op_text_expect("TopK-11 sorted=0 outputs=2", "u8[3] 7 7 7; i64[1] 2",
                 "u8[2] 7 7; i64[2] 0 1");
}

static void long_rows_are_sorted(void** state) {
  (void)state;
  op_text_expect("TopK-11 outputs=2", "i32[1000] 0..; i64[1] 3",
                 "i32[3] 999 998 997; i64[3] 999 998 997");
  op_text_expect("TopK-11 largest=0 outputs=2", "f32[300] 0..; i64[1] 300",
                 "f32[300] 0..; i64[300] 0..");
}

/// A row whose values no two orders share: i * 7919 modulo a prime.
static void make_row(char* text, size_t size, const char* dtype, int count, int prime,
                     const int* places, int place_count) {
  int used = snprintf(text, size, "%s[%d]", dtype, places ? place_count : count);
  for (int i = 0; i < (places ? place_count : count); i++) {
    const int value = (places ? places[i] : i) * 7919 % prime;
    used += snprintf(text + used, size - (size_t)used, " %d", value);
  }
}

static void any_k_of_any_length_is_in_order(void** state) {
  enum { kPrime = 1009, kMost = 700 };
  static const char* const kDtypes[] = {"f32", "f64", "i32", "i64", "u64"};
  static const int kCases[][2] = {{20, 5},   {33, 16},  {40, 17},   {500, 16},
                                  {700, 60}, {700, 17}, {700, 700}, {50, 40}};
  static char x[16384], y[16384], indices[16384], expected[40000], inputs[20000];
  (void)state;
  for (size_t d = 0; d < sizeof kDtypes / sizeof kDtypes[0]; d++) {
    for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
      const int count = kCases[c][0];
      const int k = kCases[c][1];
      int places[kMost];
      int used = 0;
      for (int value = kPrime - 1; value >= 0 && used < k; value--) {
        for (int i = 0; i < count; i++) {
          if (i * 7919 % kPrime == value) places[used++] = i;
        }
      }
      make_row(x, sizeof x, kDtypes[d], count, kPrime, NULL, 0);
      make_row(y, sizeof y, kDtypes[d], count, kPrime, places, k);
      int written = snprintf(indices, sizeof indices, "i64[%d]", k);
      for (int i = 0; i < k; i++) {
        written += snprintf(indices + written, sizeof indices - (size_t)written, " %d",
                            places[i]);
      }
      (void)snprintf(inputs, sizeof inputs, "%s; i64[1] %d", x, k);
      (void)snprintf(expected, sizeof expected, "%s; %s", y, indices);
      op_text_expect("TopK-11 outputs=2", inputs, expected);
    }
  }
}

static void many_columns_and_orders_that_take_long(void** state) {
  (void)state;
  // More columns than one strip of them, and the last strip of one.
  op_text_expect(
      "TopK-11 axis=0 largest=0 outputs=_1", "f32[2,65] 0..; i64[1] 1",
      "_; i64[1,65] 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
      "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0");
  op_text_expect("TopK-11 axis=0 outputs=1", "u8[3,65] 0..; i64[1] 1", "u8[1,65] 130..");
  op_text_expect("TopK-11 largest=0 outputs=1", "f32[2000] 0..; i64[1] 300",
                 "f32[300] 0..");
  op_text_expect("TopK-11 largest=0 outputs=1", "i64[2000] 0..; i64[1] 300",
                 "i64[300] 0..");
}

static void nan_is_the_largest_and_zeros_are_equal(void** state) {
  (void)state;
  op_text_expect("TopK-11 outputs=2", "f32[5] 1 nan inf -inf 2; i64[1] 3",
                 "f32[3] nan inf 2; i64[3] 1 2 4");
  op_text_expect("TopK-11 largest=0 outputs=2", "f64[5] 1 nan inf -inf 2; i64[1] 5",
                 "f64[5] -inf 1 2 inf nan; i64[5] 3 0 4 2 1");
  op_text_expect("TopK-11 outputs=_1", "f32[4] -0 0 -1 0; i64[1] 3", "_; i64[3] 0 1 3");
  op_text_expect("TopK-11 outputs=2",
                 "u64[3] 18446744073709551615 0 9223372036854775808; "
                 "i64[1] 2",
                 "u64[2] 18446744073709551615 9223372036854775808; i64[2] 0 2");
}

static void k_of_zero_gives_nothing_and_too_large_is_refused(void** state) {
  (void)state;
  op_text_expect("TopK-11 outputs=2", "f32[2] 1 2; i64[1] 0", "f32[0]; i64[0]");
  op_text_expect_failure("TopK-11 outputs=2", "f32[2] 1 2; i64[1] 3",
                         OLSTM_STATUS_INVALID_VALUE,
                         "TopK 'node': K is 3, but input 'x0' has shape [2]");
  op_text_expect_failure("TopK-11 outputs=2", "f32[2] 1 2; ?i64[1] 1",
                         OLSTM_STATUS_NEEDS_DATA,
                         "TopK 'node': the values of input 'x1' are not known yet");
  // Where sizes have 32 bits, no tensor has such a dimension.
  if (SIZE_MAX > UINT32_MAX) {
    op_text_expect_failure("TopK-11 outputs=2", "f32[0,4294967296]; i64[1] 0",
                           OLSTM_STATUS_UNSUPPORTED,
                           "TopK 'node': input 'x0' has shape [0,4294967296], more than "
                           "4294967295 elements along axis 1");
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(k_is_an_attribute_then_an_input),
      cmocka_unit_test(works_along_any_axis),
      cmocka_unit_test(ties_go_to_the_lower_index),
      cmocka_unit_test(long_rows_are_sorted),
      cmocka_unit_test(any_k_of_any_length_is_in_order),
      cmocka_unit_test(many_columns_and_orders_that_take_long),
      cmocka_unit_test(nan_is_the_largest_and_zeros_are_equal),
      cmocka_unit_test(k_of_zero_gives_nothing_and_too_large_is_refused),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
