// system/confined_file.h on Windows: which names below a folder are opened. Wine shows no
// link of the system below it as one: reparse points are not tested.
#include "system/confined_file.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "system/path.h"
#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

static olstm__confined_folders folders;

static void write_file(const char* name) {
  FILE* file = fopen(olstm_test_path(name), "wb");
  assert_non_null(file);
  assert_int_equal(fputs("data", file), 0);
  assert_int_equal(fclose(file), 0);
}

static int begin(void** state) {
  (void)state;
  folders = (olstm__confined_folders){OLSTM__NO_FILE, OLSTM__NO_FILE, OLSTM__NO_FILE};
  olstm_test_folder_begin();
  assert_null(olstm__confined_open_folder(olstm_test_path("."), &folders.beside));
  write_file("weights.bin");
  write_file("gr\xc3\xbcn.bin");
  assert_int_equal(olstm__folder_create(olstm_test_path("sub")), 0);
  return 0;
}

static int end(void** state) {
  (void)state;
  olstm__confined_folders_close(&folders);
  (void)remove(olstm_test_path("sub/deep.bin"));
  olstm_test_folder_end();
  return 0;
}

/// NULL when the location is opened and has the file's text.
static const char* open_and_read(const char* location) {
  olstm__file file = OLSTM__NO_FILE;
  char text[4];
  const char* reason = olstm__confined_open(&folders, location, &file);
  if (reason) return reason;
  reason = olstm__file_read(file, 0, text, sizeof text);
  olstm__file_close(file);
  if (!reason) assert_memory_equal(text, "data", sizeof text);
  return reason;
}

static void opens_files_below_the_folder(void** state) {
  (void)state;
  write_file("sub/deep.bin");
  assert_null(open_and_read("weights.bin"));
  assert_null(open_and_read("./weights.bin"));
  assert_null(open_and_read("WEIGHTS.bin"));
  assert_null(open_and_read("sub/deep.bin"));
  assert_null(open_and_read("sub/./deep.bin"));
  assert_null(open_and_read("gr\xc3\xbcn.bin"));
  assert_string_equal(open_and_read("none.bin"), "No such file or directory");
  assert_string_equal(open_and_read("none/deep.bin"), "No such file or directory");
  assert_string_equal(open_and_read("sub"), "it is not a regular file");
  assert_string_equal(open_and_read("."), "it is not a regular file");
}

static void refuses_what_is_no_path_below_the_folder(void** state) {
  static const char* const kLocations[] = {"../weights.bin",
                                           "sub/../weights.bin",
                                           "",
                                           "/weights.bin",
                                           "sub//deep.bin",
                                           "sub/",
                                           ".."};
  (void)state;
  for (size_t i = 0; i < sizeof kLocations / sizeof kLocations[0]; i++) {
    assert_string_equal(open_and_read(kLocations[i]),
                        "it is not a path below the model's folder");
  }
}

static void refuses_names_that_windows_takes_for_something_else(void** state) {
  static const char* const kLocations[] = {"..\\weights.bin",
                                           "sub\\deep.bin",
                                           "C:weights.bin",
                                           "C:/weights.bin",
                                           "weights.bin:more",
                                           "weights.bin::$DATA",
                                           "NUL",
                                           "nul.bin",
                                           "sub/CON",
                                           "com1",
                                           "Lpt9.txt",
                                           "aux .bin",
                                           "weights.bin.",
                                           "weights.bin ",
                                           "w*.bin",
                                           "weights?bin",
                                           "\\\\server\\share",
                                           "a\x01"
                                           "b",
                                           "a|b",
                                           "<",
                                           "\"weights.bin\"",
                                           "COM\xc2\xb9",
                                           "CONIN$",
                                           "conout$.bin"};
  (void)state;
  for (size_t i = 0; i < sizeof kLocations / sizeof kLocations[0]; i++) {
    const char* reason = open_and_read(kLocations[i]);
    if (!reason || strcmp(reason, "it has a part that is no plain name of a file") != 0) {
      fail_msg("'%s': %s", kLocations[i], reason ? reason : "opened");
    }
  }
  // Names that only look like those.
  write_file("console.bin");
  write_file("com.bin");
  write_file("com10");
  assert_null(open_and_read("console.bin"));
  assert_null(open_and_read("com.bin"));
  assert_null(open_and_read("com10"));
}

static void refuses_files_of_several_names(void** state) {
  (void)state;
  if (!CreateHardLinkA(olstm_test_path("other.bin"), olstm_test_path("weights.bin"),
                       NULL)) {
    skip();
  }
  assert_string_equal(open_and_read("other.bin"), OLSTM__REASON_HARD_LINKS);
  // A folder that the caller names may have them.
  assert_null(olstm__confined_open_folder(olstm_test_path("."), &folders.named));
  assert_null(open_and_read("other.bin"));
}

static void nobody_replaces_a_file_while_it_is_open(void** state) {
  olstm__file file = OLSTM__NO_FILE;
  (void)state;
  assert_null(olstm__confined_open(&folders, "weights.bin", &file));
  assert_int_not_equal(remove(olstm_test_path("weights.bin")), 0);
  olstm__file_close(file);
  assert_int_equal(remove(olstm_test_path("weights.bin")), 0);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_files_below_the_folder),
      cmocka_unit_test(refuses_what_is_no_path_below_the_folder),
      cmocka_unit_test(refuses_names_that_windows_takes_for_something_else),
      cmocka_unit_test(refuses_files_of_several_names),
      cmocka_unit_test(nobody_replaces_a_file_while_it_is_open),
  };
  struct CMUnitTest set_up[sizeof tests / sizeof tests[0]];
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
    set_up[i] = tests[i];
    set_up[i].setup_func = begin;
    set_up[i].teardown_func = end;
  }
  return olstm_test_main(argc, argv, set_up, sizeof set_up / sizeof set_up[0]);
}
