// See plain_text.h.
#include "tools/plain_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char* olstm__text_copy(const char* text, size_t count) {
  const char* end = count > 0 ? memchr(text, '\0', count) : NULL;
  const size_t length = end ? (size_t)(end - text) : count;
  char* copy = malloc(length + 1);
  if (!copy) return NULL;
  if (length > 0) memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

typedef struct byte_class {
  const char* name;
  int (*has)(int byte);
} byte_class;

static const byte_class kClasses[] = {
    {"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
    {"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
    {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}};

/// The class that starts at "[:", with where it ends; NULL for none.
static const byte_class* find_class(const char* at, const char** out_end) {
  for (size_t c = 0;
       at[0] == '[' && at[1] == ':' && c < sizeof kClasses / sizeof *kClasses; c++) {
    const size_t length = strlen(kClasses[c].name);
    if (strncmp(at + 2, kClasses[c].name, length) != 0) continue;
    if (strncmp(at + 2 + length, ":]", 2) != 0) continue;
    *out_end = at + length + 4;
    return &kClasses[c];
  }
  return NULL;
}

/// A byte of a set, which a backslash may make plain. Moves *at behind it.
static unsigned char take_byte(const char** at) {
  if (**at == '\\' && (*at)[1] != '\0') (*at)++;
  return (unsigned char)*(*at)++;
}

/// Whether the set behind a "[" has a byte. NULL when it has no end; else behind its "]".
static const char* match_set(const char* at, unsigned char byte, bool* out_matches) {
  const bool is_inverted = *at == '!' || *at == '^';
  bool has = false;
  if (is_inverted) at++;
  // A "]" that comes first is one of the set.
  for (bool is_first = true; is_first || *at != ']'; is_first = false) {
    const char* end = NULL;
    const byte_class* named = find_class(at, &end);
    if (*at == '\0') return NULL;
    if (named) {
      has = has || named->has(byte) != 0;
      at = end;
      continue;
    }
    const unsigned char from = take_byte(&at);
    unsigned char to = from;
    if (at[0] == '-' && at[1] != ']' && at[1] != '\0') {
      at++;
      to = take_byte(&at);
    }
    has = has || (from <= byte && byte <= to);
  }
  *out_matches = has != is_inverted;
  return at + 1;
}

/// Whether the pattern's first element, no "*", stands for a byte; *out_next: behind it.
static bool match_one(const char* pattern, unsigned char byte, const char** out_next) {
  bool matches = false;
  if (*pattern == '[') {
    *out_next = match_set(pattern + 1, byte, &matches);
    if (*out_next) return matches;
  }
  *out_next = pattern + 1;
  if (*pattern == '?') return true;
  if (*pattern == '\\') {
    pattern++;
    *out_next = pattern + 1;
  }
  return *pattern != '\0' && (unsigned char)*pattern == byte;
}

bool olstm__text_matches(const char* pattern, const char* text) {
  // Behind the last "*", and how much of the text it stands for: more is tried when what
  // follows does not match. An earlier "*" need not be tried again.
  const char* star = NULL;
  const char* star_text = NULL;
  while (*text != '\0' || *pattern == '*') {
    const char* next = NULL;
    if (*pattern == '*') {
      star = ++pattern;
      star_text = text;
    } else if (match_one(pattern, (unsigned char)*text, &next)) {
      pattern = next;
      text++;
    } else if (star) {
      pattern = star;
      text = ++star_text;
    } else {
      return false;
    }
  }
  return *pattern == '\0';
}
