// What is at a path, and folders. Paths are UTF-8. Functions that return int return 0, or
// the reason of a failure as errno has it.
#ifndef OLSTM_SYSTEM_PATH_H_
#define OLSTM_SYSTEM_PATH_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/// Bytes of the longest path, with its end.
enum { OLSTM__PATH_CAPACITY = 4096 };

typedef enum olstm__path_kind {
  /// Nothing that can be looked at; errno has the reason.
  OLSTM__PATH_ABSENT,
  /// A regular file.
  OLSTM__PATH_FILE,
  OLSTM__PATH_FOLDER,
  /// A device, a pipe.
  OLSTM__PATH_OTHER
} olstm__path_kind;

olstm__path_kind olstm__path_look(const char* path);

bool olstm__path_is_separator(char character);

/// As fopen.
FILE* olstm__path_open(const char* path, const char* mode);

/// Creates a file to be written, in binary, as fopen with "wbx": NULL with EEXIST where
/// there is one of that name.
FILE* olstm__path_create(const char* path);

/// Removes a file.
int olstm__path_remove(const char* path);

/// Gives a file another name, and takes the place of what has that name, whose
/// permissions it gets where files have such.
int olstm__path_replace(const char* from, const char* to);

/// The path from the root on, whatever folder the process is in; false when it cannot be
/// determined.
bool olstm__path_complete(const char* path, char out_path[OLSTM__PATH_CAPACITY]);

/// The path as the system's own functions take it, for libraries that have it so.
typedef union olstm__native_path {
  char narrow[OLSTM__PATH_CAPACITY];
  wchar_t wide[OLSTM__PATH_CAPACITY];
} olstm__native_path;

/// out_native->narrow or ->wide; false when the path is too long, or no UTF-8 where the
/// system wants it.
bool olstm__path_to_native(const char* path, olstm__native_path* out_native);

/// Whether the permissions of what there is at a path allow to write to it, or, of a
/// folder, to create files in it.
int olstm__path_check_writable(const char* path);

/// Creates a folder, whose parent there is.
int olstm__folder_create(const char* path);

/// Creates a file in a folder and removes it again, since permissions do not tell all.
int olstm__folder_try(const char* path);

/// Calls `visit` for each entry of a folder, in no order, until it returns false. "." and
/// ".." are none.
int olstm__folder_visit(const char* path, bool (*visit)(void* user, const char* name),
                        void* user);

#endif  // OLSTM_SYSTEM_PATH_H_
