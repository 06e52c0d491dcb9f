// tools/case_runner.h: results come in order, and a crash is one case's.
#include "tools/case_runner.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_main.h"

/// Stands before the real one: what a case does is in its name.
olstm__verdict olstm__conform_case_run(const char* folder,
                                       const olstm__job_options* options,
                                       const olstm__tolerance* tolerance,
                                       olstm_error* out_reason) {
  (void)options;
  (void)tolerance;
  out_reason->message[0] = '\0';
  if (strcmp(folder, "crash") == 0) {
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
  }
  if (strcmp(folder, "exit") == 0) _Exit(7);
  if (strcmp(folder, "skip") == 0) {
    (void)olstm_fail(out_reason, OLSTM_STATUS_OK, "no operator");
    return OLSTM__VERDICT_SKIP;
  }
  return OLSTM__VERDICT_PASS;
}

static void expect_next(olstm__case_runner* runner, olstm__verdict verdict,
                        const char* message) {
  olstm_error reason;
  assert_int_equal(olstm__case_runner_next(runner, &reason), verdict);
  assert_string_equal(reason.message, message);
}

static void goes_on_after_crashes(void** state) {
  static const char* const kFolders[] = {"pass", "crash", "skip", "exit",
                                         "pass", "crash", "crash"};
  olstm__case_runner runner;
  (void)state;
  olstm__case_runner_init(&runner, kFolders, 7, NULL, NULL);
  expect_next(&runner, OLSTM__VERDICT_PASS, "");
  expect_next(&runner, OLSTM__VERDICT_FAIL, "crashed with signal 11");
  expect_next(&runner, OLSTM__VERDICT_SKIP, "no operator");
  expect_next(&runner, OLSTM__VERDICT_FAIL, "its process exited with 7");
  expect_next(&runner, OLSTM__VERDICT_PASS, "");
  expect_next(&runner, OLSTM__VERDICT_FAIL, "crashed with signal 11");
  expect_next(&runner, OLSTM__VERDICT_FAIL, "crashed with signal 11");
  assert_true(olstm__case_runner_finish(&runner));
}

static void needs_no_process_for_no_case(void** state) {
  olstm__case_runner runner;
  (void)state;
  olstm__case_runner_init(&runner, NULL, 0, NULL, NULL);
  assert_true(olstm__case_runner_finish(&runner));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(goes_on_after_crashes),
      cmocka_unit_test(needs_no_process_for_no_case),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
