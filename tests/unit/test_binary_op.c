// op/elementwise/binary_op.c: broadcasting, dtypes, integer edges, opset differences.
#include <math.h>
#include <string.h>

#include "op/shape/convert.h"
#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static op_fixture binary(const char* op_type, int32_t opset, const olstm_tensor* a,
                         const olstm_tensor* b) {
  return (op_fixture){
      .op_type = op_type, .opset_version = opset, .input_count = 2, .inputs = {a, b}};
}

static void expect_failure(op_fixture* fixture, olstm_status code, const char* message) {
  assert_int_equal(op_fixture_run(fixture), code);
  assert_string_equal(fixture->error.message, message);
  op_fixture_deinit(fixture);
}

static void both_operands_broadcast(void** state) {
  const float a[] = {10, 20};
  const float b[] = {1, 2, 3};
  const float expected[] = {11, 12, 13, 21, 22, 23};
  const olstm_tensor ta = OP_TENSOR(FLOAT, a, 3, 1, 2, 1);
  const olstm_tensor tb = OP_TENSOR(FLOAT, b, 1, 3);
  op_fixture fixture = binary("Add", 14, &ta, &tb);
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&fixture.outputs[0].desc).text, "[1,2,3]");
  assert_memory_equal(fixture.outputs[0].data, expected, sizeof expected);
  op_fixture_deinit(&fixture);
}

/// Every combination of dimensions 1 and n in rank 4, against plain index arithmetic.
static void every_pattern_of_broadcasting_is_right(void** state) {
  const int64_t dims[] = {2, 3, 4, 5};
  float a[120];
  float b[120];
  (void)state;
  for (int i = 0; i < 120; i++) {
    a[i] = (float)i;
    b[i] = (float)(1000 * i);
  }
  for (unsigned pattern = 0; pattern < 256; pattern++) {
    olstm_tensor ta = OP_TENSOR(FLOAT, a, 4, 1, 1, 1, 1);
    olstm_tensor tb = OP_TENSOR(FLOAT, b, 4, 1, 1, 1, 1);
    for (int d = 0; d < 4; d++) {
      ta.desc.dims[d] = pattern >> d & 1u ? dims[d] : 1;
      tb.desc.dims[d] = pattern >> (4 + d) & 1u ? dims[d] : 1;
    }
    op_fixture fixture = binary("Sub", 13, &ta, &tb);
    assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
    const olstm_tensor_desc* y = &fixture.outputs[0].desc;
    for (int64_t i = 0; i < olstm_tensor_desc_count(y); i++) {
      int64_t rest = i;
      int64_t at[2] = {0, 0};
      int64_t stride[2] = {1, 1};
      for (int d = 3; d >= 0; d--) {
        const int64_t index = rest % y->dims[d];
        rest /= y->dims[d];
        at[0] += ta.desc.dims[d] > 1 ? index * stride[0] : 0;
        at[1] += tb.desc.dims[d] > 1 ? index * stride[1] : 0;
        stride[0] *= ta.desc.dims[d];
        stride[1] *= tb.desc.dims[d];
      }
      assert_true(((float*)fixture.outputs[0].data)[i] == a[at[0]] - b[at[1]]);
    }
    op_fixture_deinit(&fixture);
  }
}

