// onnx_proto/tensor_data.h, through initializers: every dtype out of every field that may
// hold it, and what is refused.
#include "onnx_proto/model.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

/// Loads a graph with the one initializer, which it frees, and one use of it.
static olstm_status load_initializer(pb_bytes* tensor, olstm_model** out_model,
                                     olstm_error* error) {
  pb_bytes graph = {0};
  pb_bytes node = onnx_node("Identity", "id", "W", "y");
  pb_bytes output = onnx_value("y", OLSTM_DTYPE_FLOAT, NULL);
  pb_message(&graph, GRAPH_NODE, &node);
  pb_message(&graph, GRAPH_INITIALIZER, tensor);
  pb_message(&graph, GRAPH_OUTPUT, &output);
  pb_bytes model = onnx_model(&graph);
  return onnx_load(&model, out_model, error);
}

/// Expects the initializer to load as exactly these elements.
static void expect_elements(pb_bytes* tensor, olstm_dtype dtype, const void* elements,
                            size_t bytes) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (load_initializer(tensor, &model, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s: %s", olstm_dtype_name(dtype), error.message);
  }
  const olstm_tensor* constant = olstm__model_graph(model)->values[0].constant;
  size_t got = 0;
  assert_non_null(constant);
  assert_int_equal(constant->desc.dtype, dtype);
  assert_true(olstm_tensor_desc_bytes(&constant->desc, &got));
  assert_int_equal(got, bytes);
  assert_memory_equal(constant->data, elements, bytes);
  olstm_model_destroy(model);
}

static void expect_refusal(pb_bytes* tensor, olstm_status expected, const char* message) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  assert_int_equal(load_initializer(tensor, &model, &error), expected);
  assert_string_equal(error.message, message);
  assert_null(model);
}

