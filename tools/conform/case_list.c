// See case_list.h.
#include "tools/conform/case_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/model.h"

#include "system/file.h"
#include "system/path.h"
#include "tools/case_catalog.h"
#include "tools/file_bytes.h"
#include "tools/folder_list.h"
#include "tools/plain_text.h"

/// What folders of cases of `olstm cases` begin with, as ONNX's own do; their names are
/// what follows.
static const char kPrefix[] = "test_";

enum { kMaxDepth = 4 };

static bool append(olstm__case_list* list, const char* path, int depth) {
  if (list->count == list->capacity) {
    const size_t capacity = list->capacity ? 2 * list->capacity : 64;
    char** paths = realloc(list->paths, capacity * sizeof *paths);
    if (paths) list->paths = paths;
    int* depths = realloc(list->depths, capacity * sizeof *depths);
    if (depths) list->depths = depths;
    if (!paths || !depths) return false;
    list->capacity = capacity;
  }
  list->paths[list->count] = strdup(path);
  list->depths[list->count] = depth;
  return list->paths[list->count++] != NULL;
}

void olstm__case_list_deinit(olstm__case_list* list) {
  for (size_t i = 0; i < list->count; i++) free(list->paths[i]);
  free(list->paths);
  free(list->depths);
}

static bool has_entry(const char* folder, const char* name) {
  char path[OLSTM__PATH_CAPACITY];
  return olstm__path_join(folder, name, path, NULL) == OLSTM_STATUS_OK &&
         olstm__path_exists(path);
}

static bool is_case(const char* folder) {
  return has_entry(folder, "model.onnx") || has_entry(folder, "test_data_set_0");
}

/// Appends the folders inside `folder`, in the order of their names.
static olstm_status append_subfolders(olstm__case_list* list, const char* folder,
                                      int depth, olstm_error* error) {
  olstm__folder_list entries;
  olstm_error reason;
  olstm_status status = olstm__folder_list_read(folder, &entries, &reason);
  if (status == OLSTM_STATUS_IO_ERROR && depth > 1) return OLSTM_STATUS_OK;
  if (status != OLSTM_STATUS_OK) return olstm_fail(error, status, "%s", reason.message);
  for (size_t i = 0; i < entries.count && status == OLSTM_STATUS_OK; i++) {
    char path[OLSTM__PATH_CAPACITY];
    status = olstm__path_join(folder, entries.names[i], path, error);
    if (status == OLSTM_STATUS_OK && olstm__path_look(path) == OLSTM__PATH_FOLDER &&
        !append(list, path, depth)) {
      status = olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
    }
  }
  olstm__folder_list_deinit(&entries);
  return status;
}

olstm_status olstm__case_list_find(olstm__case_list* list, const char* path,
                                   olstm_error* error) {
  olstm__case_list queue = {0};
  olstm_status status =
      append(&queue, path, 0)
          ? OLSTM_STATUS_OK
          : olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
  const size_t count_before = list->count;
  for (size_t i = 0; status == OLSTM_STATUS_OK && i < queue.count; i++) {
    const int depth = queue.depths[i];
    if (is_case(queue.paths[i])) {
      if (!append(list, queue.paths[i], depth)) {
        status = olstm_fail(error, OLSTM_STATUS_OUT_OF_MEMORY, "no memory for a list");
      }
    } else if (depth < kMaxDepth) {
      status = append_subfolders(&queue, queue.paths[i], depth + 1, error);
    }
  }
  olstm__case_list_deinit(&queue);
  if (status == OLSTM_STATUS_OK && list->count == count_before) {
    status = olstm_fail(error, OLSTM_STATUS_NOT_FOUND,
                        "no case in '%s': a case is a folder with model.onnx and "
                        "test_data_set_0",
                        path);
  }
  return status;
}

const char* olstm__case_name(char* path) {
  size_t length = strlen(path);
  while (length > 1 && olstm__path_is_separator(path[length - 1])) path[--length] = '\0';
  const char* name = olstm__file_name(path);
  const size_t prefix = sizeof kPrefix - 1;
  olstm__case_title title;
  return strncmp(name, kPrefix, prefix) == 0 &&
                 olstm__case_catalog_parse(name + prefix, &title)
             ? name + prefix
             : name;
}

// ---------------------------------------------------------------- operators

/// Calls `visit` for each node of the case's model until it says true; whether it did.
static bool visit_nodes(const char* path, bool (*visit)(void* user, const char* op_type),
                        void* user) {
  char file[OLSTM__PATH_CAPACITY];
  olstm_model* model = NULL;
  olstm_model_nodes* nodes = NULL;
  bool is_done = false;
  if (olstm__path_join(path, "model.onnx", file, NULL) != OLSTM_STATUS_OK ||
      olstm_model_load_file(file, NULL, &model, NULL) != OLSTM_STATUS_OK) {
    return false;
  }
  if (olstm_model_nodes_create(model, NULL, &nodes, NULL) == OLSTM_STATUS_OK) {
    for (size_t n = 0; n < olstm_model_nodes_count(nodes) && !is_done; n++) {
      is_done = visit(user, olstm_model_nodes_get(nodes, n)->op_type);
    }
    olstm_model_nodes_destroy(nodes);
  }
  olstm_model_destroy(model);
  return is_done;
}

static bool is_one_of(void* user, const char* op_type) {
  const olstm__cli_list* operators = user;
  bool is_found = false;
  for (size_t i = 0; i < operators->count && !is_found; i++) {
    is_found = strcmp(operators->values[i], op_type) == 0;
  }
  return is_found;
}

static bool take_first(void* user, const char* op_type) {
  (void)snprintf(user, OLSTM__OPERATOR_NAME_BYTES, "%s", op_type);
  return true;
}

void olstm__case_first_operator(const char* path,
                                char out_op_type[OLSTM__OPERATOR_NAME_BYTES]) {
  out_op_type[0] = '\0';
  (void)visit_nodes(path, take_first, out_op_type);
}

// ---------------------------------------------------------------- filters

static bool matches_any(const olstm__cli_list* globs, const char* name) {
  bool is_found = false;
  for (size_t i = 0; i < globs->count && !is_found; i++) {
    is_found = olstm__text_matches(globs->values[i], name);
  }
  return is_found;
}

static bool is_kept(const olstm__case_filter* filter, char* path) {
  const char* name = olstm__case_name(path);
  olstm__cli_list operators = filter->operators;
  return (filter->globs.count == 0 || matches_any(&filter->globs, name)) &&
         !matches_any(&filter->excluded, name) &&
         (operators.count == 0 || visit_nodes(path, is_one_of, &operators));
}

void olstm__case_list_keep(olstm__case_list* list, const olstm__case_filter* filter) {
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i++) {
    if (is_kept(filter, list->paths[i])) {
      list->paths[kept++] = list->paths[i];
    } else {
      free(list->paths[i]);
    }
  }
  list->count = kept;
}
