// olstm_tensor_read_pb, olstm_tensor_write_pb: TensorProto files.
#include <string.h>

#include "olstm/model.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_allocator.h"
#include "tests/support/test_main.h"

static void comes_back_as_it_was_written(void** state) {
  olstm_test_allocator memory;
  float elements[6] = {0, 1, 2, 3, 4, 5};
  const olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, 2, {2, 3}}, elements};
  olstm_tensor again;
  char name[OLSTM_ERROR_CAPACITY];
  void* bytes = NULL;
  size_t byte_count = 0;
  (void)state;
  olstm_test_allocator_init(&memory);
  assert_int_equal(
      olstm_tensor_write_pb(&tensor, "x", &memory.allocator, &bytes, &byte_count, NULL),
      OLSTM_STATUS_OK);
  assert_int_equal(
      olstm_tensor_read_pb(bytes, byte_count, &memory.allocator, &again, name, NULL),
      OLSTM_STATUS_OK);
  assert_string_equal(name, "x");
  assert_true(olstm_tensor_desc_equal(&tensor.desc, &again.desc));
  assert_memory_equal(again.data, elements, sizeof elements);
  olstm_tensor_deinit(&again, &memory.allocator);
  assert_null(again.data);
  olstm_release(&memory.allocator, bytes, byte_count, 1);
  olstm_test_allocator_assert_clean(&memory);
}

static void reads_scalars_and_empty_tensors(void** state) {
  static const char* const kDims[] = {"", "0,3"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    const int64_t value = 7;
    pb_bytes bytes = onnx_tensor(NULL, OLSTM_DTYPE_INT64, kDims[i]);
    olstm_tensor tensor;
    char name[OLSTM_ERROR_CAPACITY] = "?";
    if (i == 0) pb_packed(&bytes, TENSOR_INT64_DATA, &value, 1);
    assert_int_equal(
        olstm_tensor_read_pb(bytes.bytes, bytes.count, NULL, &tensor, name, NULL),
        OLSTM_STATUS_OK);
    assert_string_equal(name, "");
    if (i == 0) assert_int_equal(*(int64_t*)tensor.data, 7);
    olstm_tensor_deinit(&tensor, NULL);
    pb_deinit(&bytes);
  }
}

static void expect_refusal(pb_bytes* bytes, olstm_status expected, const char* text) {
  olstm_tensor tensor;
  olstm_error error = {""};
  assert_int_equal(
      olstm_tensor_read_pb(bytes->bytes, bytes->count, NULL, &tensor, NULL, &error),
      expected);
  if (!strstr(error.message, text)) fail_msg("'%s' not in '%s'", text, error.message);
  assert_null(tensor.data);
  pb_deinit(bytes);
}

static void refuses_what_it_cannot_read(void** state) {
  pb_bytes bytes = {0};
  (void)state;
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL, "it is empty");
  pb_append(&bytes, "\xff\xff", 2);
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL, "byte 0: TensorProto");
  bytes = onnx_tensor("s", OLSTM_DTYPE_STRING, "0");
  expect_refusal(&bytes, OLSTM_STATUS_UNSUPPORTED, "tensor 's': strings");
  bytes = onnx_tensor("e", OLSTM_DTYPE_FLOAT, "0");
  pb_int(&bytes, TENSOR_DATA_LOCATION, 1);
  expect_refusal(&bytes, OLSTM_STATUS_UNSUPPORTED, "tensor 'e': external data");
  bytes = onnx_tensor("w", OLSTM_DTYPE_FLOAT, "3");
  expect_refusal(&bytes, OLSTM_STATUS_INVALID_MODEL, "expected 12 for float [3]");
}

static void refuses_to_write_what_is_no_tensor(void** state) {
  float element = 0;
  const olstm_tensor cases[] = {{{OLSTM_DTYPE_UNDEFINED, 0, {0}}, &element},
                                {{OLSTM_DTYPE_STRING, 0, {0}}, &element},
                                {{OLSTM_DTYPE_FLOAT, 1, {-1}}, &element},
                                {{OLSTM_DTYPE_FLOAT, 9, {1}}, &element},
                                {{OLSTM_DTYPE_FLOAT, 1, {1}}, NULL}};
  (void)state;
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
    void* bytes = NULL;
    size_t byte_count = 0;
    olstm_error error = {""};
    assert_int_equal(
        olstm_tensor_write_pb(&cases[c], "x", NULL, &bytes, &byte_count, &error),
        OLSTM_STATUS_INVALID_ARGUMENT);
    assert_null(bytes);
  }
}

static void fails_cleanly_when_memory_runs_out(void** state) {
  olstm_test_allocator memory;
  pb_bytes bytes = onnx_tensor("w", OLSTM_DTYPE_FLOAT, "4");
  olstm_tensor tensor;
  olstm_status status = OLSTM_STATUS_OUT_OF_MEMORY;
  (void)state;
  pb_data(&bytes, TENSOR_RAW_DATA, "0123456789abcdef", 16);
  olstm_test_allocator_init(&memory);
  for (int64_t nth = 1; status == OLSTM_STATUS_OUT_OF_MEMORY; nth++) {
    olstm_test_allocator_fail_at(&memory, nth);
    status = olstm_tensor_read_pb(bytes.bytes, bytes.count, &memory.allocator, &tensor,
                                  NULL, NULL);
    if (status == OLSTM_STATUS_OUT_OF_MEMORY) {
      olstm_test_allocator_assert_clean(&memory);
    }
  }
  assert_int_equal(status, OLSTM_STATUS_OK);
  olstm_tensor_deinit(&tensor, &memory.allocator);
  olstm_test_allocator_assert_clean(&memory);
  pb_deinit(&bytes);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comes_back_as_it_was_written),
      cmocka_unit_test(reads_scalars_and_empty_tensors),
      cmocka_unit_test(refuses_what_it_cannot_read),
      cmocka_unit_test(refuses_to_write_what_is_no_tensor),
      cmocka_unit_test(fails_cleanly_when_memory_runs_out),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
