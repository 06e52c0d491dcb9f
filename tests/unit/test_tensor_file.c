// tools/tensor_file.h: both formats, there and back, and names that no file can have.
#include "tools/tensor_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test_main.h"
#include "tools/file_bytes.h"

static void comes_back_from_both_formats(void** state) {
  static const char* const kFormats[] = {"npy", "pb"};
  char folder[] = "/tmp/olstm_files_XXXXXX";
  int64_t values[3] = {1, -2, INT64_MAX};
  const olstm_tensor tensor = {{OLSTM_DTYPE_INT64, 2, {3, 1}}, values};
  (void)state;
  assert_non_null(mkdtemp(folder));
  for (size_t i = 0; i < 2; i++) {
    char path[OLSTM__PATH_CAPACITY];
    char name[OLSTM_ERROR_CAPACITY];
    olstm_tensor back;
    assert_int_equal(
        olstm__tensor_file_write(folder, "y", kFormats[i], &tensor, path, NULL),
        OLSTM_STATUS_OK);
    assert_int_equal(olstm__tensor_file_read(path, &back, name, NULL), OLSTM_STATUS_OK);
    assert_string_equal(name, i == 0 ? "" : "y");
    assert_true(olstm_tensor_desc_equal(&back.desc, &tensor.desc));
    assert_memory_equal(back.data, values, sizeof values);
    olstm_tensor_deinit(&back, NULL);
    assert_int_equal(remove(path), 0);
  }
  assert_int_equal(rmdir(folder), 0);
}

static void names_stay_inside_the_folder(void** state) {
  static const char* const kNames[][2] = {{"Identity:0", "Identity_0.npy"},
                                          {"../../etc/passwd", "_._.._etc_passwd.npy"},
                                          {".hidden", "_hidden.npy"},
                                          {"a b\n", "a_b_.npy"},
                                          {"", "_.npy"}};
  char folder[] = "/tmp/olstm_files_XXXXXX";
  float value = 1;
  const olstm_tensor tensor = {{OLSTM_DTYPE_FLOAT, 0, {0}}, &value};
  (void)state;
  assert_non_null(mkdtemp(folder));
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; i++) {
    char path[OLSTM__PATH_CAPACITY];
    assert_int_equal(
        olstm__tensor_file_write(folder, kNames[i][0], "npy", &tensor, path, NULL),
        OLSTM_STATUS_OK);
    assert_string_equal(path + strlen(folder) + 1, kNames[i][1]);
    assert_int_equal(remove(path), 0);
  }
  assert_int_equal(rmdir(folder), 0);
}

static void refuses_what_is_no_tensor(void** state) {
  char path[] = "/tmp/olstm_file_XXXXXX";
  const int file = mkstemp(path);
  olstm_tensor tensor;
  olstm_error error;
  (void)state;
  assert_true(file >= 0);
  assert_int_equal(write(file, "hello", 5), 5);
  assert_int_equal(close(file), 0);
  assert_int_not_equal(olstm__tensor_file_read(path, &tensor, NULL, &error),
                       OLSTM_STATUS_OK);
  assert_non_null(strstr(error.message, "neither .npy nor a TensorProto"));
  assert_int_equal(remove(path), 0);
  assert_int_equal(olstm__tensor_file_read(path, &tensor, NULL, &error),
                   OLSTM_STATUS_IO_ERROR);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comes_back_from_both_formats),
      cmocka_unit_test(names_stay_inside_the_folder),
      cmocka_unit_test(refuses_what_is_no_tensor),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
