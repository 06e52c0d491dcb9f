// op/shape/cast: Cast and CastLike. Dtypes by number: 1 float, 2 uint8, 3 int8, 6 int32,
// 7 int64, 9 bool, 10 float16, 11 double, 12 uint32, 13 uint64, 16 bfloat16.
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void floating_point_truncates_towards_zero(void** state) {
  (void)state;
  op_text_expect("Cast-13 to=7", "f32[4] 1.9 -1.9 0.5 -0.5", "i64[4] 1 -1 0 0");
  op_text_expect("Cast-6 to=2", "f64[3] 255.9 -0.9 3", "u8[3] 255 0 3");
  op_text_expect("Cast-13 to=6", "f16[2] -2.5 7", "i32[2] -2 7");
}

static void what_is_out_of_range_saturates(void** state) {
  (void)state;
  op_text_expect("Cast-13 to=6", "f32[5] 3e9 -3e9 inf -inf nan",
                 "i32[5] 2147483647 -2147483648 2147483647 -2147483648 0");
  op_text_expect("Cast-13 to=7", "f64[4] 1e19 -1e19 9223372036854775808 nan",
                 "i64[4] 9223372036854775807 -9223372036854775808 9223372036854775807 0");
  op_text_expect("Cast-13 to=13", "f32[3] 1e20 -1 18446744073709551616",
                 "u64[3] 18446744073709551615 0 18446744073709551615");
  op_text_expect("Cast-13 to=3", "f32[4] 128 127.9 -128.9 -129",
                 "i8[4] 127 127 -128 -128");
  op_text_expect("Cast-13 to=12", "f64[3] 4294967295.5 4294967296 -5",
                 "u32[3] 4294967295 4294967295 0");
}

static void integers_keep_their_low_bits(void** state) {
  (void)state;
  op_text_expect("Cast-13 to=3", "i32[3] 127 128 -129", "i8[3] 127 -128 127");
  op_text_expect("Cast-13 to=7", "i8[2] -1 5", "i64[2] -1 5");
  op_text_expect("Cast-13 to=7", "u32[1] 4294967295", "i64[1] 4294967295");
  op_text_expect("Cast-13 to=1", "i64[2] -3 16777217", "f32[2] -3 16777216");
}

static void bool_is_whether_it_is_not_zero(void** state) {
  (void)state;
  op_text_expect("Cast-13 to=9", "f32[5] 0 -0.0 0.1 nan -3", "bool[5] 0 0 1 1 1");
  op_text_expect("Cast-13 to=9", "i64[3] 0 256 -1", "bool[3] 0 1 1");
  op_text_expect("Cast-13 to=1", "bool[2] 0 1", "f32[2] 0 1");
  op_text_expect("Cast-13 to=9", "f16[3] 0 0.00001 nan", "bool[3] 0 1 1");
  op_text_expect("Cast-13 to=10", "bool[2] 0 1", "f16[2] 0 1");
}

static void sixteen_bit_floats_round_once(void** state) {
  (void)state;
  op_text_expect("Cast-13 to=10", "f32[4] 1.5 65504 65520 nan",
                 "f16[4] 1.5 65504 inf nan");
  // 1 + 2^-11 + 2^-40: by way of float it would be a tie, and round down.
  op_text_expect("Cast-13 to=11", "f16[1] 1.0009765625", "f64[1] 1.0009765625");
  op_text_expect("Cast-13 to=10", "f64[1] 1.000488281250909494701772928237915",
                 "f16[1] 1.0009765625");
  op_text_expect("Cast-13 to=16", "i32[2] 3 -257", "bf16[2] 3 -256");
  op_text_expect("Cast-13 to=16", "f16[2] 1.5 -2", "bf16[2] 1.5 -2");
}

static void same_bytes_are_a_view(void** state) {
  (void)state;
  op_text_expect_view("Cast-13 to=1", "f32[2] 1 2", "f32[2] 1 2");
  op_text_expect_view("Cast-13 to=12", "i32[1] -1", "u32[1] 4294967295");
  op_text_expect_view("Cast-13 to=2", "bool[2] 0 1", "u8[2] 0 1");
  op_text_expect_copy("Cast-13 to=9", "u8[2] 0 2", "bool[2] 0 1");
  op_text_expect("Cast-13 to=7", "f32[0,2]", "i64[0,2]");
}

static void opset_1_spells_the_dtype(void** state) {
  (void)state;
  op_text_expect("Cast-1 to='INT64'", "f32[1] 2", "i64[1] 2");
  op_text_expect_failure("Cast-5 to='FLOATY'", "f32[1] 2", OLSTM_STATUS_UNSUPPORTED,
                         "Cast 'node': to=0 (undefined) is not supported");
}

static void other_dtypes_are_refused_by_name(void** state) {
  (void)state;
  op_text_expect_failure("Cast-13 to=8", "f32[1] 2", OLSTM_STATUS_UNSUPPORTED,
                         "Cast 'node': to=8 (string) is not supported");
  op_text_expect_failure("Cast-19 to=17 saturate=1", "f32[1] 2", OLSTM_STATUS_UNSUPPORTED,
                         "Cast 'node': to=17 (undefined) is not supported");
  op_text_expect_failure("Cast-13 to=1 saturate=1", "f32[1] 2", OLSTM_STATUS_UNSUPPORTED,
                         "Cast 'node': unknown attribute 'saturate' (opset 13)");
  op_text_expect_failure("Cast-13", "f32[1] 2", OLSTM_STATUS_INVALID_MODEL,
                         "Cast 'node': attribute to is missing");
}

static void cast_like_takes_the_dtype_of_its_second_input(void** state) {
  (void)state;
  op_text_expect("CastLike-15", "f32[2] 1.5 2; ?i32[1] 0", "i32[2] 1 2");
  op_text_expect("CastLike-19 saturate=0", "i32[1] 3; ?f64[0]", "f64[1] 3");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floating_point_truncates_towards_zero),
      cmocka_unit_test(what_is_out_of_range_saturates),
      cmocka_unit_test(integers_keep_their_low_bits),
      cmocka_unit_test(bool_is_whether_it_is_not_zero),
      cmocka_unit_test(sixteen_bit_floats_round_once),
      cmocka_unit_test(same_bytes_are_a_view),
      cmocka_unit_test(opset_1_spells_the_dtype),
      cmocka_unit_test(other_dtypes_are_refused_by_name),
      cmocka_unit_test(cast_like_takes_the_dtype_of_its_second_input),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