/// Short runs are computed several at a time: more of them than go into one block, of
/// rows, columns and single numbers, in types that are converted and such that are not,
/// against plain index arithmetic.
static void many_short_runs_are_as_each_of_them(void** state) {
  enum { kRows = 301, kMaxSize = 70 };
  static const olstm_dtype kDtypes[] = {OLSTM_DTYPE_FLOAT, OLSTM_DTYPE_DOUBLE,
                                        OLSTM_DTYPE_INT8, OLSTM_DTYPE_INT16};
  static const int64_t kSizes[] = {2, 3, 8, 36, 64, kMaxSize};
  static double values[kRows * kMaxSize];
  static char a[sizeof values], b[sizeof values];
  (void)state;
  for (int64_t i = 0; i < kRows * kMaxSize; i++) values[i] = (double)(i * 7 % 61 - 30);
  for (size_t t = 0; t < 4; t++) {
    olstm__convert(OLSTM_DTYPE_DOUBLE, kDtypes[t], values, a, kRows * kMaxSize);
    memcpy(b, a, sizeof a);
    for (size_t s = 0; s < 6; s++) {
      const int64_t size = kSizes[s];
      for (int by_column = 0; by_column < 2; by_column++) {
        olstm_tensor ta = OP_TENSOR(FLOAT, a, 2, kRows, size);
        olstm_tensor tb = OP_TENSOR(FLOAT, b, 2, by_column ? kRows : 1, size);
        if (by_column) tb.desc.dims[1] = 1;
        ta.desc.dtype = tb.desc.dtype = kDtypes[t];
        op_fixture fixture = binary("Sub", 14, &tb, &ta);
        assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
        for (int64_t i = 0; i < kRows * size; i++) {
          const double expected = values[by_column ? i / size : i % size] - values[i];
          double got = 0;
          olstm__convert(
              kDtypes[t], OLSTM_DTYPE_DOUBLE,
              (char*)fixture.outputs[0].data + (size_t)i * olstm_dtype_size(kDtypes[t]),
              &got, 1);
          assert_true(got == expected);
        }
        op_fixture_deinit(&fixture);
      }
    }
  }
}

static void shapes_that_do_not_fit_are_named(void** state) {
  const float data[6] = {0};
  const olstm_tensor a = OP_TENSOR(FLOAT, data, 2, 2, 3);
  const olstm_tensor b = OP_TENSOR(FLOAT, data, 1, 2);
  op_fixture fixture = binary("Add", 14, &a, &b);
  (void)state;
  expect_failure(&fixture, OLSTM_STATUS_SHAPE_MISMATCH,
                 "Add 'node': input 'x1' has shape [2], which does not broadcast with "
                 "[2,3]");
}

static void dtypes_that_differ_are_named(void** state) {
  const float data[2] = {0};
  const olstm_tensor a = OP_TENSOR(FLOAT, data, 1, 1);
  const olstm_tensor b = OP_TENSOR(INT32, data, 1, 1);
  const olstm_tensor c = OP_TENSOR(BOOL, data, 1, 1);
  op_fixture different = binary("Add", 14, &a, &b);
  op_fixture unknown = binary("Add", 14, &c, &c);
  (void)state;
  expect_failure(&different, OLSTM_STATUS_DTYPE_MISMATCH,
                 "Add 'node': input 'x1' has dtype int32, expected float as input 'x0' "
                 "has");
  expect_failure(&unknown, OLSTM_STATUS_DTYPE_MISMATCH,
                 "Add 'node': input 'x0' has dtype bool, which opset 14 has no meaning "
                 "for");
}

static void an_unknown_attribute_is_refused(void** state) {
  const float data[2] = {0};
  const olstm_attribute axis = {.name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = 1};
  const olstm_tensor a = OP_TENSOR(FLOAT, data, 1, 1);
  op_fixture fixture = binary("Add", 7, &a, &a);
  (void)state;
  fixture.attribute_count = 1;
  fixture.attributes = &axis;
  expect_failure(&fixture, OLSTM_STATUS_UNSUPPORTED,
                 "Add 'node': unknown attribute 'axis' (opset 7)");
}

static void before_opset_7_an_axis_aligns_the_second_operand(void** state) {
  const float a[6] = {0};
  const float b[] = {1, 2};
  const float expected[] = {1, 1, 1, 2, 2, 2};
  const olstm_attribute attributes[] = {
      {.name = "axis", .kind = OLSTM_ATTRIBUTE_INT, .i = 0},
      {.name = "broadcast", .kind = OLSTM_ATTRIBUTE_INT, .i = 1}};
  const olstm_tensor ta = OP_TENSOR(FLOAT, a, 2, 2, 3);
  const olstm_tensor tb = OP_TENSOR(FLOAT, b, 1, 2);
  op_fixture fixture = binary("Add", 6, &ta, &tb);
  (void)state;
  fixture.attribute_count = 2;
  fixture.attributes = attributes;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_memory_equal(fixture.outputs[0].data, expected, sizeof expected);
  op_fixture_deinit(&fixture);
}

