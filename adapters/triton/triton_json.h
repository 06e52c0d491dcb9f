// Reading and writing Triton's configurations, which are JSON: numbers of 64 bits come as
// numbers or as texts, and what was not written may be absent or hold a default.
#ifndef OLSTM_ADAPTERS_TRITON_TRITON_JSON_H_
#define OLSTM_ADAPTERS_TRITON_TRITON_JSON_H_

#include <cJSON.h>

#include "olstm/tensor.h"

/// A member that is there and not null; NULL otherwise. object may be NULL.
cJSON* olstm__triton_json_get(const cJSON* object, const char* name);
/// A text; "" where there is none.
const char* olstm__triton_json_text(const cJSON* object, const char* name);
/// A whole number, written as one or as a text; 0 where there is none.
int64_t olstm__triton_json_number(const cJSON* item);
bool olstm__triton_json_is_true(const cJSON* object, const char* name);
/// The element of an array of objects whose member `key` is the text `value`, or NULL.
cJSON* olstm__triton_json_find(const cJSON* array, const char* key, const char* value);

/// Reads an array of dimensions. False when there are more than OLSTM_MAX_RANK.
bool olstm__triton_json_dims(const cJSON* array, int64_t* out_dims, int32_t* out_rank);
/// NULL when there is no memory.
cJSON* olstm__triton_json_new_dims(const int64_t* dims, int32_t rank);

/// Puts `item`, which is taken, in the place of a member. False, and `item` is deleted,
/// when item is NULL or there is no memory.
bool olstm__triton_json_put(cJSON* object, const char* name, cJSON* item);

#endif  // OLSTM_ADAPTERS_TRITON_TRITON_JSON_H_
