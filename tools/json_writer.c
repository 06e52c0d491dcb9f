// See json_writer.h.
#include "tools/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

/// How many bytes the UTF-8 character at `s` has; 0 when it is none.
static size_t utf8_length(const unsigned char* s) {
  if (s[0] < 0x80) return 1;
  const size_t length = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
                        : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                        : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                      : 0;
  for (size_t i = 1; i < length; i++) {
    if ((s[i] & 0xc0) != 0x80) return 0;
  }
  // Surrogates, overlong forms, beyond U+10FFFF.
  if (s[0] == 0xe0 && s[1] < 0xa0) return 0;
  if (s[0] == 0xed && s[1] >= 0xa0) return 0;
  if (s[0] == 0xf0 && s[1] < 0x90) return 0;
  if (s[0] == 0xf4 && s[1] >= 0x90) return 0;
  return length;
}

static void write_string(FILE* file, const char* text) {
  (void)fputc('"', file);
  for (const unsigned char* s = (const unsigned char*)text; *s;) {
    const size_t length = utf8_length(s);
    if (length == 0) {
      (void)fputs("\\ufffd", file);
      s++;
    } else if (*s == '"' || *s == '\\') {
      (void)fprintf(file, "\\%c", *s++);
    } else if (*s < 0x20) {
      (void)fprintf(file, "\\u%04x", *s++);
    } else {
      (void)fwrite(s, 1, length, file);
      s += length;
    }
  }
  (void)fputc('"', file);
}

static void begin_value(olstm__json_writer* json, const char* key) {
  if (!json->is_first) (void)fputs(", ", json->file);
  json->is_first = false;
  if (key) {
    write_string(json->file, key);
    (void)fputs(": ", json->file);
  }
}

void olstm__json_open(olstm__json_writer* json, const char* key, char bracket) {
  begin_value(json, key);
  (void)fputc(bracket, json->file);
  json->is_first = true;
}

void olstm__json_close(olstm__json_writer* json, char bracket) {
  (void)fputc(bracket, json->file);
  json->is_first = false;
}

void olstm__json_text(olstm__json_writer* json, const char* key, const char* value) {
  begin_value(json, key);
  write_string(json->file, value);
}

void olstm__json_int(olstm__json_writer* json, const char* key, int64_t value) {
  begin_value(json, key);
  (void)fprintf(json->file, "%" PRId64, value);
}

void olstm__json_real(olstm__json_writer* json, const char* key, double value) {
  begin_value(json, key);
  if (isfinite(value)) {
    (void)fprintf(json->file, "%.9g", value);
  } else {
    (void)fputs("null", json->file);
  }
}

void olstm__json_bool(olstm__json_writer* json, const char* key, bool value) {
  begin_value(json, key);
  (void)fputs(value ? "true" : "false", json->file);
}
