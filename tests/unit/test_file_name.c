// tools/file_name.h: names of files differ when names do, and decode to them.
#include "tools/file_name.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>
#ifdef _WIN32
#include <windows.h>
#endif

#include "tests/support/test_main.h"
#include "tools/letter_case.h"

enum { kRandomNames = 400, kMaxName = 12 };

static void expect_names(size_t count, const char* const* names,
                         const char* const* expected) {
  olstm__file_names files;
  assert_int_equal(olstm__file_names_make(names, count, &files, NULL), OLSTM_STATUS_OK);
  assert_int_equal(files.count, count);
  for (size_t i = 0; i < count; i++) assert_string_equal(files.names[i], expected[i]);
  olstm__file_names_deinit(&files);
}

static void encodes_what_files_cannot_be_called(void** state) {
  static const char* const kNames[] = {
      "a/b",  "Identity:0", ".hidden",     "",         "%",      "-i",   "a b", "nul.x",
      "nulx", "LPT1",       "com\xc2\xb9", "CONIN$.x", "nul .y", "\xff", "a\n", "a..b"};
  static const char* const kFiles[] = {
      "a%2Fb",    "Identity%3A0", "%2Ehidden", "%",      "%25",           "%2Di",
      "a b",      "%6Eul.x",      "nulx",      "%4CPT1", "%63om\xc2\xb9", "%43ONIN$.x",
      "%6Eul .y", "%FF",          "a%0A",      "a..b"};
  (void)state;
  expect_names(sizeof kNames / sizeof kNames[0], kNames, kFiles);
}

static void keeps_what_people_read(void** state) {
  static const char* const kNames[] = {"\xe8\xbe\x93\xe5\x87\xba", "Zust\xc3\xa4nde",
                                       "lstm/\xd7\x90"};
  static const char* const kFiles[] = {"\xe8\xbe\x93\xe5\x87\xba", "Zust\xc3\xa4nde",
                                       "lstm%2F\xd7\x90"};
  (void)state;
  expect_names(3, kNames, kFiles);
}

static void tells_names_apart_that_differ_in_case(void** state) {
  static const char* const kNames[] = {"Y", "y", "Z", "aB", "Ab", "Z"};
  static const char* const kFiles[] = {"%59", "y", "Z", "a%42", "%41b", "Z"};
  (void)state;
  expect_names(6, kNames, kFiles);
}

static void tells_names_apart_that_differ_in_case_beyond_ascii(void** state) {
  // Latin, Greek (with both small sigmas), Cyrillic, full width; the Kelvin sign, i
  // without a dot; s with an acute, of which both have others; umlauts that differ.
  static const char* const kNames[] = {"\xc3\x89\xc3\x89",
                                       "\xc3\xa9\xc3\xa9",
                                       "\xce\xa3",
                                       "\xcf\x83",
                                       "\xcf\x82",
                                       "\xd0\x94",
                                       "\xd0\xb4",
                                       "\xef\xbc\xa1",
                                       "\xef\xbd\x81",
                                       "\xe2\x84\xaa",
                                       "k",
                                       "\xc4\xb1x",
                                       "ix",
                                       "\xc5\x9a!",
                                       "\xc5\x9b!",
                                       "\xc3\xa4z",
                                       "\xc3\xb6z"};
  static const char* const kFiles[] = {
      "%C3%89%C3%89", "\xc3\xa9\xc3\xa9", "%CE%A3",   "\xcf\x83",
      "%CF%82",       "%D0%94",           "\xd0\xb4", "%EF%BC%A1",
      "\xef\xbd\x81", "%E2%84%AA",        "k",        "%C4%B1x",
      "ix",           "%C5%9A!",          "%C5%9B!",  "\xc3\xa4z",
      "\xc3\xb6z"};
  (void)state;
  expect_names(sizeof kNames / sizeof kNames[0], kNames, kFiles);
}

#ifdef _WIN32
// What its file systems go by: a table of 16-bit characters.
enum { kLetters = 0xd800 };

static bool has_letters(void) {
  return true;
}

static uint32_t to_capital(uint32_t code) {
  return (uint16_t)(uintptr_t)CharUpperW((wchar_t*)(uintptr_t)code);
}

static uint32_t to_small(uint32_t code) {
  return (uint16_t)(uintptr_t)CharLowerW((wchar_t*)(uintptr_t)code);
}
#else
enum { kLetters = 0x20000 };

