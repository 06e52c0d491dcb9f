// See folder_list.h.
#include "tools/folder_list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "system/path.h"

enum { kFirstCapacity = 64 };

static bool append(olstm__folder_list* list, const char* name) {
  if (list->count == list->capacity) {
    const size_t capacity = list->capacity ? 2 * list->capacity : kFirstCapacity;
    char** names = realloc(list->names, capacity * sizeof *names);
    if (!names) return false;
    list->names = names;
    list->capacity = capacity;
  }
  list->names[list->count] = strdup(name);
  return list->names[list->count++] != NULL;
}

/// A list that is being read.
typedef struct reading {
  olstm__folder_list* list;
  bool has_memory;
} reading;

static bool take(void* user, const char* name) {
  reading* state = user;
  if (name[0] != '.') state->has_memory = append(state->list, name);
  return state->has_memory;
}

static int compare_names(const void* a, const void* b) {
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

olstm_status olstm__folder_list_read(const char* path, olstm__folder_list* out_list,
                                     olstm_error* error) {
  reading state = {out_list, true};
  *out_list = (olstm__folder_list){0, 0, NULL};
  const int code = olstm__folder_visit(path, take, &state);
  if (code == 0 && state.has_memory) {
    if (out_list->count > 0) {
      qsort(out_list->names, out_list->count, sizeof *out_list->names, compare_names);
    }
    return OLSTM_STATUS_OK;
  }
  olstm__folder_list_deinit(out_list);
  if (!state.has_memory) {
    return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
  }
  return olstm_fail(error, OLSTM_STATUS_IO_ERROR, "cannot read the folder '%s'", path);
}

void olstm__folder_list_deinit(olstm__folder_list* list) {
  for (size_t i = 0; i < list->count; i++) free(list->names[i]);
  free(list->names);
  *list = (olstm__folder_list){0, 0, NULL};
}
