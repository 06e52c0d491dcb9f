// The files that a command wrote, so that none is written twice.
#ifndef OLSTM_TOOLS_WRITTEN_FILES_H_
#define OLSTM_TOOLS_WRITTEN_FILES_H_

#include <stddef.h>

#include "olstm/status.h"
#include "system/file.h"

/// Zero is a valid value; deinit frees it.
typedef struct olstm__written_files {
  size_t count, capacity;
  olstm__file_facts* files;
} olstm__written_files;

/// Notes that a file was written. IO_ERROR when it is one that was noted before, by
/// whatever name: a file system may take two names for one, or have links. OUT_OF_MEMORY.
olstm_status olstm__written_files_add(olstm__written_files* written, const char* path,
                                      olstm_error* error);

void olstm__written_files_deinit(olstm__written_files* written);

#endif  // OLSTM_TOOLS_WRITTEN_FILES_H_
