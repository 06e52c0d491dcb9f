// tools/npy.h: files as numpy 1.24 writes them (bytes taken from numpy.save), and broken
// ones.
#include "tools/npy.h"

#include <string.h>

#include "tests/support/test_main.h"

/// Builds a version 1 file out of a header's text and elements.
static size_t make_file(unsigned char* file, const char* header, const void* data,
                        size_t data_bytes) {
  const size_t length = strlen(header);
  memcpy(file, "\x93NUMPY\x01\x00", 8);
  file[8] = (unsigned char)(length & 0xff);
  file[9] = (unsigned char)(length >> 8);
  memcpy(file + 10, header, length);
  memcpy(file + 10 + length, data, data_bytes);
  return 10 + length + data_bytes;
}

static olstm_status read_file(const char* header, const void* data, size_t data_bytes,
                              olstm_tensor* out_tensor, olstm_error* error) {
  unsigned char file[1024];
  const size_t bytes = make_file(file, header, data, data_bytes);
  return olstm__npy_read(file, bytes, "x.npy", out_tensor, error);
}

static void release(olstm_tensor* tensor) {
  free(tensor->data);
}

static void reads_what_numpy_saves(void** state) {
  const float values[6] = {1, 2, 3, 4, 5, 6};
  olstm_tensor tensor;
  olstm_error error;
  (void)state;
  assert_int_equal(
      read_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n",
                values, sizeof values, &tensor, &error),
      OLSTM_STATUS_OK);
  assert_int_equal(tensor.desc.dtype, OLSTM_DTYPE_FLOAT);
  assert_string_equal(olstm_shape_text(&tensor.desc).text, "[2,3]");
  assert_memory_equal(tensor.data, values, sizeof values);
  release(&tensor);
}

static void reads_a_scalar_and_a_vector(void** state) {
  const int64_t value = -7;
  olstm_tensor tensor;
  (void)state;
  assert_int_equal(read_file("{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n",
                             &value, sizeof value, &tensor, NULL),
                   OLSTM_STATUS_OK);
  assert_int_equal(tensor.desc.rank, 0);
  assert_int_equal(*(int64_t*)tensor.data, -7);
  release(&tensor);
  assert_int_equal(
      read_file("{\"shape\": (1,), 'fortran_order': False, 'descr': '<i8'}\n", &value,
                sizeof value, &tensor, NULL),
      OLSTM_STATUS_OK);
  assert_string_equal(olstm_shape_text(&tensor.desc).text, "[1]");
  release(&tensor);
}

static void puts_fortran_order_right(void** state) {
  // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]) lies in memory as 1 4 2 5 3 6.
  const int32_t stored[6] = {1, 4, 2, 5, 3, 6};
  const int32_t expected[6] = {1, 2, 3, 4, 5, 6};
  olstm_tensor tensor;
  (void)state;
  assert_int_equal(
      read_file("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }\n", stored,
                sizeof stored, &tensor, NULL),
      OLSTM_STATUS_OK);
  assert_memory_equal(tensor.data, expected, sizeof expected);
  release(&tensor);
}

static void swaps_big_endian_elements(void** state) {
  const unsigned char stored[4] = {0x01, 0x02, 0xff, 0xfe};
  olstm_tensor tensor;
  (void)state;
  assert_int_equal(
      read_file("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n", stored,
                sizeof stored, &tensor, NULL),
      OLSTM_STATUS_OK);
  assert_int_equal(((int16_t*)tensor.data)[0], 0x0102);
  assert_int_equal(((int16_t*)tensor.data)[1], -2);
  release(&tensor);
}

static void reads_an_array_without_elements(void** state) {
  olstm_tensor tensor;
  (void)state;
  assert_int_equal(
      read_file("{'descr': '|b1', 'fortran_order': True, 'shape': (3, 0), }\n", "", 0,
                &tensor, NULL),
      OLSTM_STATUS_OK);
  assert_int_equal(olstm_tensor_desc_count(&tensor.desc), 0);
  release(&tensor);
}