static void reads_typed_fields_of_every_dtype(void** state) {
  static const int64_t values[] = {1, 0, 1, 100};
  static const struct {
    olstm_dtype dtype;
    uint32_t field;
    size_t count;
    union {
      int8_t i8[4];
      int16_t i16[4];
      int32_t i32[4];
      int64_t i64[4];
    } expected;
  } kCases[] = {
      {OLSTM_DTYPE_INT8, TENSOR_INT32_DATA, 4, {.i8 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_UINT8, TENSOR_INT32_DATA, 4, {.i8 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_BOOL, TENSOR_INT32_DATA, 3, {.i8 = {1, 0, 1}}},
      {OLSTM_DTYPE_INT16, TENSOR_INT32_DATA, 4, {.i16 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_UINT16, TENSOR_INT32_DATA, 4, {.i16 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_FLOAT16, TENSOR_INT32_DATA, 4, {.i16 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_BFLOAT16, TENSOR_INT32_DATA, 4, {.i16 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_INT32, TENSOR_INT32_DATA, 4, {.i32 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_UINT32, TENSOR_UINT64_DATA, 4, {.i32 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_UINT64, TENSOR_UINT64_DATA, 4, {.i64 = {1, 0, 1, 100}}},
      {OLSTM_DTYPE_INT64, TENSOR_INT64_DATA, 4, {.i64 = {1, 0, 1, 100}}},
  };
  (void)state;
  for (size_t c = 0; c < sizeof kCases / sizeof kCases[0]; c++) {
    pb_bytes tensor =
        onnx_tensor("W", kCases[c].dtype, kCases[c].count == 4 ? "2,2" : "3");
    pb_packed(&tensor, kCases[c].field, values, kCases[c].count);
    expect_elements(&tensor, kCases[c].dtype, &kCases[c].expected,
                    kCases[c].count * olstm_dtype_size(kCases[c].dtype));
  }
}

static void reads_float_and_double_data(void** state) {
  const float floats[] = {1.5f, -2.0f};
  const double doubles[] = {0.1, 1e300};
  (void)state;
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "2");
  pb_data(&tensor, TENSOR_FLOAT_DATA, floats, sizeof floats);
  expect_elements(&tensor, OLSTM_DTYPE_FLOAT, floats, sizeof floats);
  tensor = onnx_tensor("W", OLSTM_DTYPE_DOUBLE, "2,1");
  pb_data(&tensor, TENSOR_DOUBLE_DATA, doubles, sizeof doubles);
  expect_elements(&tensor, OLSTM_DTYPE_DOUBLE, doubles, sizeof doubles);
}

static void reads_typed_fields_that_are_not_packed(void** state) {
  const float floats[] = {1.5f, -2.0f};
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "2");
  (void)state;
  pb_float(&tensor, TENSOR_FLOAT_DATA, floats[0]);
  pb_float(&tensor, TENSOR_FLOAT_DATA, floats[1]);
  expect_elements(&tensor, OLSTM_DTYPE_FLOAT, floats, sizeof floats);
}

static void reads_raw_data_of_every_dtype(void** state) {
  static const unsigned char kRaw[16] = {1, 0, 1, 1, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9};
  (void)state;
  for (olstm_dtype dtype = 1; dtype <= OLSTM_DTYPE_BFLOAT16; dtype++) {
    if (dtype == OLSTM_DTYPE_STRING || dtype == OLSTM_DTYPE_COMPLEX64 ||
        dtype == OLSTM_DTYPE_COMPLEX128) {
      continue;
    }
    pb_bytes tensor = onnx_tensor("W", dtype, "2");
    pb_data(&tensor, TENSOR_RAW_DATA, kRaw, 2 * olstm_dtype_size(dtype));
    expect_elements(&tensor, dtype, kRaw, 2 * olstm_dtype_size(dtype));
  }
}

static void makes_bools_zero_or_one(void** state) {
  const unsigned char expected[] = {1, 0, 1};
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_BOOL, "3");
  (void)state;
  pb_data(&tensor, TENSOR_RAW_DATA, "\x02\x00\xff", 3);
  expect_elements(&tensor, OLSTM_DTYPE_BOOL, expected, sizeof expected);
}

static void reads_empty_tensors_and_scalars(void** state) {
  const float one = 1.0f;
  (void)state;
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "0,4");
  expect_elements(&tensor, OLSTM_DTYPE_FLOAT, NULL, 0);
  tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "");
  pb_data(&tensor, TENSOR_RAW_DATA, &one, sizeof one);
  expect_elements(&tensor, OLSTM_DTYPE_FLOAT, &one, sizeof one);
}

static void keeps_strings_with_zero_bytes_in_them(void** state) {
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_STRING, "2");
  olstm_model* model = NULL;
  (void)state;
  pb_data(&tensor, TENSOR_STRING_DATA, "a\0b", 3);
  pb_data(&tensor, TENSOR_STRING_DATA, "", 0);
  assert_int_equal(load_initializer(&tensor, &model, NULL), OLSTM_STATUS_OK);
  const olstm_string* strings = olstm__model_graph(model)->values[0].constant->data;
  assert_int_equal(strings[0].byte_count, 3);
  assert_memory_equal(strings[0].bytes, "a\0b", 4);
  assert_int_equal(strings[1].byte_count, 0);
  olstm_model_destroy(model);
}

static void refuses_data_of_another_size(void** state) {
  const int64_t values[] = {1, 2, 3};
  (void)state;
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "3,4");
  pb_data(&tensor, TENSOR_RAW_DATA, "0123456789012345678901234567890123456789", 40);
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': raw_data has 40 bytes, expected 48 for float [3,4]");
  tensor = onnx_tensor("W", OLSTM_DTYPE_INT64, "2");
  pb_packed(&tensor, TENSOR_INT64_DATA, values, 3);
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': int64_data has 3 elements, expected 2 for int64 [2]");
  tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "2");
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': raw_data has 0 bytes, expected 8 for float [2]");
  tensor = onnx_tensor("W", OLSTM_DTYPE_STRING, "2");
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': string_data has 0 elements, expected 2 for string [2]");
}

