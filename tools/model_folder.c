// See model_folder.h.
#include "tools/model_folder.h"

#include <stdlib.h>
#include <string.h>

#include "system/path.h"
#include "tools/file_bytes.h"
#include "tools/folder_list.h"

enum { kMaxDepth = 4 };

bool olstm__path_is_model(const char* path) {
  const char* end = strrchr(path, '.');
  return end && strcmp(end, ".onnx") == 0;
}

bool olstm__path_is_folder(const char* path) {
  return olstm__path_look(path) == OLSTM__PATH_FOLDER;
}

static olstm_status append(olstm__model_list* list, const char* path,
                           olstm_error* error) {
  if (list->count == list->capacity) {
    const size_t capacity = list->capacity ? 2 * list->capacity : 64;
    char** paths = realloc(list->paths, capacity * sizeof *paths);
    if (paths) list->paths = paths;
    if (paths) list->capacity = capacity;
  }
  if (list->count < list->capacity && (list->paths[list->count] = strdup(path)) != NULL) {
    list->count++;
    return OLSTM_STATUS_OK;
  }
  return olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
}

// NOLINTNEXTLINE(misc-no-recursion): at most kMaxDepth deep.
static olstm_status append_below(olstm__model_list* list, const char* folder, int depth,
                                 olstm_error* error) {
  olstm__folder_list entries;
  olstm_status status = olstm__folder_list_read(folder, &entries, error);
  for (size_t i = 0; i < entries.count && status == OLSTM_STATUS_OK; i++) {
    char path[OLSTM__PATH_CAPACITY];
    status = olstm__path_join(folder, entries.names[i], path, error);
    if (status != OLSTM_STATUS_OK) break;
    if (olstm__path_is_folder(path)) {
      if (depth < kMaxDepth) status = append_below(list, path, depth + 1, error);
    } else if (olstm__path_is_model(path)) {
      status = append(list, path, error);
    }
  }
  olstm__folder_list_deinit(&entries);
  return status;
}

olstm_status olstm__model_list_append(olstm__model_list* list, const char* path,
                                      olstm_error* error) {
  const size_t count_before = list->count;
  if (!olstm__path_is_folder(path)) return append(list, path, error);
  OLSTM_RETURN_IF_ERROR(append_below(list, path, 0, error));
  if (list->count > count_before) return OLSTM_STATUS_OK;
  return olstm_fail(error, OLSTM_STATUS_NOT_FOUND, "no *.onnx at or below '%s'", path);
}

void olstm__model_list_deinit(olstm__model_list* list) {
  for (size_t i = 0; i < list->count; i++) free(list->paths[i]);
  free(list->paths);
  *list = (olstm__model_list){0, 0, NULL};
}
