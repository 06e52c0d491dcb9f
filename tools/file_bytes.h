// Whole files: read into memory, written from memory, with errors that name the file.
#ifndef OLSTM_TOOLS_FILE_BYTES_H_
#define OLSTM_TOOLS_FILE_BYTES_H_

#include <stdbool.h>
#include <stddef.h>

#include "olstm/status.h"

#include "system/path.h"

/// Bytes of a file. deinit frees them.
typedef struct olstm__file_bytes {
  unsigned char* data;
  size_t count;
} olstm__file_bytes;

/// Reads all of a file (or pipe). Errors: IO_ERROR, OUT_OF_MEMORY.
olstm_status olstm__file_bytes_read(const char* path, olstm__file_bytes* out_bytes,
                                    olstm_error* error);

void olstm__file_bytes_deinit(olstm__file_bytes* bytes);

/// Writes a file of up to two parts, replacing what was there. Errors: IO_ERROR.
olstm_status olstm__file_bytes_write(const char* path, const void* head,
                                     size_t head_count, const void* body,
                                     size_t body_count, olstm_error* error);

/// folder/name in out_path. Errors: INVALID_ARGUMENT when it is too long.
olstm_status olstm__path_join(const char* folder, const char* name,
                              char out_path[OLSTM__PATH_CAPACITY], olstm_error* error);

/// Makes a folder and its parents, where there is none, and makes sure that files can be
/// made in it. Errors: IO_ERROR, with the reason.
olstm_status olstm__folder_make(const char* path, olstm_error* error);

/// Makes sure that olstm__file_bytes_write can write there, as far as can be told without
/// writing. Errors: IO_ERROR, with the reason.
olstm_status olstm__file_check_writable(const char* path, olstm_error* error);

/// Whether there is something at `path`.
bool olstm__path_exists(const char* path);

#endif  // OLSTM_TOOLS_FILE_BYTES_H_