static void refuses_two_data_fields_and_the_wrong_one(void** state) {
  const float value = 1.0f;
  const double wide = 1.0;
  (void)state;
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "1");
  pb_data(&tensor, TENSOR_RAW_DATA, &value, sizeof value);
  pb_data(&tensor, TENSOR_FLOAT_DATA, &value, sizeof value);
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': has both raw_data and float_data");
  tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "1");
  pb_data(&tensor, TENSOR_DOUBLE_DATA, &wide, sizeof wide);
  expect_refusal(
      &tensor, OLSTM_STATUS_INVALID_MODEL,
      "tensor 'W': has double_data, expected float_data or raw_data for float");
  tensor = onnx_tensor("W", OLSTM_DTYPE_STRING, "1");
  pb_data(&tensor, TENSOR_RAW_DATA, "x", 1);
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': has raw_data, expected string_data for string");
}

static void refuses_typed_elements_that_do_not_fit(void** state) {
  const int64_t large[] = {300};
  const int64_t larger[] = {INT64_C(1) << 32};
  (void)state;
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_INT8, "1");
  pb_packed(&tensor, TENSOR_INT32_DATA, large, 1);
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': int32_data[0] is 300, expected -128..127 for int8");
  tensor = onnx_tensor("W", OLSTM_DTYPE_UINT32, "1");
  pb_packed(&tensor, TENSOR_UINT64_DATA, larger, 1);
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': uint64_data[0] is 4294967296, more than a uint32 holds");
}

static void refuses_impossible_shapes(void** state) {
  (void)state;
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "-1,2");
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': has the impossible shape [-1,2]");
  tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "4611686018427387904,4,0");
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': has the impossible shape [4611686018427387904,4,0]");
  tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "1,1,1,1,1,1,1,1,1");
  expect_refusal(&tensor, OLSTM_STATUS_UNSUPPORTED,
                 "tensor 'W': has rank 9, at most 8 is supported");
}

static void refuses_other_dtypes_by_name_where_they_are_used(void** state) {
  (void)state;
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_COMPLEX64, "1");
  expect_refusal(&tensor, OLSTM_STATUS_UNSUPPORTED,
                 "tensor 'W': element type 14 (complex64) is not supported");
  tensor = onnx_tensor("W", 17, "1");
  expect_refusal(&tensor, OLSTM_STATUS_UNSUPPORTED,
                 "tensor 'W': element type 17 (float8e4m3fn) is not supported");
  tensor = onnx_tensor("W", 77, "1");
  expect_refusal(&tensor, OLSTM_STATUS_UNSUPPORTED,
                 "tensor 'W': element type 77 (unknown) is not supported");
  tensor = onnx_tensor("W", 0, "1");
  expect_refusal(&tensor, OLSTM_STATUS_INVALID_MODEL, "tensor 'W': has no element type");
}

static void takes_an_unused_initializer_of_another_dtype(void** state) {
  pb_bytes graph = {0};
  pb_bytes tensor = onnx_tensor("W", 17, "1");
  olstm_model* model = NULL;
  (void)state;
  pb_message(&graph, GRAPH_INITIALIZER, &tensor);
  pb_bytes bytes = onnx_model(&graph);
  assert_int_equal(onnx_load(&bytes, &model, NULL), OLSTM_STATUS_OK);
  assert_int_equal(olstm__model_graph(model)->value_count, 0);
  olstm_model_destroy(model);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_typed_fields_of_every_dtype),
      cmocka_unit_test(reads_float_and_double_data),
      cmocka_unit_test(reads_typed_fields_that_are_not_packed),
      cmocka_unit_test(reads_raw_data_of_every_dtype),
      cmocka_unit_test(makes_bools_zero_or_one),
      cmocka_unit_test(reads_empty_tensors_and_scalars),
      cmocka_unit_test(keeps_strings_with_zero_bytes_in_them),
      cmocka_unit_test(refuses_data_of_another_size),
      cmocka_unit_test(refuses_two_data_fields_and_the_wrong_one),
      cmocka_unit_test(refuses_typed_elements_that_do_not_fit),
      cmocka_unit_test(refuses_impossible_shapes),
      cmocka_unit_test(refuses_other_dtypes_by_name_where_they_are_used),
      cmocka_unit_test(takes_an_unused_initializer_of_another_dtype),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
