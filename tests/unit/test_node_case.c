// ONNX's node tests, operator by operator, straight through the operators' tables: with
// inputs as variables, and with inputs as constants.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/node_case.h"
#include "tests/support/test_main.h"

static const char* data_folder(void) {
  const char* folder = getenv("OLSTM_ONNX_NODE_TESTS");
  return folder ? folder : "/usr/share/libonnx-testdata/data/node";
}

/// Cases that are wrong themselves: OLSTM_WRONG_NODE_TESTS has their names.
static bool is_wrong(const char* name) {
  const char* names = getenv("OLSTM_WRONG_NODE_TESTS");
  const size_t length = strlen(name);
  for (const char* found = names ? strstr(names, name) : NULL; found;
       found = strstr(found + 1, name)) {
    const bool begins = found == names || found[-1] == ' ';
    if (begins && (found[length] == ' ' || found[length] == '\0')) return true;
  }
  return false;
}

static void expect_no_failures(bool constants) {
  struct dirent** entries = NULL;
  struct stat status;
  int counts[3] = {0, 0, 0};
  if (stat(data_folder(), &status) != 0) skip();
  const int count = scandir(data_folder(), &entries, NULL, alphasort);
  assert_true(count > 0);
  for (int i = 0; i < count; i++) {
    char folder[1024];
    olstm_error reason = {""};
    (void)snprintf(folder, sizeof folder, "%s/%s", data_folder(), entries[i]->d_name);
    if (strncmp(entries[i]->d_name, "test_", 5) == 0 && !is_wrong(entries[i]->d_name)) {
      const node_case_result result = node_case_run(folder, constants, &reason);
      counts[result]++;
      if (result == NODE_CASE_FAILED) {
        print_error("FAIL %s: %s\n", entries[i]->d_name, reason.message);
      } else if (result == NODE_CASE_SKIPPED && getenv("OLSTM_VERBOSE")) {
        print_message("SKIP %s: %s\n", entries[i]->d_name, reason.message);
      }
    }
    free(entries[i]);
  }
  free(entries);
  print_message("%d passed, %d failed, %d skipped\n", counts[NODE_CASE_PASSED],
                counts[NODE_CASE_FAILED], counts[NODE_CASE_SKIPPED]);
  assert_int_equal(counts[NODE_CASE_FAILED], 0);
}

static void no_case_fails_with_variable_inputs(void** state) {
  (void)state;
  expect_no_failures(false);
}

static void no_case_fails_with_constant_inputs(void** state) {
  (void)state;
  expect_no_failures(true);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_case_fails_with_variable_inputs),
      cmocka_unit_test(no_case_fails_with_constant_inputs),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
