// tools/json_writer.h: texts that a JSON reader takes.
#include "tools/json_writer.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/test_main.h"
#include "tests/support/test_system.h"

/// What `write` writes.
static void expect(void (*write)(olstm__json_writer*), const char* expected) {
  char text[1024];
  olstm_test_folder_begin();
  olstm__json_writer json = {fopen(olstm_test_path("text.json"), "wb+"), true};
  assert_non_null(json.file);
  write(&json);
  rewind(json.file);
  text[fread(text, 1, sizeof text - 1, json.file)] = '\0';
  assert_int_equal(fclose(json.file), 0);
  assert_string_equal(text, expected);
  olstm_test_folder_end();
}

static void write_nested(olstm__json_writer* json) {
  olstm__json_open(json, NULL, '{');
  olstm__json_int(json, "a", 1);
  olstm__json_open(json, "b", '[');
  olstm__json_real(json, NULL, 0.5);
  olstm__json_real(json, NULL, (double)NAN);
  olstm__json_close(json, ']');
  olstm__json_bool(json, "c", true);
  olstm__json_close(json, '}');
}

static void puts_commas_between_values(void** state) {
  (void)state;
  expect(write_nested, "{\"a\": 1, \"b\": [0.5, null], \"c\": true}");
}

static void write_odd_text(olstm__json_writer* json) {
  olstm__json_text(json, NULL, "q\" b\\ \n \xc3\xa9 \xff \xe2\x82");
}

static void escapes_and_mends_text(void** state) {
  (void)state;
  expect(write_odd_text, "\"q\\\" b\\\\ \\u000a \xc3\xa9 \\ufffd \\ufffd\\ufffd\"");
}

static void write_hidden_text(olstm__json_writer* json) {
  olstm__json_text(json, NULL, "\x7f\xc2\x9b\xe2\x80\xae\xe2\x80\xac\xf3\xa0\x81\xb4");
}

static void escapes_what_does_not_show(void** state) {
  (void)state;
  expect(write_hidden_text, "\"\\u007f\\u009b\\u202e\\u202c\\udb40\\udc74\"");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(puts_commas_between_values),
      cmocka_unit_test(escapes_and_mends_text),
      cmocka_unit_test(escapes_what_does_not_show),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
