// op/quantize/quantize_linear_op.c and dynamic_quantize_op.c.
#include <math.h>

#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void quantizes_with_halves_to_even_and_saturates(void** state) {
  (void)state;
  op_text_expect("QuantizeLinear-10", "f32[6] 0 2 3 1000 -254 -1000; f32[] 2; u8[] 128",
                 "u8[6] 128 129 130 255 1 0");
  op_text_expect("QuantizeLinear-10", "f32[4] 0.5 1.5 -0.5 300; f32[] 1",
                 "u8[4] 0 2 0 255");
  op_text_expect("QuantizeLinear-13", "i32[3] 5 -7 1000; f32[1] 2; i8[1] 1",
                 "i8[3] 3 -3 127");
  op_text_expect("QuantizeLinear-21 output_dtype=5", "f16[2] 3 -40000; f16[] 1",
                 "i16[2] 3 -32768");
}

static void dequantizes_to_the_scales_dtype(void** state) {
  (void)state;
  op_text_expect("DequantizeLinear-10", "u8[3] 0 3 255; f32[] 2; u8[] 128",
                 "f32[3] -256 -250 254");
  op_text_expect("DequantizeLinear-19", "i32[2] 7 -8; f16[] 0.5", "f16[2] 3.5 -4");
}

static void scales_are_by_axis_or_by_block(void** state) {
  (void)state;
  op_text_expect("QuantizeLinear-13", "f32[1,2,2] 2 4 2 4; f32[2] 2 4; u8[2] 0 10",
                 "u8[1,2,2] 1 2 10 11");
  op_text_expect("DequantizeLinear-13 axis=-1", "i8[2,2] 1 2 3 4; f32[2] 1 10; i8[2] 0 1",
                 "f32[2,2] 1 10 3 30");
  op_text_expect("DequantizeLinear-21 axis=1 block_size=2",
                 "u8[1,3] 1 2 3; f32[1,2] 1 10; u8[1,2] 0 1", "f32[1,3] 1 2 20");
  op_text_expect("QuantizeLinear-21 axis=0 block_size=2",
                 "f32[3,2] 1 2 3 4 5 6; f32[2,2] 1 2 5 6; u8[2,2] 0 0 1 1",
                 "u8[3,2] 1 1 3 2 2 2");
}

/// A list of numbers as text.
typedef struct number_text {
  char text[4096];
  size_t used;
} number_text;

static void begin(number_text* self, const char* dtype, int rows, int columns) {
  self->used =
      (size_t)snprintf(self->text, sizeof self->text, "%s[%d,%d]", dtype, rows, columns);
}

static void add(number_text* self, double value) {
  const size_t left = sizeof self->text - self->used;
  self->used += (size_t)snprintf(self->text + self->used, left, " %.9g", value);
  assert_true(self->used < sizeof self->text);
}

static void check_blocks(const char* x_dtype, const char* whole_dtype, double least,
                         double most, const int* sizes) {
  const int rows = sizes[0], columns = sizes[1], block = sizes[2];
  const int blocks = (columns + block - 1) / block;
  number_text x, whole, scales, zeros, back, quantized;
  char node[64], inputs[3 * sizeof x.text + 8];
  begin(&x, x_dtype, rows, columns);
  begin(&whole, whole_dtype, rows, columns);
  begin(&quantized, whole_dtype, rows, columns);
  begin(&back, x_dtype, rows, columns);
  begin(&scales, x_dtype, rows, blocks);
  begin(&zeros, whole_dtype, rows, blocks);
  for (int i = 0; i < rows * blocks; i++) {
    add(&scales, 0.25 * (i % 5 + 1));
    add(&zeros, i % 3);
  }
  for (int i = 0; i < rows * columns; i++) {
    const int at = i / columns * blocks + i % columns / block;
    const double scale = 0.25 * (at % 5 + 1), zero = at % 3;
    const double value = (i * 37 % 101 - 50) * 0.5, number = i * 7 % 120;
    add(&x, value);
    add(&whole, number);
    add(&quantized,
        fmin(fmax(rint((double)((float)value / (float)scale)) + zero, least), most));
    add(&back, (number - zero) * scale);
  }
  (void)snprintf(node, sizeof node, "QuantizeLinear-21 axis=1 block_size=%d", block);
  (void)snprintf(inputs, sizeof inputs, "%s; %s; %s", x.text, scales.text, zeros.text);
  op_text_expect(node, inputs, quantized.text);
  (void)snprintf(node, sizeof node, "DequantizeLinear-21 axis=1 block_size=%d", block);
  (void)snprintf(inputs, sizeof inputs, "%s; %s; %s", whole.text, scales.text,
                 zeros.text);
  op_text_expect(node, inputs, back.text);
}

