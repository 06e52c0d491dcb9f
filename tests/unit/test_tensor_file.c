// tools/tensor_file.h: both formats, there and back, and names that no file can have.
#include "tools/tensor_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_main.h"
#include "tests/support/test_system.h"
#include "tools/file_bytes.h"

static void comes_back_from_both_formats(void** state) {
  static const char* const kFormats[] = {"npy", "pb"};
  int64_t values[3] = {1, -2, INT64_MAX};
  const olstm_tensor tensor = {{OLSTM_DTYPE_INT64, 2, {3, 1}}, values};
  (void)state;
  olstm_test_folder_begin();
  for (size_t i = 0; i < 2; i++) {
    char path[OLSTM__PATH_CAPACITY];
    char name[OLSTM_ERROR_CAPACITY];
    olstm_tensor back;
    assert_int_equal(olstm__tensor_file_write(olstm_test_path("."), "file", kFormats[i],
                                              "y", &tensor, path, NULL),
                     OLSTM_STATUS_OK);
    assert_int_equal(olstm__tensor_file_read(path, NULL, &back, name, NULL),
                     OLSTM_STATUS_OK);
    assert_string_equal(name, i == 0 ? "" : "y");
    assert_true(olstm_tensor_desc_equal(&back.desc, &tensor.desc));
    assert_memory_equal(back.data, values, sizeof values);
    olstm_tensor_deinit(&back, NULL);
  }
  olstm_test_folder_end();
}

static void refuses_what_is_no_tensor(void** state) {
  olstm_tensor tensor;
  olstm_error error;
  (void)state;
  olstm_test_folder_begin();
  const char* path = olstm_test_path("x.npy");
  assert_int_equal(olstm__file_bytes_write(path, "hello", 5, NULL, 0, NULL),
                   OLSTM_STATUS_OK);
  assert_int_not_equal(olstm__tensor_file_read(path, NULL, &tensor, NULL, &error),
                       OLSTM_STATUS_OK);
  assert_non_null(
      strstr(error.message, "': neither .npy nor .npz: not a TensorProto: it is text"));
  assert_int_equal(remove(path), 0);
  assert_int_equal(olstm__tensor_file_read(path, NULL, &tensor, NULL, &error),
                   OLSTM_STATUS_IO_ERROR);
  olstm_test_folder_end();
}

/// Reads FILE of tests/data/npz and expects the array X in it.
static void expect_x(const char* file, const char* wanted) {
  char path[OLSTM__PATH_CAPACITY];
  olstm_tensor tensor;
  olstm_error error;
  (void)snprintf(path, sizeof path, OLSTM_TEST_DATA "/npz/%s", file);
  if (olstm__tensor_file_read(path, wanted, &tensor, NULL, &error) != OLSTM_STATUS_OK) {
    fail_msg("%s", error.message);
  }
  assert_string_equal(olstm_shape_text(&tensor.desc).text, "[2,1,3]");
  assert_true(((const float*)tensor.data)[5] == 1.0F);
  olstm_tensor_deinit(&tensor, NULL);
}

static void reads_arrays_of_archives_by_name(void** state) {
  olstm_tensor tensor;
  olstm_error error;
  (void)state;
  expect_x("stored.npz", NULL);
  expect_x("stored.npz", "another");
  expect_x("stored.npz:X", "another");
  expect_x("stored.npz:X.npy", NULL);
#ifdef OLSTM_WITH_ZLIB
  expect_x("deflated.npz", "X");
  expect_x("deflated.npz:X", "other");
#endif
  assert_int_equal(olstm__tensor_file_read(OLSTM_TEST_DATA "/npz/deflated.npz", "Y",
                                           &tensor, NULL, &error),
                   OLSTM_STATUS_NOT_FOUND);
  assert_non_null(strstr(error.message, "has no array 'Y': it has 'X', 'other'"));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comes_back_from_both_formats),
      cmocka_unit_test(refuses_what_is_no_tensor),
      cmocka_unit_test(reads_arrays_of_archives_by_name),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
