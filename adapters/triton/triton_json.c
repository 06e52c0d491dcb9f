#include "triton_json.h"

#include <stdlib.h>
#include <string.h>

cJSON* olstm__triton_json_get(const cJSON* object, const char* name) {
  cJSON* item = object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
  return item && !cJSON_IsNull(item) ? item : NULL;
}

const char* olstm__triton_json_text(const cJSON* object, const char* name) {
  const char* text = cJSON_GetStringValue(olstm__triton_json_get(object, name));
  return text ? text : "";
}

int64_t olstm__triton_json_number(const cJSON* item) {
  if (cJSON_IsString(item)) return strtoll(item->valuestring, NULL, 10);
  // Beyond these a double holds no whole numbers of its own.
  if (!cJSON_IsNumber(item) || !(item->valuedouble > -9e15 && item->valuedouble < 9e15)) {
    return 0;
  }
  return (int64_t)item->valuedouble;
}

bool olstm__triton_json_is_true(const cJSON* object, const char* name) {
  return cJSON_IsTrue(olstm__triton_json_get(object, name)) != 0;
}

cJSON* olstm__triton_json_find(const cJSON* array, const char* key, const char* value) {
  cJSON* element = NULL;
  cJSON_ArrayForEach(element, array) {
    if (strcmp(olstm__triton_json_text(element, key), value) == 0) return element;
  }
  return NULL;
}

bool olstm__triton_json_dims(const cJSON* array, int64_t* out_dims, int32_t* out_rank) {
  const cJSON* element = NULL;
  *out_rank = 0;
  cJSON_ArrayForEach(element, array) {
    if (*out_rank == OLSTM_MAX_RANK) return false;
    out_dims[(*out_rank)++] = olstm__triton_json_number(element);
  }
  return true;
}

cJSON* olstm__triton_json_new_dims(const int64_t* dims, int32_t rank) {
  cJSON* array = cJSON_CreateArray();
  for (int32_t d = 0; array && d < rank; d++) {
    cJSON* number = cJSON_CreateNumber((double)dims[d]);
    if (!number || !cJSON_AddItemToArray(array, number)) {
      cJSON_Delete(number);
      cJSON_Delete(array);
      return NULL;
    }
  }
  return array;
}

bool olstm__triton_json_put(cJSON* object, const char* name, cJSON* item) {
  if (!item) return false;
  cJSON_DeleteItemFromObjectCaseSensitive(object, name);
  if (cJSON_AddItemToObject(object, name, item)) return true;
  cJSON_Delete(item);
  return false;
}
