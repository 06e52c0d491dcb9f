// op/dense/matmul_op.c: numpy's rules for ranks and batches, every dtype, constants.
#include "tests/support/op_fixture.h"
#include "tests/support/op_text.h"
#include "tests/support/test_main.h"

static void multiplies_matrices(void** state) {
  (void)state;
  op_text_expect("MatMul-1", "f32[2,3] 1 2 3 4 5 6; f32[3,2] 1 0 0 1 2 2",
                 "f32[2,2] 7 8 16 17");
  op_text_expect("MatMul-13", "f64[1,2] 0.5 2; f64[2,1] 4 0.25", "f64[1,1] 2.5");
}

static void a_vector_is_a_row_on_the_left_and_a_column_on_the_right(void** state) {
  (void)state;
  op_text_expect("MatMul-9", "f32[3] 1 2 3; f32[3,2] 1 0 0 1 2 2", "f32[2] 7 8");
  op_text_expect("MatMul-9", "f32[2,3] 1 2 3 4 5 6; f32[3] 1 0 2", "f32[2] 7 16");
  op_text_expect("MatMul-9", "f32[3] 1 2 3; f32[3] 4 5 6", "f32[] 32");
  op_text_expect("MatMul-9", "f32[2] 1 2; f32[2,2,1] 1 1 2 3", "f32[2,1] 3 8");
}

static void batches_broadcast(void** state) {
  (void)state;
  op_text_expect("MatMul-13", "f32[2,1,2] 1 2 3 4; f32[2,1] 1 10", "f32[2,1,1] 21 43");
  op_text_expect("MatMul-13", "f32[1,2] 1 2; f32[2,2,1] 1 10 1 100", "f32[2,1,1] 21 201");
  op_text_expect("MatMul-13", "f32[2,1,1,2] 1 2 3 4; f32[1,3,2,1] 1 0 0 1 1 1",
                 "f32[2,3,1,1] 1 2 3 3 4 7");
  op_text_expect("MatMul-13", "f32[1,1,1,2] 1 2; f32[1,1,2,1] 3 4", "f32[1,1,1,1] 11");
}

static void integers_wrap(void** state) {
  (void)state;
  op_text_expect("MatMul-9", "i32[1,2] 65536 3; i32[2,1] 65536 -2", "i32[1,1] -6");
  static const char* const kInputs[] = {
      "i32[5,7] ~; i32[7,37] ~", "i32[3,9] ~; i32[9,16] ~", "i32[4,5] ~; i32[5,15] ~"};
  for (int i = 0; i < 3; i++) {
    op_text_expect_same("MatMul-13", kInputs[i], "Einsum-12 equation='ij,jk->ik'",
                        kInputs[i], 0);
  }
  op_text_expect("MatMul-9", "i64[2,2] 1 2 3 4; i64[2,2] 5 6 7 8",
                 "i64[2,2] 19 22 43 50");
  op_text_expect("MatMul-9", "u32[1,1] 4294967295; u32[1,1] 2", "u32[1,1] 4294967294");
}

static void half_floats_are_computed_in_float(void** state) {
  (void)state;
  op_text_expect("MatMul-13", "f16[2,3] 1 2 3 4 5 6; f16[3,2] 1 0 0 1 2 2",
                 "f16[2,2] 7 8 16 17");
  op_text_expect("MatMul-13", "bf16[1,2] 1 2; bf16[2,2,1] 1 1 2 3", "bf16[2,1,1] 3 8");
}

static void nothing_to_add_gives_zeros(void** state) {
  (void)state;
  op_text_expect("MatMul-13", "f32[2,0]; f32[0,2]", "f32[2,2] 0 0 0 0");
  op_text_expect("MatMul-13", "f32[0,2]; f32[2,3] 0..", "f32[0,3]");
  op_text_expect("MatMul-13", "f32[0,1,2]; f32[0,2,3]", "f32[0,1,3]");
  op_text_expect("MatMul-13", "i32[1,0]; i32[0,2]", "i32[1,2] 0 0");
}