static void integers_divided_by_zero_are_an_error(void** state) {
  const int32_t a[] = {1, 2};
  const int32_t b[] = {1, 0};
  const olstm_tensor ta = OP_TENSOR(INT32, a, 1, 2);
  const olstm_tensor tb = OP_TENSOR(INT32, b, 1, 2);
  const olstm_tensor small = OP_TENSOR(INT8, b, 1, 2);
  op_fixture div = binary("Div", 14, &ta, &tb);
  op_fixture mod = binary("Mod", 13, &ta, &tb);
  op_fixture div8 = binary("Div", 14, &small, &small);
  (void)state;
  expect_failure(&div, OLSTM_STATUS_INVALID_VALUE,
                 "Div 'node': input 'x1' has a 0, which integers cannot be divided by");
  expect_failure(&mod, OLSTM_STATUS_INVALID_VALUE,
                 "Mod 'node': input 'x1' has a 0, which integers cannot be divided by");
  expect_failure(&div8, OLSTM_STATUS_INVALID_VALUE,
                 "Div 'node': input 'x1' has a 0, which integers cannot be divided by");
}

static void the_least_integer_divided_by_minus_one_wraps(void** state) {
  const int64_t a[] = {INT64_MIN, -7};
  const int64_t b[] = {-1, 2};
  const int64_t quotients[] = {INT64_MIN, -3};
  const int64_t rests[] = {0, 1};
  const int8_t small[] = {-128};
  const int8_t minus_one[] = {-1};
  const olstm_tensor ta = OP_TENSOR(INT64, a, 1, 2);
  const olstm_tensor tb = OP_TENSOR(INT64, b, 1, 2);
  const olstm_tensor sa = OP_TENSOR(INT8, small, 0, 0);
  const olstm_tensor sb = OP_TENSOR(INT8, minus_one, 0, 0);
  op_fixture div = binary("Div", 14, &ta, &tb);
  op_fixture mod = binary("Mod", 13, &ta, &tb);
  op_fixture div8 = binary("Div", 14, &sa, &sb);
  (void)state;
  assert_int_equal(op_fixture_run(&div), OLSTM_STATUS_OK);
  assert_memory_equal(div.outputs[0].data, quotients, sizeof quotients);
  assert_int_equal(op_fixture_run(&mod), OLSTM_STATUS_OK);
  assert_memory_equal(mod.outputs[0].data, rests, sizeof rests);
  assert_int_equal(op_fixture_run(&div8), OLSTM_STATUS_OK);
  assert_int_equal(*(int8_t*)div8.outputs[0].data, -128);
  op_fixture_deinit(&div);
  op_fixture_deinit(&mod);
  op_fixture_deinit(&div8);
}

static void small_integers_wrap(void** state) {
  const uint8_t a[] = {250, 16};
  const uint8_t b[] = {10, 17};
  const uint8_t sums[] = {4, 33};
  const uint8_t products[] = {(uint8_t)2500, (uint8_t)272};
  const olstm_tensor ta = OP_TENSOR(UINT8, a, 1, 2);
  const olstm_tensor tb = OP_TENSOR(UINT8, b, 1, 2);
  op_fixture add = binary("Add", 14, &ta, &tb);
  op_fixture mul = binary("Mul", 14, &ta, &tb);
  (void)state;
  assert_int_equal(op_fixture_run(&add), OLSTM_STATUS_OK);
  assert_memory_equal(add.outputs[0].data, sums, sizeof sums);
  assert_int_equal(op_fixture_run(&mul), OLSTM_STATUS_OK);
  assert_memory_equal(mul.outputs[0].data, products, sizeof products);
  op_fixture_deinit(&add);
  op_fixture_deinit(&mul);
}

