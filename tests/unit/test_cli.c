// tools/cli.h: what command lines give, and which are refused.
#include "tools/cli.h"

#include <string.h>

#include "tests/support/test_main.h"

typedef struct parsed {
  bool flag;
  const char* text;
  int64_t count;
  double real;
  olstm__cli_list pairs;
  const char* choice;
  olstm__cli_list operands;
} parsed;

static olstm__cli_result parse(parsed* out, int argc, const char* const* argv) {
  char* copies[8];
  const olstm__cli_option options[] = {
      {"flag", OLSTM__CLI_FLAG, &out->flag, NULL, "", 0, 0, NULL},
      {"text", OLSTM__CLI_TEXT, &out->text, "T", "", 0, 0, NULL},
      {"count", OLSTM__CLI_INT, &out->count, "N", "", 1, 9, NULL},
      {"real", OLSTM__CLI_REAL, &out->real, "R", "", 0, 0, NULL},
      {"p", OLSTM__CLI_PAIRS, &out->pairs, "A=B", "", 0, 0, NULL},
      {"choice", OLSTM__CLI_CHOICE, &out->choice, "C", "", 0, 0, "one|three"},
  };
  const olstm__cli_command command = {
      "test", "test FILE", "", options, sizeof options / sizeof options[0], 1, 2};
  for (int i = 0; i < argc; i++) copies[i] = (char*)(uintptr_t)argv[i];
  memset(out, 0, sizeof *out);
  return olstm__cli_parse(&command, argc, copies, &out->operands);
}

static void takes_options_of_every_kind(void** state) {
  const char* const arguments[] = {"a",    "--flag", "--count=3", "--real",
                                   "1e-3", "-p",     "x=y=z"};
  parsed out;
  (void)state;
  assert_int_equal(parse(&out, 7, arguments), OLSTM__CLI_PARSED);
  assert_true(out.flag);
  assert_int_equal(out.count, 3);
  assert_true(out.real == 1e-3);
  assert_string_equal(out.pairs.values[0], "x=y=z");
  assert_string_equal(out.operands.values[0], "a");
}

static void takes_choices_by_their_whole_name(void** state) {
  const char* const good[] = {"a", "--choice", "three"};
  const char* const part[] = {"a", "--choice", "on"};
  const char* const more[] = {"a", "--choice", "ones"};
  parsed out;
  (void)state;
  assert_int_equal(parse(&out, 3, good), OLSTM__CLI_PARSED);
  assert_int_equal(parse(&out, 3, part), OLSTM__CLI_REFUSED);
  assert_int_equal(parse(&out, 3, more), OLSTM__CLI_REFUSED);
}

static void two_dashes_end_the_options(void** state) {
  const char* const arguments[] = {"--", "--flag"};
  parsed out;
  (void)state;
  assert_int_equal(parse(&out, 2, arguments), OLSTM__CLI_PARSED);
  assert_false(out.flag);
  assert_string_equal(out.operands.values[0], "--flag");
}

static void refuses_what_it_does_not_know(void** state) {
  static const char* const kLines[][3] = {
      {"a", "--nope", "x"},   {"a", "-x", "x"},       {"a", "--count", "10"},
      {"a", "--count", "1x"}, {"a", "--real", "-1"},  {"a", "--real", "nan"},
      {"a", "-p", "x"},       {"a", "-p", "=x"},      {"a", "-p", "x="},
      {"a", "b", "c"},        {"a", "--flag=1", "b"}, {"a", "b", "--text"},
  };
  parsed out;
  (void)state;
  for (size_t i = 0; i < sizeof kLines / sizeof kLines[0]; i++) {
    assert_int_equal(parse(&out, 3, kLines[i]), OLSTM__CLI_REFUSED);
  }
  assert_int_equal(parse(&out, 0, kLines[0]), OLSTM__CLI_REFUSED);
}

static void reads_integers_strictly(void** state) {
  int64_t value = 0;
  (void)state;
  assert_true(olstm__cli_read_int("-9223372036854775808", INT64_MIN, 0, &value));
  assert_false(olstm__cli_read_int("9223372036854775808", 0, INT64_MAX, &value));
  assert_false(olstm__cli_read_int("", 0, 9, &value));
  assert_false(olstm__cli_read_int(" 1", 0, 9, &value));
  assert_false(olstm__cli_read_int("1.0", 0, 9, &value));
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_options_of_every_kind),
      cmocka_unit_test(takes_choices_by_their_whole_name),
      cmocka_unit_test(two_dashes_end_the_options),
      cmocka_unit_test(refuses_what_it_does_not_know),
      cmocka_unit_test(reads_integers_strictly),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
