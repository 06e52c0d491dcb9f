// See json_reader.h.
#include "tools/json_reader.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxDepth = 64, kBlockValues = 1024 };

typedef struct olstm__json_block {
  struct olstm__json_block* next;
  size_t used;
  olstm__json_value values[kBlockValues];
} json_block;

/// Reads a copy of the text, in which strings are decoded where they stand.
typedef struct json_parser {
  olstm__json* json;
  char* start;
  char* at;
  const char* problem;
  olstm_status status;
} json_parser;

static olstm__json_value* fail(json_parser* parser, const char* problem) {
  if (!parser->problem) parser->problem = problem;
  return NULL;
}

static olstm__json_value* add_value(json_parser* parser, olstm__json_kind kind) {
  json_block* block = parser->json->blocks;
  if (!block || block->used == kBlockValues) {
    block = malloc(sizeof *block);
    if (!block) {
      parser->status = OLSTM_STATUS_OUT_OF_MEMORY;
      return fail(parser, "no memory");
    }
    block->next = parser->json->blocks;
    block->used = 0;
    parser->json->blocks = block;
  }
  olstm__json_value* value = &block->values[block->used++];
  *value = (olstm__json_value){.kind = kind};
  return value;
}

static void skip_space(json_parser* parser) {
  parser->at += strspn(parser->at, " \t\r\n");
}

// ---------------------------------------------------------------- strings

/// Four hexadecimal digits; -1 when they are none.
static int32_t read_unit(const char* at) {
  int32_t unit = 0;
  for (size_t i = 0; i < 4; i++) {
    static const char kDigits[] = "0123456789abcdef0123456789ABCDEF";
    const char* digit = at[i] ? strchr(kDigits, at[i]) : NULL;
    if (!digit) return -1;
    unit = unit * 16 + (int32_t)((digit - kDigits) % 16);
  }
  return unit;
}

static char* put_utf8(char* out, uint32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xc0 | code >> 6);
    *out++ = (char)(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *out++ = (char)(0xe0 | code >> 12);
    *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    *out++ = (char)(0x80 | (code & 0x3f));
  } else {
    *out++ = (char)(0xf0 | code >> 18);
    *out++ = (char)(0x80 | (code >> 12 & 0x3f));
    *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    *out++ = (char)(0x80 | (code & 0x3f));
  }
  return out;
}

