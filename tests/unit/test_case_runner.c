// tools/conform/case_runner.h: results come in order, and a crash is one case's.
#include "tools/conform/case_runner.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test_main.h"

/// Stands before the real one: what a case does is in its name.
void olstm__conform_case_run(const char* folder, const olstm__open_runtime* runtime,
                             const olstm__tolerance* tolerance,
                             olstm__case_result* out_result) {
  (void)runtime;
  (void)tolerance;
  *out_result = (olstm__case_result){.verdict = OLSTM__VERDICT_PASS, .data_sets = 3};
  if (strcmp(folder, "crash") == 0) {
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
  }
  if (strcmp(folder, "exit") == 0) _Exit(7);
  while (strcmp(folder, "hang") == 0) (void)pause();
  if (strcmp(folder, "skip") == 0) {
    (void)olstm_fail(&out_result->reason, OLSTM_STATUS_OK, "no operator");
    out_result->verdict = OLSTM__VERDICT_REFUSED;
  }
}

static const olstm__job_options kOptions = {.thread_count = 1};
static const olstm__tested_spec kOlstm = {
    .kind = &olstm__tested_olstm, .target = "", .options = &kOptions};

static const olstm__case_limits kAnyTime = {0, 0}, kOneSecond = {1, 0};

static void expect_next(olstm__case_runner* runner, olstm__verdict verdict,
                        const char* message) {
  olstm__case_result result;
  olstm__case_runner_next(runner, &result);
  assert_int_equal(result.verdict, verdict);
  assert_string_equal(result.reason.message, message);
  if (verdict == OLSTM__VERDICT_PASS) assert_int_equal(result.data_sets, 3);
}

static void goes_on_after_crashes(void** state) {
  static const char* const kFolders[] = {"pass", "crash", "skip", "exit",
                                         "pass", "crash", "crash"};
  olstm__case_runner runner;
  (void)state;
  olstm__case_runner_init(&runner, kFolders, 7, &kOlstm, NULL, &kAnyTime);
  expect_next(&runner, OLSTM__VERDICT_PASS, "");
  expect_next(&runner, OLSTM__VERDICT_CRASH, "signal 11");
  expect_next(&runner, OLSTM__VERDICT_REFUSED, "no operator");
  expect_next(&runner, OLSTM__VERDICT_CRASH, "its process exited with 7");
  expect_next(&runner, OLSTM__VERDICT_PASS, "");
  expect_next(&runner, OLSTM__VERDICT_CRASH, "signal 11");
  expect_next(&runner, OLSTM__VERDICT_CRASH, "signal 11");
  assert_true(olstm__case_runner_finish(&runner));
}

static void a_case_that_hangs_is_ended(void** state) {
  static const char* const kFolders[] = {"pass", "hang", "pass"};
  olstm__case_runner runner;
  (void)state;
  olstm__case_runner_init(&runner, kFolders, 3, &kOlstm, NULL, &kOneSecond);
  expect_next(&runner, OLSTM__VERDICT_PASS, "");
  expect_next(&runner, OLSTM__VERDICT_TIMEOUT, "no result within 1 s");
  expect_next(&runner, OLSTM__VERDICT_PASS, "");
  assert_true(olstm__case_runner_finish(&runner));
}

static void needs_no_process_for_no_case(void** state) {
  olstm__case_runner runner;
  (void)state;
  olstm__case_runner_init(&runner, NULL, 0, &kOlstm, NULL, &kAnyTime);
  assert_true(olstm__case_runner_finish(&runner));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(goes_on_after_crashes),
      cmocka_unit_test(a_case_that_hangs_is_ended),
      cmocka_unit_test(needs_no_process_for_no_case),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