/// Whole ones, those of which the last is shorter, one that is longer than the axis, of a
/// group of vectors and of other sizes; in float and by way of double.
static void blocks_along_the_last_axis_may_end_early(void** state) {
  static const int kSizes[][3] = {{3, 64, 32}, {3, 70, 32}, {4, 10, 3},
                                  {2, 5, 9},   {2, 100, 1}, {3, 33, 16}};
  (void)state;
  for (size_t i = 0; i < sizeof kSizes / sizeof kSizes[0]; i++) {
    check_blocks("f32", "u8", 0, 255, kSizes[i]);
    check_blocks("f32", "i8", -128, 127, kSizes[i]);
    check_blocks("f32", "u16", 0, 65535, kSizes[i]);
    check_blocks("f32", "i16", -32768, 32767, kSizes[i]);
    check_blocks("f16", "i16", -32768, 32767, kSizes[i]);
  }
}

static void refuses_what_does_not_fit(void** state) {
  (void)state;
  op_text_expect_failure(
      "QuantizeLinear-13", "f32[1,2] 0..; f32[3] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "QuantizeLinear 'node': input 'x1' has shape [3], which does not "
      "fit 'x0' with shape [1,2]");
  op_text_expect_failure("QuantizeLinear-21 output_dtype=17", "f32[1] 0; f32[] 1",
                         OLSTM_STATUS_UNSUPPORTED,
                         "QuantizeLinear 'node': output_dtype=17 is not supported");
  op_text_expect_failure("DequantizeLinear-10", "u8[1] 0; f32[] 1; i8[] 1",
                         OLSTM_STATUS_DTYPE_MISMATCH,
                         "DequantizeLinear 'node': input 'x2' has dtype int8, expected "
                         "uint8 as input 'x0' has");
}

static void dynamic_scales_hold_all_values_and_zero(void** state) {
  (void)state;
  op_text_expect("DynamicQuantizeLinear-11 outputs=3", "f32[3] 0 255 51",
                 "u8[3] 0 255 51; f32[] 1; u8[] 0");
  op_text_expect("DynamicQuantizeLinear-11 outputs=3", "f32[2] -51 -25.5",
                 "u8[2] 0 127; f32[] 0.2; u8[] 255");
  op_text_expect("DynamicQuantizeLinear-11 outputs=3", "f32[2] 0 0",
                 "u8[2] 0 0; f32[] 1; u8[] 0");
  op_text_expect_failure(
      "DynamicQuantizeLinear-11 outputs=3", "f32[2] 0 inf", OLSTM_STATUS_INVALID_VALUE,
      "DynamicQuantizeLinear 'node': input 'x0' has inf at position 1, "
      "which no scale can hold");
}

/// Of more than vectors hold: the least and largest, halves, and what is no number.
static void bytes_of_any_length_are_right(void** state) {
  enum { kCount = 53 };
  static const float kSpecial[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f};
  char x[1024], y[1024];
  (void)state;
  for (int is_signed = 0; is_signed < 2; is_signed++) {
    const double zero = is_signed ? -3 : 7;
    int x_used = snprintf(x, sizeof x, "f32[%d]", (int)kCount);
    int y_used = snprintf(y, sizeof y, "%s[%d]", is_signed ? "i8" : "u8", (int)kCount);
    for (int i = 0; i < kCount; i++) {
      const float value = i < 5 ? kSpecial[i] : (float)(i - 20) * 1.25f;
      double whole = rint((double)(value / 0.5f)) + zero;
      const double least = is_signed ? -128 : 0, most = is_signed ? 127 : 255;
      whole = isnan(whole) ? 0 : whole < least ? least : whole > most ? most : whole;
      x_used += snprintf(x + x_used, sizeof x - (size_t)x_used, " %.9g", (double)value);
      y_used += snprintf(y + y_used, sizeof y - (size_t)y_used, " %d", (int)whole);
    }
    (void)snprintf(x + x_used, sizeof x - (size_t)x_used, "; f32[] 0.5; %s[] %d",
                   is_signed ? "i8" : "u8", (int)zero);
    op_text_expect("QuantizeLinear-13", x, y);
  }
  op_text_expect(
      "DequantizeLinear-13",
      "u8[19] 0 1 2 3 4 5 6 7 8 9 10 100 127 128 129 200 254 255 7; f32[] 0.1; u8[] 7",
      "f32[19] -0.7 -0.6 -0.5 -0.4 -0.3 -0.2 -0.1 0 0.1 0.2 0.3 9.3 12 12.1 12.2 "
      "19.3 24.7 24.8 0");
  op_text_expect("DequantizeLinear-13",
                 "i8[17] 0 1 2 3 4 5 6 7 -8 -9 -10 -100 -127 -128 127 3 3; f32[] 0.5",
                 "f32[17] 0 0.5 1 1.5 2 2.5 3 3.5 -4 -4.5 -5 -50 -63.5 -64 63.5 1.5 1.5");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quantizes_with_halves_to_even_and_saturates),
      cmocka_unit_test(dequantizes_to_the_scales_dtype),
      cmocka_unit_test(scales_are_by_axis_or_by_block),
      cmocka_unit_test(blocks_along_the_last_axis_may_end_early),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(dynamic_scales_hold_all_values_and_zero),
      cmocka_unit_test(bytes_of_any_length_are_right),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
