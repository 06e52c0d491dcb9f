// op/elementwise/clip_op.c: where bounds come from, and which wins.
#include <math.h>

#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void bounds_are_attributes_before_opset_11(void** state) {
  const float x[] = {-5, 0.5f, 5, NAN};
  const olstm_attribute attributes[] = {
      {.name = "min", .kind = OLSTM_ATTRIBUTE_FLOAT, .f = -1},
      {.name = "max", .kind = OLSTM_ATTRIBUTE_FLOAT, .f = 1}};
  const olstm_tensor tx = OP_TENSOR(FLOAT, x, 1, 4);
  op_fixture fixture = {.op_type = "Clip",
                        .opset_version = 6,
                        .attribute_count = 2,
                        .attributes = attributes,
                        .input_count = 1,
                        .inputs = {&tx}};
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  const float* y = fixture.outputs[0].data;
  assert_true(y[0] == -1 && y[1] == 0.5f && y[2] == 1 && isnan(y[3]));
  op_fixture_deinit(&fixture);
}

static void either_bound_may_be_absent(void** state) {
  const int8_t x[] = {-100, 0, 100};
  const int8_t high[] = {10};
  const int8_t expected[] = {-100, 0, 10};
  const olstm_tensor tx = OP_TENSOR(INT8, x, 1, 3);
  const olstm_tensor th = OP_TENSOR(INT8, high, 0, 0);
  op_fixture fixture = {.op_type = "Clip",
                        .opset_version = 13,
                        .input_count = 3,
                        .inputs = {&tx, NULL, &th}};
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_memory_equal(fixture.outputs[0].data, expected, sizeof expected);
  op_fixture_deinit(&fixture);
}

static void the_upper_bound_wins_where_bounds_cross(void** state) {
  const int64_t x[] = {-1, 3, 9};
  const int64_t low[] = {5};
  const int64_t high[] = {2};
  const int64_t expected[] = {2, 2, 2};
  const olstm_tensor tx = OP_TENSOR(INT64, x, 1, 3);
  const olstm_tensor tl = OP_TENSOR(INT64, low, 0, 0);
  const olstm_tensor th = OP_TENSOR(INT64, high, 0, 0);
  op_fixture fixture = {.op_type = "Clip",
                        .opset_version = 12,
                        .input_count = 3,
                        .inputs = {&tx, &tl, &th}};
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_memory_equal(fixture.outputs[0].data, expected, sizeof expected);
  op_fixture_deinit(&fixture);
}

static void a_bound_that_is_no_scalar_is_refused(void** state) {
  const float x[] = {1, 2};
  const olstm_tensor tx = OP_TENSOR(FLOAT, x, 1, 2);
  op_fixture fixture = {
      .op_type = "Clip", .opset_version = 11, .input_count = 2, .inputs = {&tx, &tx}};
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_SHAPE_MISMATCH);
  assert_string_equal(fixture.error.message,
                      "Clip 'node': input 'x1' has shape [2], expected a scalar");
}

static void bytes_of_any_length_are_clipped(void** state) {
  (void)state;
  for (int count = 1; count <= 70; count += count < 35 ? 1 : 5) {
    uint8_t x[70], low = 250, high = 9;
    for (int i = 0; i < count; i++) x[i] = (uint8_t)(i * 37 + count);
    for (int is_signed = 0; is_signed < 2; is_signed++) {
      // Of the same bits: -6 to 9 signed, and bounds that cross otherwise.
      const int32_t dtype = is_signed ? OLSTM_DTYPE_INT8 : OLSTM_DTYPE_UINT8;
      const olstm_tensor tensors[] = {
          {.desc = {.dtype = dtype, .rank = 1, .dims = {count}}, .data = x},
          {.desc = {.dtype = dtype}, .data = &low},
          {.desc = {.dtype = dtype}, .data = &high}};
      op_fixture fixture = {.op_type = "Clip",
                            .opset_version = 12,
                            .input_count = 3,
                            .inputs = {&tensors[0], &tensors[1], &tensors[2]}};
      assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
      const uint8_t* y = fixture.outputs[0].data;
      for (int i = 0; i < count; i++) {
        const int value = is_signed ? (int8_t)x[i] : x[i];
        const int expected = !is_signed ? 9 : value < -6 ? -6 : value > 9 ? 9 : value;
        assert_int_equal(is_signed ? (int8_t)y[i] : y[i], expected);
      }
      op_fixture_deinit(&fixture);
    }
  }
}

static void floats_of_any_length_are_as_doubles_are(void** state) {
  (void)state;
  op_text_expect_as_double("Clip-13", "f32[37] ~; f32[] -0.5; f32[] 0.75", 0);
  op_text_expect("Clip-13", "i8[5] -128 -5 0 5 127; i8[] -4; i8[] 4",
                 "i8[5] -4 -4 0 4 4");
  op_text_expect("Clip-13", "u8[4] 0 5 200 255; _; u8[] 200", "u8[4] 0 5 200 200");
  op_text_expect("Clip-13", "i8[3] -128 0 127; i8[] -7", "i8[3] -7 0 127");
  op_text_expect("Clip-13", "i32[3] -128 0 127; i32[] 5; i32[] 3", "i32[3] 3 3 3");
  op_text_expect("Clip-13", "i64[3] -9223372036854775808 0 9; _; i64[] 3",
                 "i64[3] -9223372036854775808 0 3");
  op_text_expect("Clip-13", "u64[3] 0 18446744073709551615 9; u64[] 3",
                 "u64[3] 3 18446744073709551615 9");
  op_text_expect_as_double("Clip-13", "f32[5] ~; _; f32[] 0.75", 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_are_attributes_before_opset_11),
      cmocka_unit_test(either_bound_may_be_absent),
      cmocka_unit_test(the_upper_bound_wins_where_bounds_cross),
      cmocka_unit_test(a_bound_that_is_no_scalar_is_refused),
      cmocka_unit_test(bytes_of_any_length_are_clipped),
      cmocka_unit_test(floats_of_any_length_are_as_doubles_are),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