/// Decodes what follows "\u": one UTF-16 unit or a surrogate pair, into UTF-8, which is
/// never longer. False when invalid.
static bool read_escape_code(json_parser* parser, char** out) {
  const int32_t first = read_unit(parser->at);
  if (first < 0) return false;
  uint32_t code = (uint32_t)first;
  parser->at += 4;
  if (first >= 0xd800 && first < 0xdc00 && parser->at[0] == '\\' &&
      parser->at[1] == 'u') {
    const int32_t second = read_unit(parser->at + 2);
    if (second >= 0xdc00 && second < 0xe000) {
      code = 0x10000 + ((code & 0x3ff) << 10) + ((uint32_t)second & 0x3ff);
      parser->at += 6;
    }
  }
  // U+0000 would end the text; a surrogate without its pair is no character.
  if (code == 0 || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
  *out = put_utf8(*out, code);
  return true;
}

/// At the quote; the text, decoded in place. NULL when it is none.
static char* read_string(json_parser* parser) {
  static const char kEscapes[] = "\"\\/bfnrt";
  static const char kMeanings[] = "\"\\/\b\f\n\r\t";
  char* text = ++parser->at;
  char* out = text;
  while (*parser->at != '"') {
    if ((unsigned char)*parser->at < 0x20) {
      (void)fail(parser, "a string does not end");
      return NULL;
    }
    if (*parser->at != '\\') {
      *out++ = *parser->at++;
      continue;
    }
    parser->at++;
    const char* escape = *parser->at ? strchr(kEscapes, *parser->at) : NULL;
    if (escape) {
      *out++ = kMeanings[escape - kEscapes];
      parser->at++;
    } else if (*parser->at != 'u' || (parser->at++, !read_escape_code(parser, &out))) {
      (void)fail(parser, "an escape that there is not");
      return NULL;
    }
  }
  parser->at++;
  *out = '\0';
  return text;
}

// ---------------------------------------------------------------- values

static olstm__json_value* read_value(json_parser* parser, int depth);

/// The member or element at hand, with its key.
static olstm__json_value* read_item(json_parser* parser, bool is_object, int depth) {
  const char* key = NULL;
  skip_space(parser);
  if (is_object) {
    if (*parser->at != '"') return fail(parser, "a key is missing");
    key = read_string(parser);
    if (!key) return NULL;
    skip_space(parser);
    if (*parser->at != ':') return fail(parser, "':' is missing");
    parser->at++;
  }
  olstm__json_value* value = read_value(parser, depth + 1);
  if (value) value->key = key;
  return value;
}

static olstm__json_value* read_list(json_parser* parser, int depth) {
  const bool is_object = *parser->at++ == '{';
  const char end = is_object ? '}' : ']';
  olstm__json_value* list =
      add_value(parser, is_object ? OLSTM__JSON_OBJECT : OLSTM__JSON_ARRAY);
  if (!list) return NULL;
  if (depth == kMaxDepth) return fail(parser, "nested too deeply");
  olstm__json_value** link = &list->first;
  skip_space(parser);
  while (*parser->at != end) {
    if (link != &list->first && *parser->at++ != ',') {
      return fail(parser, "',' is missing");
    }
    *link = read_item(parser, is_object, depth);
    if (!*link) return NULL;
    link = &(*link)->next;
    skip_space(parser);
  }
  parser->at++;
  return list;
}

static olstm__json_value* read_word(json_parser* parser) {
  static const struct {
    const char* word;
    olstm__json_kind kind;
    double number;
  } kWords[] = {{"null", OLSTM__JSON_NULL, 0},
                {"true", OLSTM__JSON_BOOL, 1},
                {"false", OLSTM__JSON_BOOL, 0}};
  for (size_t i = 0; i < sizeof kWords / sizeof kWords[0]; i++) {
    const size_t length = strlen(kWords[i].word);
    if (strncmp(parser->at, kWords[i].word, length) != 0) continue;
    olstm__json_value* value = add_value(parser, kWords[i].kind);
    parser->at += length;
    if (value) value->number = kWords[i].number;
    return value;
  }
  return fail(parser, "no value");
}

static olstm__json_value* read_number(json_parser* parser) {
  const size_t length = strspn(parser->at, "+-0123456789.eE");
  char* end = NULL;
  const double number = strtod(parser->at, &end);
  if (end != parser->at + length || !isfinite(number)) return fail(parser, "no number");
  olstm__json_value* value = add_value(parser, OLSTM__JSON_NUMBER);
  parser->at = end;
  if (value) value->number = number;
  return value;
}

static olstm__json_value* read_value(json_parser* parser, int depth) {
  skip_space(parser);
  const char first = *parser->at;
  if (first == '{' || first == '[') return read_list(parser, depth);
  if (first == '-' || (first >= '0' && first <= '9')) return read_number(parser);
  if (first != '"') return read_word(parser);
  const char* text = read_string(parser);
  olstm__json_value* value = text ? add_value(parser, OLSTM__JSON_TEXT) : NULL;
  if (value) value->text = text;
  return value;
}

void olstm__json_deinit(olstm__json* json) {
  while (json->blocks) {
    json_block* next = json->blocks->next;
    free(json->blocks);
    json->blocks = next;
  }
  free(json->text);
  *json = (olstm__json){.root = NULL};
}

olstm_status olstm__json_read(const char* bytes, size_t count, olstm__json* out_json,
                              olstm_error* error) {
  *out_json = (olstm__json){.root = NULL};
  out_json->text = malloc(count + 1);
  if (!out_json->text) return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory");
  if (count > 0) memcpy(out_json->text, bytes, count);
  out_json->text[count] = '\0';
  json_parser parser = {.json = out_json,
                        .start = out_json->text,
                        .at = out_json->text,
                        .status = OLSTM_STATUS_INVALID_ARGUMENT};
  out_json->root = read_value(&parser, 0);
  skip_space(&parser);
  const size_t position = (size_t)(parser.at - parser.start);
  if (out_json->root && position < count) {
    out_json->root = fail(&parser, "more than one value");
  }
  if (out_json->root) return OLSTM_STATUS_OK;
  olstm__json_deinit(out_json);
  return olstm_fail(error, parser.status, "no JSON: %s at byte %zu", parser.problem,
                    position);
}

// ---------------------------------------------------------------- asking

const olstm__json_value* olstm__json_get(const olstm__json_value* object,
                                         const char* key) {
  if (!object || object->kind != OLSTM__JSON_OBJECT) return NULL;
  const olstm__json_value* member = object->first;
  while (member && strcmp(member->key, key) != 0) member = member->next;
  return member;
}

const char* olstm__json_get_text(const olstm__json_value* object, const char* key,
                                 const char* fallback) {
  const olstm__json_value* member = olstm__json_get(object, key);
  return member && member->kind == OLSTM__JSON_TEXT ? member->text : fallback;
}

double olstm__json_get_number(const olstm__json_value* object, const char* key,
                              double fallback) {
  const olstm__json_value* member = olstm__json_get(object, key);
  return member && member->kind == OLSTM__JSON_NUMBER ? member->number : fallback;
}
