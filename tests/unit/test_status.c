// olstm/status.h: messages are one line in the caller's buffer, cut to fit.
#include <string.h>

#include "olstm/status.h"
#include "tests/support/test_main.h"

static void fail_writes_the_message_and_returns_the_code(void** state) {
  olstm_error error;
  (void)state;
  assert_int_equal(
      olstm_fail(&error, OLSTM_STATUS_NOT_FOUND, "no input '%s' (%d)", "x", 3),
      OLSTM_STATUS_NOT_FOUND);
  assert_string_equal(error.message, "no input 'x' (3)");
}

static void fail_takes_null_for_the_error(void** state) {
  (void)state;
  assert_int_equal(olstm_fail(NULL, OLSTM_STATUS_IO_ERROR, "x"), OLSTM_STATUS_IO_ERROR);
}

static void fail_cuts_a_long_message(void** state) {
  olstm_error error;
  char text[2 * OLSTM_ERROR_CAPACITY];
  (void)state;
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  (void)olstm_fail(&error, OLSTM_STATUS_IO_ERROR, "%s", text);
  assert_int_equal(strlen(error.message), OLSTM_ERROR_CAPACITY - 1);
}

static void fail_keeps_to_one_line_whatever_names_have(void** state) {
  olstm_error error;
  (void)state;
  (void)olstm_fail(&error, OLSTM_STATUS_UNSUPPORTED, "no operator '%s'",
                   "a\n\x1b[2Jb\x7f\xc3\xa4\xc2\x9b\xe2\x80\x8e!");
  assert_string_equal(error.message, "no operator 'a??[2Jb?\xc3\xa4?\x3f\x21'");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fail_writes_the_message_and_returns_the_code),
      cmocka_unit_test(fail_takes_null_for_the_error),
      cmocka_unit_test(fail_cuts_a_long_message),
      cmocka_unit_test(fail_keeps_to_one_line_whatever_names_have),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
