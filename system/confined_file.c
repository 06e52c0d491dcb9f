#include "system/confined_file.h"

#include <string.h>

/// Whether every part of the path is a plain name, or "." (which means nothing).
static bool is_plain_path(const char* location) {
  if (location[0] == '\0' || location[0] == '/') return false;
  for (const char* part = location; part;) {
    const char* slash = strchr(part, '/');
    const size_t length = slash ? (size_t)(slash - part) : strlen(part);
    if (length == 0 || (length == 2 && memcmp(part, "..", 2) == 0)) return false;
    part = slash ? slash + 1 : NULL;
  }
  return true;
}

void olstm__confined_folders_close(olstm__confined_folders* folders) {
  olstm__file* all[] = {&folders->beside, &folders->real, &folders->named};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    olstm__file_close(*all[i]);
    *all[i] = OLSTM__NO_FILE;
  }
}

const char* olstm__confined_open_beside(const char* path, olstm__file* out_folder) {
  char folder[OLSTM__FILE_FOLDER_CAPACITY];
  *out_folder = OLSTM__NO_FILE;
  if (!olstm__file_folder(path, folder)) return "its path is too long";
  return olstm__confined_open_folder(folder, out_folder);
}

const char* olstm__confined_open(const olstm__confined_folders* folders,
                                 const char* location, olstm__file* out_file) {
  const olstm__file where[] = {folders->named, folders->beside};
  const char* reason = NULL;
  *out_file = OLSTM__NO_FILE;
  if (!is_plain_path(location)) return "it is not a path below the model's folder";
  for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
    bool is_absent = false;
    if (where[i] == OLSTM__NO_FILE) continue;
    reason = olstm__confined_open_in(folders, where[i], location, out_file, &is_absent);
    if (!reason || !is_absent) break;
  }
  return reason;
}
