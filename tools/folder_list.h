// The names of what is in a folder.
#ifndef OLSTM_TOOLS_FOLDER_LIST_H_
#define OLSTM_TOOLS_FOLDER_LIST_H_

#include <stddef.h>

#include "olstm/status.h"

/// Names in their order as bytes. deinit frees them.
typedef struct olstm__folder_list {
  size_t count, capacity;
  char** names;
} olstm__folder_list;

/// Reads a folder, but for names that start with a dot. Errors: IO_ERROR, OUT_OF_MEMORY;
/// nothing is left to free then.
olstm_status olstm__folder_list_read(const char* path, olstm__folder_list* out_list,
                                     olstm_error* error);

void olstm__folder_list_deinit(olstm__folder_list* list);

#endif  // OLSTM_TOOLS_FOLDER_LIST_H_