static bool has_letters(void) {
  return setlocale(LC_CTYPE, "C.UTF-8") && towupper(0xe9) == 0xc9;
}

static uint32_t to_capital(uint32_t code) {
  return (uint32_t)towupper((wint_t)code);
}

static uint32_t to_small(uint32_t code) {
  return (uint32_t)towlower((wint_t)code);
}
#endif

/// The system's tables of letters have the final say, where it has them.
static void letters_of_two_cases_have_one_key(void** state) {
  (void)state;
  if (!has_letters()) skip();
  for (uint32_t code = 1; code < kLetters; code++) {
    const uint32_t key = olstm__letter_case_key(code);
    assert_int_equal(olstm__letter_case_key(to_capital(code)), key);
    assert_int_equal(olstm__letter_case_key(to_small(code)), key);
    assert_int_equal(olstm__letter_case_key(key), key);
  }
}

/// Decodes %XX in place.
static void decode(char* text) {
  char* to = text;
  for (const char* from = text; *from != '\0';) {
    if (*from == '%') {
      const char digits[3] = {from[1], from[2], '\0'};
      *to++ = (char)strtoul(digits, NULL, 16);
      from += 3;
    } else {
      *to++ = *from++;
    }
  }
  *to = '\0';
}

static void numbers_names_that_are_too_long(void** state) {
  char names[3][400];
  const char* list[3];
  olstm__file_names files;
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    // Of one, two and three bytes a character.
    static const char* const kParts[] = {"a", "\xc3\xa4", "\xe8\xbe\x93"};
    names[i][0] = '\0';
    while (strlen(names[i]) < 300) (void)strcat(names[i], kParts[i]);
    list[i] = names[i];
  }
  assert_int_equal(olstm__file_names_make(list, 3, &files, NULL), OLSTM_STATUS_OK);
  for (size_t i = 0; i < 3; i++) {
    char* mark = strstr(files.names[i], "%~");
    assert_non_null(mark);
    assert_int_equal(mark[2], '0' + (int)i);
    assert_true(strlen(files.names[i]) <= 200);
    assert_int_equal((mark - files.names[i]) % (int)(i + 1), 0);
    assert_memory_equal(files.names[i], names[i], (size_t)(mark - files.names[i]));
  }
  olstm__file_names_deinit(&files);
}

static uint32_t next_random(uint32_t* state) {
  *state = *state * 1664525U + 1013904223U;
  return *state >> 16;
}

static void random_names_decode_and_differ_without_case(void** state) {
  static const char kAlphabet[] = "aAbB/:%.2F4Ee-_\\\x01\xc3\xa4 ";
  static char names[kRandomNames][kMaxName + 1];
  const char* list[kRandomNames];
  olstm__file_names files;
  uint32_t random = 7;
  size_t count = 0;
  (void)state;
  while (count < kRandomNames) {
    const size_t length = next_random(&random) % kMaxName;
    for (size_t i = 0; i < length; i++) {
      names[count][i] = kAlphabet[next_random(&random) % (sizeof kAlphabet - 1)];
    }
    names[count][length] = '\0';
    size_t twin = 0;
    while (strcmp(names[twin], names[count]) != 0) twin++;
    if (twin == count) count++;
  }
  for (size_t i = 0; i < count; i++) list[i] = names[i];
  assert_int_equal(olstm__file_names_make(list, count, &files, NULL), OLSTM_STATUS_OK);
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < i; k++) {
      assert_int_not_equal(strcasecmp(files.names[i], files.names[k]), 0);
    }
  }
  for (size_t i = 0; i < count; i++) {
    if (strcmp(files.names[i], "%") == 0) continue;
    decode(files.names[i]);
    assert_string_equal(files.names[i], names[i]);
  }
  olstm__file_names_deinit(&files);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(encodes_what_files_cannot_be_called),
      cmocka_unit_test(keeps_what_people_read),
      cmocka_unit_test(tells_names_apart_that_differ_in_case),
      cmocka_unit_test(tells_names_apart_that_differ_in_case_beyond_ascii),
      cmocka_unit_test(letters_of_two_cases_have_one_key),
      cmocka_unit_test(numbers_names_that_are_too_long),
      cmocka_unit_test(random_names_decode_and_differ_without_case),
  };
  return olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
