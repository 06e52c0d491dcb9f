// op/quantize/quantized_conv_op.c and byte_conv.c: constant weights become products of
// bytes; the others are computed on doubles, and are what those are compared with.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

/// x, weights, their dtypes, and the node's attributes.
typedef struct conv_case {
  const char *x, *w, *attributes;
} conv_case;

static const conv_case kCases[] = {
    {"u8[1,4,9,11]", "i8[16,4,3,3]", "pads=[1,1,1,1]"},
    {"u8[2,3,8,7]", "u8[9,3,3,2]", "strides=[2,1] pads=[0,1,2,0]"},
    {"i8[1,6,13]", "i8[8,6,4]", "dilations=[2] pads=[3,3]"},
    {"i8[1,33,5,6]", "u8[70,33,1,1]", ""},
    {"u8[1,8,3,6,5]", "i8[8,8,2,3,2]", "pads=[1,1,0,0,1,1] strides=[1,2,2]"},
    {"u8[1,16,12,12]", "i8[32,8,3,3]", "group=2 pads=[4,4,4,4]"},
    {"u8[1,8,40,40]", "i8[64,8,5,5]", "pads=[2,2,2,2]"},
    {"u8[1,5,7,6]", "i8[8,5,3,3]", "pads=[3,0,0,5] strides=[1,3]"},
    {"i8[1,4,6,9]", "i8[8,4,2,3]", "dilations=[3,2] pads=[1,2,1,4] strides=[2,2]"},
};
enum { kCaseCount = sizeof kCases / sizeof kCases[0] };

static void sums_of_constant_weights_are_the_same(void** state) {
  (void)state;
  for (size_t i = 0; i < kCaseCount; i++) {
    char node[128], constant[160], variable[160];
    const conv_case* c = &kCases[i];
    (void)snprintf(node, sizeof node, "ConvInteger-10 %s", c->attributes);
    (void)snprintf(constant, sizeof constant, "%s ~; #%s ~; %.2s[] 3; %.2s[] 2", c->x,
                   c->w, c->x, c->w);
    (void)snprintf(variable, sizeof variable, "%s ~; %s ~; %.2s[] 3; %.2s[] 2", c->x,
                   c->w, c->x, c->w);
    op_text_expect_same(node, constant, node, variable, 0);
    (void)snprintf(constant, sizeof constant, "%s ~; #%s ~", c->x, c->w);
    (void)snprintf(variable, sizeof variable, "%s ~; %s ~", c->x, c->w);
    op_text_expect_same(node, constant, node, variable, 0);
  }
}

static void outputs_of_constant_weights_are_the_same(void** state) {
  (void)state;
  for (size_t i = 0; i < kCaseCount; i++) {
    char node[128], constant[256], variable[256];
    const conv_case* c = &kCases[i];
    const int channels = (int)strtol(strchr(c->w, '[') + 1, NULL, 10);
    (void)snprintf(node, sizeof node, "QLinearConv-10 %s", c->attributes);
    (void)snprintf(
        constant, sizeof constant,
        "%s ~; f32[] 0.03; %.2s[] 4; #%s ~; f32[%d] 0.5..; %.2s[%d] 0..; f32[] 3; "
        "u8[] 100; i32[%d] -9..",
        c->x, c->x, c->w, channels, c->w, channels, channels);
    (void)snprintf(
        variable, sizeof variable,
        "%s ~; f32[] 0.03; %.2s[] 4; %s ~; f32[%d] 0.5..; %.2s[%d] 0..; f32[] 3; "
        "u8[] 100; i32[%d] -9..",
        c->x, c->x, c->w, channels, c->w, channels, channels);
    op_text_expect_same(node, constant, node, variable, 0);
  }
}

static void a_convolution_by_hand(void** state) {
  (void)state;
  // 1..9 less 1, times ones less 0, padded with the zero point.
  op_text_expect("ConvInteger-10 pads=[1,1,1,1]",
                 "u8[1,1,3,3] 2 3 4 5 6 7 8 9 10; #u8[1,1,2,2] 1 1 1 1; u8[] 1",
                 "i32[1,1,4,4] 1 3 5 3 5 12 16 9 11 24 28 15 7 15 17 9");
  // A row of 2^31 zero points, of a product of bytes.
  op_text_expect_failure("ConvInteger-10 pads=[2147483647,0] strides=[2147483647]",
                         "u8[1,2,9] 0..; #u8[8,2,2] 0..", OLSTM_STATUS_OUT_OF_MEMORY,
                         "ConvInteger 'node': the workspace does not fit");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_of_constant_weights_are_the_same),
      cmocka_unit_test(outputs_of_constant_weights_are_the_same),
      cmocka_unit_test(a_convolution_by_hand),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