/// One broken header, and a part of what is said about it.
typedef struct broken {
  const char* header;
  const char* message;
} broken;

static void refuses_broken_headers_by_name(void** state) {
  static const broken kBroken[] = {
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "4 bytes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 8)}",
       "4 bytes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
       "no count"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "no count"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
       "more than 8 dimensions"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1", "does not end"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': 1}", "not a tuple"},
      {"{'descr': '<f4', 'fortran_order': maybe, 'shape': (1,)}", "neither True"},
      {"{'descr': '<f4', 'shape': (1,)}", "lacks a key"},
      {"{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}", "odd key"},
      {"{'descr': '<f4', 'color': 'red', 'shape': (1,)}", "odd key"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "dtype '|O'"},
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "dtype '<c8'"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "plain"},
      {"{'descr': '<f4", "plain"},
      {"", "not a dict"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "does not end"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof kBroken / sizeof kBroken[0]; i++) {
    const float value = 1;
    olstm_tensor tensor;
    olstm_error error;
    assert_int_not_equal(
        read_file(kBroken[i].header, &value, sizeof value, &tensor, &error),
        OLSTM_STATUS_OK);
    assert_null(tensor.data);
    assert_non_null(strstr(error.message, "'x.npy'"));
    if (!strstr(error.message, kBroken[i].message)) {
      fail_msg("%s: %s", kBroken[i].header, error.message);
    }
  }
}

static void refuses_every_cut_of_a_file(void** state) {
  unsigned char file[256];
  const float values[2] = {1, 2};
  const size_t bytes =
      make_file(file, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n",
                values, sizeof values);
  (void)state;
  for (size_t cut = 0; cut < bytes; cut++) {
    olstm_tensor tensor;
    unsigned char* copy = malloc(cut ? cut : 1);
    assert_non_null(copy);
    memcpy(copy, file, cut);
    assert_int_not_equal(olstm__npy_read(copy, cut, "x", &tensor, NULL), OLSTM_STATUS_OK);
    free(copy);
  }
}

static void writes_a_header_that_it_reads_back(void** state) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_DOUBLE, 3, {2, 1, 2}};
  const double values[4] = {1, 2, 3, 4};
  unsigned char file[512];
  char header[OLSTM__NPY_HEADER_CAPACITY];
  size_t bytes = 0;
  olstm_tensor tensor;
  (void)state;
  assert_int_equal(olstm__npy_write_header(&desc, header, &bytes, NULL), OLSTM_STATUS_OK);
  // NumPy aligns the elements to 64 bytes.
  assert_int_equal(bytes % 64, 0);
  memcpy(file, header, bytes);
  memcpy(file + bytes, values, sizeof values);
  assert_int_equal(olstm__npy_read(file, bytes + sizeof values, "x", &tensor, NULL),
                   OLSTM_STATUS_OK);
  assert_true(olstm_tensor_desc_equal(&tensor.desc, &desc));
  assert_memory_equal(tensor.data, values, sizeof values);
  release(&tensor);
}

static void refuses_to_write_what_numpy_lacks(void** state) {
  const olstm_tensor_desc desc = {OLSTM_DTYPE_BFLOAT16, 1, {2}};
  char header[OLSTM__NPY_HEADER_CAPACITY];
  size_t bytes = 0;
  olstm_error error;
  (void)state;
  assert_int_equal(olstm__npy_write_header(&desc, header, &bytes, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message, "NumPy has no bfloat16: write it with --format pb");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_what_numpy_saves),
      cmocka_unit_test(reads_a_scalar_and_a_vector),
      cmocka_unit_test(puts_fortran_order_right),
      cmocka_unit_test(swaps_big_endian_elements),
      cmocka_unit_test(reads_an_array_without_elements),
      cmocka_unit_test(refuses_broken_headers_by_name),
      cmocka_unit_test(refuses_every_cut_of_a_file),
      cmocka_unit_test(writes_a_header_that_it_reads_back),
      cmocka_unit_test(refuses_to_write_what_numpy_lacks),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
