// Which models a path names: a file, or all that are at or below a folder.
#ifndef OLSTM_TOOLS_MODEL_FOLDER_H_
#define OLSTM_TOOLS_MODEL_FOLDER_H_

#include <stdbool.h>
#include <stddef.h>

#include "olstm/status.h"

/// Paths of model files. Zeroed before use.
typedef struct olstm__model_list {
  size_t count, capacity;
  char** paths;
} olstm__model_list;

/// Appends `path`, or, where it is a folder, the *.onnx files in it and in the folders
/// below, four deep, by name. Errors: IO_ERROR, NOT_FOUND for a folder without models,
/// OUT_OF_MEMORY.
olstm_status olstm__model_list_append(olstm__model_list* list, const char* path,
                                      olstm_error* error);

void olstm__model_list_deinit(olstm__model_list* list);

/// Whether the path ends in ".onnx".
bool olstm__path_is_model(const char* path);

/// Whether the path is a folder's.
bool olstm__path_is_folder(const char* path);

#endif  // OLSTM_TOOLS_MODEL_FOLDER_H_
