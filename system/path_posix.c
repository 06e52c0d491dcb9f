#include "system/path.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

olstm__path_kind olstm__path_look(const char* path) {
  struct stat facts;
  if (stat(path, &facts) != 0) return OLSTM__PATH_ABSENT;
  if (S_ISDIR(facts.st_mode)) return OLSTM__PATH_FOLDER;
  return S_ISREG(facts.st_mode) ? OLSTM__PATH_FILE : OLSTM__PATH_OTHER;
}

bool olstm__path_is_separator(char character) {
  return character == '/';
}

FILE* olstm__path_open(const char* path, const char* mode) {
  return fopen(path, mode);
}

FILE* olstm__path_create(const char* path) {
  return fopen(path, "wbx");
}

int olstm__path_remove(const char* path) {
  return unlink(path) == 0 ? 0 : errno;
}

int olstm__path_replace(const char* from, const char* to) {
  enum { kPermissions = 0777 };
  struct stat replaced;
  // What was private stays so.
  if (stat(to, &replaced) == 0 && chmod(from, replaced.st_mode & kPermissions) != 0) {
    return errno;
  }
  return rename(from, to) == 0 ? 0 : errno;
}

bool olstm__path_complete(const char* path, char out_path[OLSTM__PATH_CAPACITY]) {
  char* complete = realpath(path, NULL);
  const bool fits = complete && strlen(complete) < OLSTM__PATH_CAPACITY;
  if (fits) memcpy(out_path, complete, strlen(complete) + 1);
  free(complete);
  return fits;
}

bool olstm__path_to_native(const char* path, olstm__native_path* out_native) {
  const size_t length = strlen(path);
  if (length >= sizeof out_native->narrow) return false;
  memcpy(out_native->narrow, path, length + 1);
  return true;
}

int olstm__path_check_writable(const char* path) {
  const bool is_folder = olstm__path_look(path) == OLSTM__PATH_FOLDER;
  return access(path, is_folder ? W_OK | X_OK : W_OK) == 0 ? 0 : errno;
}

int olstm__folder_create(const char* path) {
  return mkdir(path, 0777) == 0 ? 0 : errno;
}

int olstm__folder_try(const char* path) {
  char probe[OLSTM__PATH_CAPACITY];
  const int length = snprintf(probe, sizeof probe, "%s/.olstm_XXXXXX", path);
  if (length < 0 || (size_t)length >= sizeof probe) return ENAMETOOLONG;
  const int file = mkstemp(probe);
  if (file < 0) return errno;
  (void)close(file);
  return unlink(probe) == 0 ? 0 : errno;
}

int olstm__folder_visit(const char* path, bool (*visit)(void* user, const char* name),
                        void* user) {
  DIR* folder = opendir(path);
  if (!folder) return errno;
  bool goes_on = true;
  for (const struct dirent* entry = readdir(folder); entry && goes_on;
       entry = readdir(folder)) {
    const char* name = entry->d_name;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) goes_on = visit(user, name);
  }
  (void)closedir(folder);
  return 0;
}
