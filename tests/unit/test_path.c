// system/path.h and the paths of system/file.h: files are created anew, whatever they are
// called, and folders of files are found.
#include "system/path.h"

#include <errno.h>
#include <string.h>

#include "system/file.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

static int begin(void** state) {
  (void)state;
  olstm_test_folder_begin();
  return 0;
}

static int end(void** state) {
  (void)state;
  olstm_test_folder_end();
  return 0;
}

static void creates_no_file_that_is_there(void** state) {
  // Beyond ASCII, and beyond what any code page of Windows has together.
  const char* path = olstm_test_path("gr\xc3\xbcn \xe8\xbe\x93");
  char text[8] = "";
  (void)state;
  FILE* file = olstm__path_create(path);
  assert_non_null(file);
  // Written as it is: no carriage return.
  assert_int_equal(fwrite("a\nb", 1, 3, file), 3);
  assert_int_equal(fclose(file), 0);
  errno = 0;
  assert_null(olstm__path_create(path));
  assert_int_equal(errno, EEXIST);
  file = olstm__path_open(path, "rb");
  assert_non_null(file);
  assert_int_equal(fread(text, 1, sizeof text, file), 3);
  assert_memory_equal(text, "a\nb", 3);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(olstm__path_remove(path), 0);
  assert_int_equal(olstm__path_look(path), OLSTM__PATH_ABSENT);
  assert_int_equal(olstm__path_remove(path), ENOENT);
  errno = 0;
  assert_null(olstm__path_create(olstm_test_path("absent/file")));
  assert_int_equal(errno, ENOENT);
}

static void finds_the_folder_of_a_file(void** state) {
  static const char* const kPaths[][2] = {{"model.onnx", "."},
                                          {"a/model.onnx", "a/"},
                                          {"/model.onnx", "/"},
                                          {"a/b/", "a/b/"}};
  static char longest[OLSTM__FILE_FOLDER_CAPACITY + 1];
  char folder[OLSTM__FILE_FOLDER_CAPACITY];
  (void)state;
  for (size_t i = 0; i < sizeof kPaths / sizeof kPaths[0]; i++) {
    assert_true(olstm__file_folder(kPaths[i][0], folder));
    assert_string_equal(folder, kPaths[i][1]);
  }
#ifdef _WIN32
  assert_true(olstm__file_folder("C:model.onnx", folder));
  assert_string_equal(folder, "C:.");
  assert_true(olstm__file_folder("\\\\?\\C:\\a\\model.onnx", folder));
  assert_string_equal(folder, "\\\\?\\C:\\a\\");
#endif
  memset(longest, '/', sizeof longest - 1);
  assert_false(olstm__file_folder(longest, folder));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(creates_no_file_that_is_there, begin, end),
      cmocka_unit_test(finds_the_folder_of_a_file),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
