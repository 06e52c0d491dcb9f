// tools/plain_text.h: patterns beside what POSIX says of them, and copies.
#include "tools/plain_text.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/test_main.h"

typedef struct trial {
  const char* pattern;
  const char* text;
  bool matches;
} trial;

static void expect_all(const trial* trials, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (olstm__text_matches(trials[i].pattern, trials[i].text) != trials[i].matches) {
      fail_msg("'%s' %s '%s'", trials[i].pattern,
               trials[i].matches ? "does not match" : "matches", trials[i].text);
    }
  }
}

static void stars_and_question_marks_match(void** state) {
  static const trial kTrials[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "", false},
      {"*", "", true},
      {"*", "test_lstm", true},
      {"**", "a", true},
      {"?", "", false},
      {"?", "a", true},
      {"??", "a", false},
      {"test_*", "test_", true},
      {"test_*", "test", false},
      {"*lstm*", "test_lstm_reversed", true},
      {"*lstm*", "test_gru", false},
      // The first place where a part fits need not be the right one.
      {"*ab*abc", "ababxabc", true},
      {"*ab*abc", "ababxab", false},
      {"a*b?d", "abbd", true},
      {"a*b?d", "axxbcdbxd", true},
      // A slash and a leading dot are bytes as others are.
      {"a*c", "a/b/c", true},
      {"*", ".hidden", true},
      {"?x", ".x", true},
  };
  (void)state;
  expect_all(kTrials, sizeof kTrials / sizeof kTrials[0]);
}

static void sets_match(void** state) {
  static const trial kTrials[] = {
      {"[abc]", "b", true},
      {"[abc]", "d", false},
      {"[abc]", "", false},
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[!a-c]", "d", true},
      {"[!a-c]", "a", false},
      {"[^a-c]", "b", false},
      {"[^a-c]", "z", true},
      {"[]]", "]", true},
      {"[!]]", "]", false},
      {"[]-]", "-", true},
      {"[a-]", "-", true},
      {"[-a]", "-", true},
      {"[\\]]", "]", true},
      {"[\\!a]", "!", true},
      {"[[:digit:]]", "7", true},
      {"[[:digit:]]", "x", false},
      {"[![:digit:]]", "x", true},
      {"[[:alpha:]_]*", "_y", true},
      {"[[:alpha:][:digit:]]", "4", true},
      // What has no end is plain.
      {"[a", "[a", true},
      {"[a", "a", false},
      {"x[", "x[", true},
      {"*[0-9]", "opset17", true},
      {"*_[hc]", "Y_h", true},
  };
  (void)state;
  expect_all(kTrials, sizeof kTrials / sizeof kTrials[0]);
}

static void a_backslash_makes_plain(void** state) {
  static const trial kTrials[] = {
      {"\\*", "*", true},  {"\\*", "a", false},    {"a\\?", "a?", true},
      {"\\a", "a", true},  {"\\[a]", "[a]", true}, {"\\\\", "\\", true},
      {"\\", "\\", false},
  };
  (void)state;
  expect_all(kTrials, sizeof kTrials / sizeof kTrials[0]);
}

static void many_stars_take_no_time(void** state) {
  char text[2001];
  char pattern[401];
  (void)state;
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  for (size_t i = 0; i + 1 < sizeof pattern; i += 2) memcpy(pattern + i, "*a", 2);
  pattern[sizeof pattern - 1] = '\0';
  assert_true(olstm__text_matches(pattern, text));
  pattern[sizeof pattern - 2] = 'b';
  assert_false(olstm__text_matches(pattern, text));
}

static void copies_end_where_the_text_does(void** state) {
  (void)state;
  char* copy = olstm__text_copy("abc\0d", 5);
  assert_string_equal(copy, "abc");
  free(copy);
  copy = olstm__text_copy("abcd", 2);
  assert_string_equal(copy, "ab");
  free(copy);
  copy = olstm__text_copy(NULL, 0);
  assert_string_equal(copy, "");
  free(copy);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stars_and_question_marks_match),
      cmocka_unit_test(sets_match),
      cmocka_unit_test(a_backslash_makes_plain),
      cmocka_unit_test(many_stars_take_no_time),
      cmocka_unit_test(copies_end_where_the_text_does),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
