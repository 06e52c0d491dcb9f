// olstm/shown_text.h: which characters show, over all of Unicode, and what becomes of the
// others.
#include "olstm/shown_text.h"

#include <string.h>

#include "tests/support/test_main.h"

static void expect_clean(const char* text, const char* expected) {
  char copy[64];
  (void)strcpy(copy, text);
  olstm_text_clean(copy);
  assert_string_equal(copy, expected);
}

static void leaves_what_shows(void** state) {
  (void)state;
  expect_clean("", "");
  expect_clean("lstm/LSTM__4:0 %\\", "lstm/LSTM__4:0 %\\");
  // a umlaut, Chinese, an emoji with a joiner, a Hebrew letter.
  expect_clean("\xc3\xa4 \xe8\xbe\x93\xe5\x87\xba \xf0\x9f\x91\xa9\xe2\x80\x8d\xd7\x90",
               "\xc3\xa4 \xe8\xbe\x93\xe5\x87\xba \xf0\x9f\x91\xa9\xe2\x80\x8d\xd7\x90");
}

static void replaces_what_drives_a_terminal(void** state) {
  (void)state;
  expect_clean("\x1b[31m\r\n\t\x7f", "?[31m????");
  expect_clean("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "???\xc2\xa0");
  expect_clean(
      "\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xac\xe2\x80\xac\xe2\x81\xa6\xe2\x81\xa9\xe2\x80"
      "\x8e\xe2\x80\x8f\xd8\x9c",
      "?????????");
  expect_clean("\xe2\x80\xa8\xe2\x80\xa9\xc2\xad", "???");
}

static void replaces_each_byte_of_what_is_no_utf8(void** state) {
  (void)state;
  expect_clean("a\xff", "a?");
  // Cut short, overlong, a surrogate, beyond U+10FFFF, a tail alone.
  expect_clean("\xe8\xbe", "??");
  expect_clean("\xc0\xaf\xe0\x80\xaf", "?????");
  expect_clean("\xed\xa0\x80", "???");
  expect_clean("\xf4\x90\x80\x80", "????");
  expect_clean("\x9b!", "?!");
}

/// UTF-8 as the standard's table has it.
static size_t encode(uint32_t code, char out[5]) {
  const size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const unsigned char kFirst[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = length; i-- > 0;) {
    out[i] = (char)(i ? 0x80 | (code & 0x3f) : kFirst[length] | code);
    code >>= 6;
  }
  out[length] = '\0';
  return length;
}

static void reads_every_character(void** state) {
  (void)state;
  for (uint32_t code = 1; code <= 0x10ffff; code++) {
    char text[5];
    uint32_t got = 0;
    const bool is_surrogate = code >= 0xd800 && code < 0xe000;
    const size_t length = encode(code, text);
    assert_int_equal(olstm_text_next(text, &got), is_surrogate ? 1 : length);
    assert_int_equal(got, is_surrogate ? OLSTM_TEXT_INVALID : code);
  }
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(leaves_what_shows),
      cmocka_unit_test(replaces_what_drives_a_terminal),
      cmocka_unit_test(replaces_each_byte_of_what_is_no_utf8),
      cmocka_unit_test(reads_every_character),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