static void powers_of_mixed_dtypes_keep_the_base_dtype(void** state) {
  const int32_t base[] = {2, 3, -2};
  const float exponent[] = {3.0f, 0.5f, 2.0f};
  const int32_t expected[] = {8, 1, 4};
  const int64_t whole[] = {10, -1, 0};
  const float reals[] = {2.0f, 4.0f, 5.0f};
  const float powers[] = {1024.0f, 0.25f, 1.0f};
  const olstm_tensor tb = OP_TENSOR(INT32, base, 1, 3);
  const olstm_tensor te = OP_TENSOR(FLOAT, exponent, 1, 3);
  const olstm_tensor tr = OP_TENSOR(FLOAT, reals, 1, 3);
  const olstm_tensor tw = OP_TENSOR(INT64, whole, 1, 3);
  op_fixture first = binary("Pow", 13, &tb, &te);
  op_fixture second = binary("Pow", 13, &tr, &tw);
  (void)state;
  assert_int_equal(op_fixture_run(&first), OLSTM_STATUS_OK);
  assert_int_equal(first.outputs[0].desc.dtype, OLSTM_DTYPE_INT32);
  assert_memory_equal(first.outputs[0].data, expected, sizeof expected);
  assert_int_equal(op_fixture_run(&second), OLSTM_STATUS_OK);
  assert_memory_equal(second.outputs[0].data, powers, sizeof powers);
  op_fixture_deinit(&first);
  op_fixture_deinit(&second);
}

static void mod_follows_the_divisor_and_fmod_the_dividend(void** state) {
  const int32_t a[] = {-4, 7, 5, 4, -7, 8};
  const int32_t b[] = {2, -3, 8, -2, 3, 5};
  const int32_t floored[] = {0, -2, 5, 0, 2, 3};
  const int32_t truncated[] = {0, 1, 5, 0, -1, 3};
  const float reals[] = {1};
  const olstm_attribute fmod_1 = {.name = "fmod", .kind = OLSTM_ATTRIBUTE_INT, .i = 1};
  const olstm_tensor ta = OP_TENSOR(INT32, a, 1, 6);
  const olstm_tensor tb = OP_TENSOR(INT32, b, 1, 6);
  const olstm_tensor tr = OP_TENSOR(FLOAT, reals, 1, 1);
  op_fixture mod = binary("Mod", 13, &ta, &tb);
  op_fixture fmod_ = binary("Mod", 13, &ta, &tb);
  op_fixture real = binary("Mod", 13, &tr, &tr);
  (void)state;
  fmod_.attribute_count = 1;
  fmod_.attributes = &fmod_1;
  assert_int_equal(op_fixture_run(&mod), OLSTM_STATUS_OK);
  assert_memory_equal(mod.outputs[0].data, floored, sizeof floored);
  assert_int_equal(op_fixture_run(&fmod_), OLSTM_STATUS_OK);
  assert_memory_equal(fmod_.outputs[0].data, truncated, sizeof truncated);
  expect_failure(&real, OLSTM_STATUS_DTYPE_MISMATCH,
                 "Mod 'node': input 'x0' has dtype float, which needs fmod=1");
  op_fixture_deinit(&mod);
  op_fixture_deinit(&fmod_);
}

static void shifts_by_the_width_or_more_give_zero(void** state) {
  const uint32_t a[] = {1, 0xffffffffu, 8};
  const uint32_t b[] = {31, 32, 64};
  const uint32_t expected[] = {0x80000000u, 0, 0};
  const olstm_string left = {"LEFT", 4};
  const olstm_attribute direction = {
      .name = "direction", .kind = OLSTM_ATTRIBUTE_STRING, .count = 1, .strings = &left};
  const olstm_tensor ta = OP_TENSOR(UINT32, a, 1, 3);
  const olstm_tensor tb = OP_TENSOR(UINT32, b, 1, 3);
  op_fixture fixture = binary("BitShift", 11, &ta, &tb);
  (void)state;
  fixture.attribute_count = 1;
  fixture.attributes = &direction;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_memory_equal(fixture.outputs[0].data, expected, sizeof expected);
  op_fixture_deinit(&fixture);
}

static void comparisons_give_bool_and_nan_compares_false(void** state) {
  const float a[] = {1, NAN, 3, -0.0f};
  const float b[] = {1, NAN, 2, 0.0f};
  const uint8_t equal[] = {1, 0, 0, 1};
  const uint8_t greater_or_equal[] = {1, 0, 1, 1};
  const olstm_tensor ta = OP_TENSOR(FLOAT, a, 1, 4);
  const olstm_tensor tb = OP_TENSOR(FLOAT, b, 1, 4);
  op_fixture first = binary("Equal", 13, &ta, &tb);
  op_fixture second = binary("GreaterOrEqual", 16, &ta, &tb);
  (void)state;
  assert_int_equal(op_fixture_run(&first), OLSTM_STATUS_OK);
  assert_int_equal(first.outputs[0].desc.dtype, OLSTM_DTYPE_BOOL);
  assert_memory_equal(first.outputs[0].data, equal, sizeof equal);
  assert_int_equal(op_fixture_run(&second), OLSTM_STATUS_OK);
  assert_memory_equal(second.outputs[0].data, greater_or_equal, sizeof greater_or_equal);
  op_fixture_deinit(&first);
  op_fixture_deinit(&second);
}

