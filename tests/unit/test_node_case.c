// ONNX's node tests, operator by operator, straight through the operators' tables: with
// inputs as variables, and with inputs as constants.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/path.h"
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

/// Cases that are run, with their inputs as constants or not.
typedef struct case_run {
  bool constants;
  int counts[3];
} case_run;

static bool run_case(void* user, const char* name) {
  case_run* run = user;
  char folder[1024];
  olstm_error reason = {""};
  if (strncmp(name, "test_", 5) != 0 || is_wrong(name)) return true;
  (void)snprintf(folder, sizeof folder, "%s/%s", data_folder(), name);
  const node_case_result result = node_case_run(folder, run->constants, &reason);
  run->counts[result]++;
  if (result == NODE_CASE_FAILED) {
    print_error("FAIL %s: %s\n", name, reason.message);
  } else if (result == NODE_CASE_SKIPPED && getenv("OLSTM_VERBOSE")) {
    print_message("SKIP %s: %s\n", name, reason.message);
  }
  return true;
}

static void expect_no_failures(bool constants) {
  case_run run = {constants, {0, 0, 0}};
  if (olstm__path_look(data_folder()) == OLSTM__PATH_ABSENT) skip();
  assert_int_equal(olstm__folder_visit(data_folder(), run_case, &run), 0);
  print_message("%d passed, %d failed, %d skipped\n", run.counts[NODE_CASE_PASSED],
                run.counts[NODE_CASE_FAILED], run.counts[NODE_CASE_SKIPPED]);
  assert_int_equal(run.counts[NODE_CASE_FAILED], 0);
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
