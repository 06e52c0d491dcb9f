// JSON into a tree, for reports that olstm wrote: read whole, then asked by key.
#ifndef OLSTM_TOOLS_JSON_READER_H_
#define OLSTM_TOOLS_JSON_READER_H_

#include <stdbool.h>
#include <stddef.h>

#include "olstm/status.h"

typedef enum olstm__json_kind {
  OLSTM__JSON_NULL,
  OLSTM__JSON_BOOL,
  OLSTM__JSON_NUMBER,
  OLSTM__JSON_TEXT,
  OLSTM__JSON_ARRAY,
  OLSTM__JSON_OBJECT
} olstm__json_kind;

/// A value. Members of an object and elements of an array are a list.
typedef struct olstm__json_value {
  olstm__json_kind kind;
  /// Of a member; NULL otherwise. UTF-8, as text is.
  const char* key;
  /// TEXT.
  const char* text;
  /// NUMBER; BOOL: 0 or 1.
  double number;
  struct olstm__json_value* first;
  struct olstm__json_value* next;
} olstm__json_value;

typedef struct olstm__json {
  olstm__json_value* root;
  /// What the values lie in.
  char* text;
  struct olstm__json_block* blocks;
} olstm__json;

/// Reads `count` bytes, which are not needed afterwards. Errors: INVALID_ARGUMENT with
/// the place where it is no JSON, OUT_OF_MEMORY; nothing is left to free then.
olstm_status olstm__json_read(const char* bytes, size_t count, olstm__json* out_json,
                              olstm_error* error);
void olstm__json_deinit(olstm__json* json);

/// The member of that name; NULL where there is none, or `object` is no object.
const olstm__json_value* olstm__json_get(const olstm__json_value* object,
                                         const char* key);

/// Its text, or its number; `fallback` where it is no such thing.
const char* olstm__json_get_text(const olstm__json_value* object, const char* key,
                                 const char* fallback);
double olstm__json_get_number(const olstm__json_value* object, const char* key,
                              double fallback);

#endif  // OLSTM_TOOLS_JSON_READER_H_