static void unsigned_values_above_the_signed_range_compare_as_they_are(void** state) {
  const uint64_t a[] = {UINT64_MAX, 1};
  const uint64_t b[] = {1, UINT64_MAX};
  const uint8_t expected[] = {1, 0};
  const olstm_tensor ta = OP_TENSOR(UINT64, a, 1, 2);
  const olstm_tensor tb = OP_TENSOR(UINT64, b, 1, 2);
  op_fixture fixture = binary("Greater", 13, &ta, &tb);
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_memory_equal(fixture.outputs[0].data, expected, sizeof expected);
  op_fixture_deinit(&fixture);
}

static void results_in_place_are_the_same(void** state) {
  float a[700];
  uint16_t halves[700];
  const float b[] = {3};
  const uint16_t half[] = {0x4200};
  (void)state;
  for (int i = 0; i < 700; i++) {
    a[i] = (float)i;
    halves[i] = (uint16_t)(0x3c00 + i);
  }
  const olstm_tensor ta = OP_TENSOR(FLOAT, a, 2, 7, 100);
  const olstm_tensor tb = OP_TENSOR(FLOAT, b, 0, 0);
  const olstm_tensor th = OP_TENSOR(FLOAT16, halves, 2, 7, 100);
  const olstm_tensor ts = OP_TENSOR(FLOAT16, half, 0, 0);
  op_fixture apart[] = {binary("Mul", 13, &ta, &tb), binary("Mul", 13, &th, &ts)};
  op_fixture over[] = {apart[0], apart[1]};
  for (int i = 0; i < 2; i++) {
    over[i].in_place = true;
    assert_int_equal(op_fixture_run(&apart[i]), OLSTM_STATUS_OK);
    assert_int_equal(op_fixture_run(&over[i]), OLSTM_STATUS_OK);
    assert_int_equal(over[i].prepared.inplace_inputs, 1);
    assert_memory_equal(apart[i].outputs[0].data, over[i].outputs[0].data,
                        i == 0 ? sizeof a : sizeof halves);
    op_fixture_deinit(&apart[i]);
    op_fixture_deinit(&over[i]);
  }
}

static void an_empty_operand_gives_an_empty_result(void** state) {
  const float b[] = {3};
  const olstm_tensor ta = OP_TENSOR(FLOAT, NULL, 2, 0, 4);
  const olstm_tensor tb = OP_TENSOR(FLOAT, b, 1, 1);
  op_fixture fixture = binary("Div", 13, &ta, &tb);
  (void)state;
  assert_int_equal(op_fixture_run(&fixture), OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&fixture.outputs[0].desc).text, "[0,4]");
  op_fixture_deinit(&fixture);
}

static void a_slope_wider_than_its_input_is_refused(void** state) {
  const float data[2] = {0};
  const olstm_tensor a = OP_TENSOR(FLOAT, data, 1, 1);
  const olstm_tensor b = OP_TENSOR(FLOAT, data, 1, 2);
  op_fixture fixture = binary("PRelu", 9, &a, &b);
  (void)state;
  expect_failure(
      &fixture, OLSTM_STATUS_SHAPE_MISMATCH,
      "PRelu 'node': input 'x1' has shape [2], which does not broadcast to [1]");
}

