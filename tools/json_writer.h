// A streaming JSON writer: handles commas, quotes and escapes.
#ifndef OLSTM_TOOLS_JSON_WRITER_H_
#define OLSTM_TOOLS_JSON_WRITER_H_

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/// Init with {file, true}. In an object every value has a key; in an array, and at the
/// top, key is NULL.
typedef struct olstm__json_writer {
  FILE* file;
  bool is_first;
} olstm__json_writer;

/// bracket: '{' or '['.
void olstm__json_open(olstm__json_writer* json, const char* key, char bracket);
/// bracket: '}' or ']'.
void olstm__json_close(olstm__json_writer* json, char bracket);
/// Characters that do not show as themselves are escaped; bytes that are not valid UTF-8
/// become U+FFFD.
void olstm__json_text(olstm__json_writer* json, const char* key, const char* value);
void olstm__json_int(olstm__json_writer* json, const char* key, int64_t value);
/// null when it is not finite.
void olstm__json_real(olstm__json_writer* json, const char* key, double value);
void olstm__json_bool(olstm__json_writer* json, const char* key, bool value);

#endif  // OLSTM_TOOLS_JSON_WRITER_H_