/// A constant is packed when the operator is made; the result is the same to the bit.
static void a_constant_gives_the_same_result(void** state) {
  static float a[4 * 5 * 17];
  static float b[4 * 17 * 9];
  static uint16_t half_a[4 * 5 * 17];
  static uint16_t half_b[4 * 17 * 9];
  (void)state;
  for (size_t i = 0; i < sizeof a / sizeof a[0]; i++) a[i] = (float)(i * 7 % 31) - 15;
  for (size_t i = 0; i < sizeof b / sizeof b[0]; i++) b[i] = (float)(i * 5 % 29) / 8;
  for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
    half_a[i] = (uint16_t)(i * 37 % 999);
  for (size_t i = 0; i < sizeof b / sizeof b[0]; i++)
    half_b[i] = (uint16_t)(i * 91 % 999);
  const olstm_tensor tensors[][2] = {
      {OP_TENSOR(FLOAT, a, 3, 4, 5, 17), OP_TENSOR(FLOAT, b, 3, 4, 17, 9)},
      {OP_TENSOR(FLOAT, a, 3, 4, 5, 17), OP_TENSOR(FLOAT, b, 2, 17, 9)},
      {OP_TENSOR(FLOAT16, half_a, 3, 4, 5, 17), OP_TENSOR(FLOAT16, half_b, 2, 17, 9)}};
  for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
    op_fixture plain = {.op_type = "MatMul",
                        .opset_version = 13,
                        .input_count = 2,
                        .inputs = {&tensors[i][0], &tensors[i][1]}};
    op_fixture constant = plain;
    size_t bytes = 0;
    constant.constant_inputs = 2u;
    assert_int_equal(op_fixture_run(&plain), OLSTM_STATUS_OK);
    assert_int_equal(op_fixture_run(&constant), OLSTM_STATUS_OK);
    assert_true(olstm_tensor_desc_bytes(&plain.outputs[0].desc, &bytes));
    assert_memory_equal(plain.outputs[0].data, constant.outputs[0].data, bytes);
    op_fixture_deinit(&plain);
    op_fixture_deinit(&constant);
  }
}

/// Of enough work that threads share the columns, the rows, or the matrices of a batch.
static void threads_share_columns_rows_and_matrices(void** state) {
  static const char* const kInputs[] = {
      "f32[1,600] ~; f32[600,700] ~",      "f32[5,300] ~; #f32[300,501] ~",
      "f32[3,300] ~; f32[300,20] ~",       "f32[20,120] ~; f32[120,130] ~",
      "f32[7,40,50] ~; f32[7,50,60] ~",    "f32[2,1,40,50] ~; f32[3,50,60] ~",
      "f32[5,40,50] ~; f32[1,50,60] ~",    "f32[40,50] ~; f32[9,50,60] ~",
      "f32[12,2,300] ~; f32[12,300,40] ~", "f32[33,257] ~; f32[257,100] ~",
      "f32[90,100] ~; f32[100,301] ~",     "f64[33,257] ~; f64[257,100] ~",
      "f16[33,257] ~; f16[257,100] ~",     "f32[900,40] ~; f32[40,17] ~"};
  (void)state;
  for (size_t i = 0; i < sizeof kInputs / sizeof kInputs[0]; i++) {
    op_text_expect_as_double("MatMul-13", kInputs[i], 1e-4);
  }
}

static void shapes_that_do_not_fit_are_named(void** state) {
  (void)state;
  op_text_expect_failure("MatMul-13", "f32[2,3] 0..; f32[2,3] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "MatMul 'node': input 'x1' has shape [2,3], expected 3 rows as "
                         "'x0' [2,3] has columns");
  op_text_expect_failure(
      "MatMul-13", "f32[] 0; f32[2,3] 0..", OLSTM_STATUS_SHAPE_MISMATCH,
      "MatMul 'node': input 'x0' is a scalar, expected a vector or matrices");
  op_text_expect_failure("MatMul-13", "f32[2,1,1] 0..; f32[3,1,1] 0..",
                         OLSTM_STATUS_SHAPE_MISMATCH,
                         "MatMul 'node': input 'x1' has shape [3], which does not "
                         "broadcast with [2]");
}

/// A B of few rows, which some CPUs take as it is, constant or not.
static void shallow_products_are_those_of_doubles(void** state) {
  (void)state;
  op_text_expect_as_double("MatMul-13", "f32[9,3] ~; f32[3,70] ~", 1e-6);
  op_text_expect_as_double("MatMul-13", "f32[9,3] ~; #f32[3,70] ~", 1e-6);
  op_text_expect_as_double("MatMul-13", "f32[2,9,8] ~; #f32[2,8,133] ~", 1e-6);
  op_text_expect_as_double("MatMul-13", "f32[64,1] ~; #f32[1,64] ~", 1e-6);
  op_text_expect_same("MatMul-13", "f32[9,3] ~; f32[3,70] ~", "MatMul-13",
                      "f32[9,3] ~; #f32[3,70] ~", 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(multiplies_matrices),
      cmocka_unit_test(a_vector_is_a_row_on_the_left_and_a_column_on_the_right),
      cmocka_unit_test(batches_broadcast),
      cmocka_unit_test(integers_wrap),
      cmocka_unit_test(half_floats_are_computed_in_float),
      cmocka_unit_test(nothing_to_add_gives_zeros),
      cmocka_unit_test(a_constant_gives_the_same_result),
      cmocka_unit_test(threads_share_columns_rows_and_matrices),
      cmocka_unit_test(shapes_that_do_not_fit_are_named),
      cmocka_unit_test(shallow_products_are_those_of_doubles),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