/// Of every length around a block's, both operands long or one of them one number.
static void lengths_around_blocks_are_right(void** state) {
  static const char* const kNodes[] = {"Add-14",   "Sub-14",     "Mul-14",
                                       "Div-14",   "Min-13",     "Max-13",
                                       "PRelu-16", "Greater-13", "LessOrEqual-16"};
  static const int kCounts[] = {1, 3, 15, 16, 17, 31, 33, 20001};
  char x[96];
  (void)state;
  for (size_t n = 0; n < sizeof kNodes / sizeof kNodes[0]; n++) {
    for (size_t c = 0; c < sizeof kCounts / sizeof kCounts[0]; c++) {
      (void)snprintf(x, sizeof x, "f32[2,%d] ~; f32[2,%d] ~", kCounts[c], kCounts[c]);
      op_text_expect_as_double(kNodes[n], x, 1e-6);
      (void)snprintf(x, sizeof x, "f32[2,%d] ~; f32[2,1] ~", kCounts[c]);
      op_text_expect_as_double(kNodes[n], x, 1e-6);
    }
  }
}

static void squares_are_products(void** state) {
  (void)state;
  op_text_expect_as_double("Pow-15", "f32[37] ~; f32[] 2", 1e-6);
  op_text_expect_as_double("Pow-15", "f32[37] ~; f32[] 3", 1e-6);
}

/// By quotients, and by the C library where those are too large.
static void rests_of_floats_are_exact(void** state) {
  (void)state;
  op_text_expect_as_double(
      "Mod-13 fmod=1",
      "f32[14] 7.5 -7.5 7.5 0 -0 1e30 16777216 33554431 1e-30 5 nan inf 5 -4; "
      "f32[14] 2 2 -2 3 3 7 3 0.125 3 inf 2 2 0 2",
      0);
  op_text_expect_as_double("Mod-13 fmod=1", "f32[37] ~; f32[37] ~", 0);
}

static void bools_of_any_length_are_right(void** state) {
  static const char* const kNodes[] = {"And-7", "Or-7", "Xor-7", "Equal-13"};
  static const int kTruth[4][4] = {
      {0, 0, 0, 1}, {0, 1, 1, 1}, {0, 1, 1, 0}, {1, 0, 0, 1}};
  enum { kCount = 35 };
  (void)state;
  for (int n = 0; n < 4; n++) {
    char x[256], y[128];
    int x_used = snprintf(x, sizeof x, "bool[%d]", (int)kCount);
    int y_used = snprintf(y, sizeof y, "bool[%d]", (int)kCount);
    for (int i = 0; i < kCount; i++) {
      x_used += snprintf(x + x_used, sizeof x - (size_t)x_used, " %d", i / 2 % 2);
      y_used += snprintf(y + y_used, sizeof y - (size_t)y_used, " %d", kTruth[n][i % 4]);
    }
    x_used += snprintf(x + x_used, sizeof x - (size_t)x_used, "; bool[%d]", (int)kCount);
    for (int i = 0; i < kCount; i++) {
      x_used += snprintf(x + x_used, sizeof x - (size_t)x_used, " %d", i % 2);
    }
    op_text_expect(kNodes[n], x, y);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_operands_broadcast),
      cmocka_unit_test(every_pattern_of_broadcasting_is_right),
      cmocka_unit_test(many_short_runs_are_as_each_of_them),
      cmocka_unit_test(shapes_that_do_not_fit_are_named),
      cmocka_unit_test(dtypes_that_differ_are_named),
      cmocka_unit_test(an_unknown_attribute_is_refused),
      cmocka_unit_test(before_opset_7_an_axis_aligns_the_second_operand),
      cmocka_unit_test(integers_divided_by_zero_are_an_error),
      cmocka_unit_test(the_least_integer_divided_by_minus_one_wraps),
      cmocka_unit_test(small_integers_wrap),
      cmocka_unit_test(powers_of_mixed_dtypes_keep_the_base_dtype),
      cmocka_unit_test(mod_follows_the_divisor_and_fmod_the_dividend),
      cmocka_unit_test(shifts_by_the_width_or_more_give_zero),
      cmocka_unit_test(comparisons_give_bool_and_nan_compares_false),
      cmocka_unit_test(unsigned_values_above_the_signed_range_compare_as_they_are),
      cmocka_unit_test(results_in_place_are_the_same),
      cmocka_unit_test(an_empty_operand_gives_an_empty_result),
      cmocka_unit_test(a_slope_wider_than_its_input_is_refused),
      cmocka_unit_test(lengths_around_blocks_are_right),
      cmocka_unit_test(squares_are_products),
      cmocka_unit_test(rests_of_floats_are_exact),
      cmocka_unit_test(bools_of_any_length_are_right),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
