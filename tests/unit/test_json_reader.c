// tools/json_reader.h: what is JSON, what is none, and what is asked of it.
#include "tools/json_reader.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test_main.h"

static void reads_values_of_every_kind(void** state) {
  static const char kText[] =
      " {\"a\": [1, -2.5e3, true, false, null, {}], \"b\": {\"c\": \"d\"}, \"e\": []} \n";
  olstm__json json;
  olstm_error error;
  (void)state;
  assert_int_equal(olstm__json_read(kText, strlen(kText), &json, &error), 0);
  const olstm__json_value* item = olstm__json_get(json.root, "a")->first;
  assert_int_equal(item->kind, OLSTM__JSON_NUMBER);
  assert_true(item->number == 1);
  item = item->next;
  assert_true(item->number == -2500);
  item = item->next;
  assert_int_equal(item->kind, OLSTM__JSON_BOOL);
  assert_true(item->number == 1);
  item = item->next;
  assert_true(item->number == 0);
  assert_int_equal(item->next->kind, OLSTM__JSON_NULL);
  assert_int_equal(item->next->next->kind, OLSTM__JSON_OBJECT);
  assert_null(item->next->next->next);
  assert_string_equal(olstm__json_get_text(olstm__json_get(json.root, "b"), "c", ""),
                      "d");
  assert_null(olstm__json_get(json.root, "e")->first);
  assert_null(olstm__json_get(json.root, "f"));
  assert_null(olstm__json_get(item, "a"));
  assert_string_equal(olstm__json_get_text(json.root, "a", "none"), "none");
  assert_true(olstm__json_get_number(json.root, "b", 7) == 7);
  olstm__json_deinit(&json);
}

static void decodes_escapes(void** state) {
  static const char kText[] =
      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\ud83dx\\u0000\"";
  olstm__json json;
  olstm_error error;
  (void)state;
  assert_int_equal(olstm__json_read(kText, strlen(kText), &json, &error), 0);
  assert_string_equal(json.root->text,
                      "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbdx"
                      "\xef\xbf\xbd");
  olstm__json_deinit(&json);
}

static void reads_more_values_than_a_block_has(void** state) {
  char text[8192] = "[0";
  olstm__json json;
  olstm_error error;
  size_t count = 0;
  (void)state;
  for (size_t at = 2; at < 6000; at += 2) memcpy(text + at, ",1", 2);
  memcpy(text + 6000, "]", 2);
  assert_int_equal(olstm__json_read(text, strlen(text), &json, &error), 0);
  for (const olstm__json_value* v = json.root->first; v; v = v->next) count++;
  assert_int_equal(count, 3000);
  olstm__json_deinit(&json);
}

static void refuses_what_is_none(void** state) {
  static const char* const kCases[][2] = {
      {"", "no JSON: no value at byte 0"},
      {"{\"a\" 1}", "no JSON: ':' is missing at byte 5"},
      {"{1: 2}", "no JSON: a key is missing at byte 1"},
      {"[1 2]", "no JSON: ',' is missing at byte 4"},
      {"[1,", "no JSON: no value at byte 3"},
      {"\"abc", "no JSON: a string does not end at byte 4"},
      {"\"\\x\"", "no JSON: an escape that there is not at byte 2"},
      {"\"\\u12g4\"", "no JSON: an escape that there is not at byte 3"},
      {"1 2", "no JSON: more than one value at byte 2"},
      {"1e999", "no JSON: no number at byte 0"},
      {"1.2.3", "no JSON: no number at byte 0"},
      {"nul", "no JSON: no value at byte 0"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; i++) {
    olstm__json json;
    olstm_error error;
    assert_int_equal(olstm__json_read(kCases[i][0], strlen(kCases[i][0]), &json, &error),
                     OLSTM_STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.message, kCases[i][1]);
    assert_null(json.root);
    assert_null(json.text);
  }
}

static void refuses_a_zero_inside_and_deep_nesting(void** state) {
  olstm__json json;
  olstm_error error;
  char deep[2000];
  (void)state;
  assert_int_equal(olstm__json_read("1\0 2", 4, &json, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  memset(deep, '[', sizeof deep);
  assert_int_equal(olstm__json_read(deep, sizeof deep, &json, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "no JSON: nested too deeply at byte 65");
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_values_of_every_kind),
      cmocka_unit_test(decodes_escapes),
      cmocka_unit_test(reads_more_values_than_a_block_has),
      cmocka_unit_test(refuses_what_is_none),
      cmocka_unit_test(refuses_a_zero_inside_and_deep_nesting),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
