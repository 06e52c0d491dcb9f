// See json_writer.h.
#include "tools/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "olstm/shown_text.h"

/// Writes \uXXXX; a surrogate pair for characters beyond U+FFFF.
static void write_code(FILE* file, uint32_t code) {
  if (code > 0xffff) {
    (void)fprintf(file, "\\u%04" PRIx32, 0xd7c0 + (code >> 10));
    code = 0xdc00 | (code & 0x3ff);
  }
  (void)fprintf(file, "\\u%04" PRIx32, code);
}

static void write_string(FILE* file, const char* text) {
  (void)fputc('"', file);
  while (*text != '\0') {
    uint32_t code = 0;
    const size_t length = olstm_text_next(text, &code);
    if (*text == '"' || *text == '\\') {
      (void)fprintf(file, "\\%c", *text);
    } else if (!olstm_text_is_shown(code)) {
      write_code(file, code == OLSTM_TEXT_INVALID ? 0xfffd : code);
    } else {
      (void)fwrite(text, 1, length, file);
    }
    text += length;
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
